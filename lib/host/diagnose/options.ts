/**
 * The options of a diagnosis, and their checks.
 * @module
 */
import { readArray, readOptions } from '../../core/check.js';
import { checkScheduler, type Scheduler } from '../../ipvs/schedulers.js';
import { checkOpenOptions, type NamespaceTarget } from '../../native/netns.js';

/** Options of {@link Ipvs.diagnose}, and of {@link diagnose} besides those of opening. */
export interface DiagnoseOptions {
  /**
   * The schedulers to check: those that are needed here. Default: all of Linux, of which a kernel
   * rarely has each.
   */
  readonly schedulers?: readonly Scheduler[] | undefined;
}

const KEYS = new Set(['schedulers'] as const);
const HOST_KEYS = new Set(['netns', 'schedulers'] as const);

/** Returns the schedulers of the options, each once; undefined if none are given. @internal */
export function checkDiagnoseOptions(options: unknown): readonly string[] | undefined {
  return checkSchedulers(readOptions(options, KEYS).schedulers);
}

/** Returns the schedulers and the network namespace of the options. @internal */
export function checkHostOptions(options: unknown): {
  readonly netns: NamespaceTarget;
  readonly schedulers: readonly string[] | undefined;
} {
  const { netns, schedulers } = readOptions(options, HOST_KEYS);
  return { netns: checkOpenOptions({ netns }), schedulers: checkSchedulers(schedulers) };
}

function checkSchedulers(schedulers: unknown): readonly string[] | undefined {
  if (schedulers === undefined) return undefined;
  const rule = "an array of schedulers such as ['wrr']";
  const names = readArray('options.schedulers', schedulers, rule, (name, index) =>
    checkScheduler(`options.schedulers[${index}]`, name),
  );
  return [...new Set(names)];
}
