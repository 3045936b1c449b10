/**
 * Why a file under /proc is not there: IPVS may be missing, or /proc may hide it.
 * @module
 */
import { constants } from 'node:os';
import { IpvsError } from '../core/errors.js';
import { unavailableReason } from '../native/native-errors.js';
import { type Procedure, readFiles } from '../queue/procedure.js';

/** The totals of IPVS, which every kernel with IPVS has. @internal */
export const TOTALS_FILE = '/proc/thread-self/net/ip_vs_stats';
/** Files that every kernel has, wherever /proc and /proc/sys are visible. */
const NET_FILE = '/proc/thread-self/net/dev';
const SYS_FILE = '/proc/sys/kernel/ostype';

/** Files that together tell why another is missing. @internal */
export const WITNESSES = [NET_FILE, SYS_FILE, TOTALS_FILE] as const;

/** Why files of IPVS are missing. */
export type Hiding =
  /** IPVS is not loaded. */
  | 'unloaded'
  /** There is no /proc. */
  | 'proc'
  /** There is no /proc/sys. */
  | 'sys'
  /** The kernel hides the parameters of this network namespace. */
  | 'namespace';

/** Why parameters are missing, by what {@link WITNESSES} hold. @internal */
export function hidingOfParameters(witnesses: readonly (string | number | undefined)[]): Hiding {
  const [net, sys, totals] = witnesses.map((text) => typeof text === 'string' && text !== '');
  if (net !== true) return 'proc';
  if (sys !== true) return 'sys';
  return totals === true ? 'namespace' : 'unloaded';
}

/** Why files of IPVS under /proc/net are missing. @internal */
function hidingOfTables(net: string | number | undefined): Hiding {
  return typeof net === 'string' && net !== '' ? 'unloaded' : 'proc';
}

/** @internal */
export const HIDINGS: Readonly<Record<Exclude<Hiding, 'unloaded'>, string>> = {
  proc: 'no proc file system is mounted on /proc',
  sys: 'there is no /proc/sys: /proc is mounted with subset=pid, or something lies over it',
  namespace:
    'something is mounted over them, or the network namespace belongs to another user namespace, ' +
    'and this kernel hides them',
};

/** The error for files that are missing; `what` names them. @internal */
export function hiddenError(
  operation: string,
  what: string,
  target: string,
  hiding: Hiding,
): IpvsError {
  const details = { errno: -constants.errno.ENOENT, syscall: 'open', operation, target };
  if (hiding === 'unloaded') {
    const message = `${operation}: ${unavailableReason()}`;
    return new IpvsError(message, { code: 'ERR_IPVS_UNAVAILABLE', ...details });
  }
  const message = `${operation}: ${what} not visible here: ${HIDINGS[hiding]} (ENOENT)`;
  return new IpvsError(message, { code: 'ENOENT', ...details });
}

/** The error for a file of IPVS under /proc/net that is missing. */
export function* missingTable<Buffer, Answers>(
  operation: string,
  path: string,
): Procedure<Buffer, Answers, IpvsError> {
  const [net] = yield* readFiles<Buffer, Answers>([NET_FILE]);
  return hiddenError(operation, `${path} is`, path, hidingOfTables(net));
}

/** The same for whoever follows no procedure. @internal */
export async function explainMissingTable(
  operation: string,
  path: string,
  read: (paths: readonly string[]) => Promise<readonly (string | number)[]>,
): Promise<IpvsError> {
  const [net] = await read([NET_FILE]);
  return hiddenError(operation, `${path} is`, path, hidingOfTables(net));
}
