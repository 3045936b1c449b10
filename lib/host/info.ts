/**
 * What IPVS says of itself.
 * @module
 */
import { calls } from '../ipvs/calls.js';
import type { RequestBuffer } from '../ipvs/request-buffer.js';
import type { Results } from '../ipvs/results.js';
import { fulfilled } from '../queue/outcome.js';
import { ask, type Procedure, readFiles } from '../queue/procedure.js';

/** What IPVS says of itself. */
export interface Info {
  /** The version of IPVS, such as '1.2.1'. IPVS_INFO_ATTR_VERSION. */
  readonly version: string;
  /** Buckets of the connection table. From Linux 7 it grows, and is 0 until the namespace has its first service. IPVS_INFO_ATTR_CONN_TAB_SIZE. */
  readonly connectionTableSize: number;
  /** Whether the kernel refreshes counters and rates (run_estimation, est_cpulist); null where that cannot be read. */
  readonly estimation: boolean | null;
}

/** The parameters that switch the estimator off: by 0, and, from Linux 6.2, by an empty list of processors. @internal */
export const ESTIMATION_FILES = [
  '/proc/sys/net/ipv4/vs/run_estimation',
  '/proc/sys/net/ipv4/vs/est_cpulist',
] as const;

/** Whether counters and rates are refreshed, by what {@link ESTIMATION_FILES} hold (an errno: there is none). @internal */
export function isEstimating(
  running: string | number | undefined,
  processors: string | number | undefined,
): boolean | null {
  if (typeof running !== 'string') return null;
  return Number(running) !== 0 && !(typeof processors === 'string' && processors.trim() === '');
}

/** Asks IPVS, and reads those files. @internal */
export function* readInfo(): Procedure<RequestBuffer, Results, Info> {
  const [version] = yield* ask([calls.getInfo]);
  const [running, processors] = yield* readFiles<RequestBuffer, Results>(ESTIMATION_FILES);
  return { ...fulfilled(version), estimation: isEstimating(running, processors) };
}
