/**
 * General facts about IPVS: its version, the size of its connection table, and its estimator.
 * @module
 */
import type { IpvsTypes } from '../ipvs/client.js';
import { operations } from '../ipvs/operations.js';
import { call } from '../queue/operation.js';
import { fulfilledValue } from '../queue/results.js';
import { type Routine, readFiles, send } from '../queue/routine.js';
import { IPVS_FOLDER } from './sysctl-parameters.js';

/** General facts about IPVS. */
export interface Info {
  /** The version of IPVS, such as '1.2.1'. IPVS_INFO_ATTR_VERSION. */
  readonly version: string;
  /**
   * Buckets of the connection table. From Linux 7 the table grows, and its size is 0 until the
   * namespace has its first service. IPVS_INFO_ATTR_CONN_TAB_SIZE.
   */
  readonly connectionTableSize: number;
  /**
   * True if the kernel refreshes counters and rates (run_estimation, est_cpulist); null if that
   * cannot be read.
   */
  readonly estimation: boolean | null;
}

/**
 * The parameters that switch the estimator off: the first by 0, the second, from Linux 6.2, by an
 * empty list of processors. @internal
 */
export const ESTIMATION_FILES = [
  `${IPVS_FOLDER}/run_estimation`,
  `${IPVS_FOLDER}/est_cpulist`,
] as const;

/**
 * Returns true if counters and rates are refreshed, by the contents of {@link ESTIMATION_FILES}; an
 * errno stands for a file that cannot be read. @internal
 */
export function isEstimating(
  running: string | number | undefined,
  processors: string | number | undefined,
): boolean | null {
  if (typeof running !== 'string') return null;
  return Number(running) !== 0 && !(typeof processors === 'string' && processors.trim() === '');
}

/** Reads the facts for getInfo(). @internal */
export function* readInfo(): Routine<IpvsTypes, Info> {
  const [version] = yield* send([call(operations.getInfo)]);
  const [running, processors] = yield* readFiles(ESTIMATION_FILES);
  return { ...fulfilledValue(version), estimation: isEstimating(running, processors) };
}
