/**
 * Why a file of IPVS under /proc is missing: IPVS is not loaded, or /proc does not show the file.
 * @module
 */
import { constants } from 'node:os';
import { IpvsError } from '../core/errors.js';
import { unavailableReason } from './native-errors.js';

/** The totals of IPVS, which every kernel with IPVS has. */
export const TOTALS_FILE = '/proc/thread-self/net/ip_vs_stats';
/** A file that every kernel has, wherever /proc is mounted. */
export const NET_FILE = '/proc/thread-self/net/dev';
/** A file that every kernel has, wherever /proc/sys is visible. */
const SYS_FILE = '/proc/sys/kernel/ostype';

/** The files whose contents show why a parameter is missing. */
export const WITNESSES = [NET_FILE, SYS_FILE, TOTALS_FILE] as const;

/** The text of a file, or the errno of reading it. */
type FileContent = string | number | undefined;

/** The reason why files of IPVS are missing. */
type MissingReason =
  /** IPVS is not loaded. */
  | 'unloaded'
  /** There is no /proc. */
  | 'no proc'
  /** There is no /proc/sys. */
  | 'no sys'
  /** The kernel hides the parameters of this network namespace. */
  | 'hidden';

/** The reasons in words, but for IPVS that is not loaded. */
export const INVISIBLE: Readonly<Record<Exclude<MissingReason, 'unloaded'>, string>> = {
  'no proc': 'no proc file system is mounted on /proc',
  'no sys': 'there is no /proc/sys: /proc is mounted with subset=pid, or something lies over it',
  hidden:
    'something is mounted over them, or the network namespace belongs to another user namespace, ' +
    'and this kernel hides them',
};

const isReadable = (content: FileContent) => typeof content === 'string' && content !== '';

/** Returns the reason why parameters are missing, by the contents of {@link WITNESSES}. */
export function reasonForParameters(witnesses: readonly FileContent[]): MissingReason {
  const [net, sys, totals] = witnesses;
  if (!isReadable(net)) return 'no proc';
  if (!isReadable(sys)) return 'no sys';
  return isReadable(totals) ? 'hidden' : 'unloaded';
}

/**
 * Returns the error for files that are missing.
 * @param subject the files, with their verb: 'the parameters of IPVS are'
 */
export function missingFilesError(
  operation: string,
  subject: string,
  target: string,
  reason: MissingReason,
): IpvsError {
  const details = { errno: -constants.errno.ENOENT, syscall: 'open', operation, target };
  if (reason === 'unloaded') {
    const message = `${operation}: ${unavailableReason()}`;
    return new IpvsError(message, { code: 'ERR_IPVS_UNAVAILABLE', ...details });
  }
  const message = `${operation}: ${subject} not visible here: ${INVISIBLE[reason]} (ENOENT)`;
  return new IpvsError(message, { code: 'ENOENT', ...details });
}

/**
 * Returns the error for a table of IPVS under /proc/net that is missing.
 * @param net the content of {@link NET_FILE}
 */
export function missingTableError(operation: string, path: string, net: FileContent): IpvsError {
  const reason = isReadable(net) ? 'unloaded' : 'no proc';
  return missingFilesError(operation, `${path} is`, path, reason);
}
