/**
 * Diagnosis: what a host lacks for IPVS, and the commands that fix it.
 * @module
 */
import { constants } from 'node:os';
import { describeRefusal, isDenied } from '../../core/denied.js';
import { schedulers as known } from '../../ipvs/schedulers.js';
import type { NamespaceTarget } from '../../native/netns.js';
import { type Check, check, type ReadFiles } from './check.js';
import { checkFailure, WITHOUT_CAPABILITY, WITHOUT_IPVS } from './failure.js';
import { checkDummy, checkScheduler, schedulerName } from './modules.js';
import { sysctlRemedyIn } from './remedies.js';
import { checkParameters } from './sysctls.js';

/** The schedulers of Linux that are modules. */
const SCHEDULERS: readonly string[] = known.filter((name) => name !== 'none');

/** Diagnoses a host through an open handle. Never rejects. @internal */
export async function diagnoseThrough(
  version: string,
  readFiles: ReadFiles,
  probe: (name: string) => Promise<boolean>,
  netns: NamespaceTarget,
  schedulers: readonly string[] = SCHEDULERS,
): Promise<Check[]> {
  return [
    check('ip_vs', 'ok', `IPVS ${version}`),
    check('capability', 'ok', 'CAP_NET_ADMIN in the initial user namespace'),
    ...(await Promise.all(schedulers.map((scheduler) => checkScheduler(scheduler, probe)))),
    checkDummy(),
    ...(await checkParameters(readFiles, sysctlRemedyIn(netns))),
  ];
}

/**
 * Diagnoses a host without a handle that works: the reason, and the parameters if `netns` is the
 * process's own network namespace. Never rejects.
 * @param readFiles reads through the handle, if one is open
 * @internal
 */
export async function diagnoseWithout(
  error: unknown,
  netns: NamespaceTarget,
  schedulers: readonly string[] = [],
  readFiles = readHostFiles,
): Promise<Check[]> {
  const isOwn = netns.target === '';
  const conclusions = checkFailure(error);
  const isForbidden = conclusions.some(
    ({ name, status }) => name === 'capability' && status === 'missing',
  );
  const untried = isForbidden ? WITHOUT_CAPABILITY : WITHOUT_IPVS;
  return [
    ...conclusions,
    ...schedulers.map((name) => check(schedulerName(name), 'unknown', untried)),
    checkDummy(),
    ...(isOwn ? await checkParameters(readFiles, sysctlRemedyIn(netns)) : []),
  ];
}

const readHostFiles: ReadFiles = (paths) => {
  // An import of node:fs would take time: see lib/native/kernel-modules.ts.
  const { readFile } = process.getBuiltinModule('node:fs').promises;
  return Promise.all(paths.map((path) => readFile(path, 'latin1').catch(errnoOf)));
};

/** Returns the errno of reading a file. Throws if the runtime refused it. */
function errnoOf(error: NodeJS.ErrnoException): number {
  if (!isDenied(error)) return -(error.errno ?? -constants.errno.EIO);
  throw new Error(describeRefusal(error, 'read /proc', '--allow-fs-read=/proc', '--allow-all'));
}
