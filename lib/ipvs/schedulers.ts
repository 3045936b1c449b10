/**
 * Schedulers and their flags.
 * @module
 */
import { checkName, readArray } from '../core/check.js';
import { meantName } from '../core/hints.js';
import { wrongValue } from '../core/input-errors.js';
import { type Unknown, unknownNumber } from '../core/name-table.js';
import { layout } from '../native/layout.js';
import { checkModuleName } from './module-name.js';
import type { SettingsSource } from './settings.js';

/** @internal */
export const schedulers = [
  'rr',
  'wrr',
  'lc',
  'wlc',
  'lblc',
  'lblcr',
  'dh',
  'sh',
  'mh',
  'sed',
  'nq',
  'fo',
  'ovf',
  'twos',
  'none',
] as const;

/** The schedulers of Linux, each a module ip_vs_NAME; `none` schedules nothing. */
export type KnownScheduler =
  | 'rr'
  | 'wrr'
  | 'lc'
  | 'wlc'
  | 'lblc'
  | 'lblcr'
  | 'dh'
  | 'sh'
  | 'mh'
  | 'sed'
  | 'nq'
  | 'fo'
  | 'ovf'
  | 'twos'
  | 'none';

/** The name of a scheduler: one of Linux's, or any other that the kernel may have. */
export type Scheduler = KnownScheduler | (string & {});

/**
 * A flag of a scheduler (IPVS_SVC_ATTR_FLAGS; `ipvsadm -b`). The `flag-N` are the same bits for any
 * scheduler. 'unknown-N' is a bit of the value N without a name.
 */
export type SchedulerFlag = NamedFlag | Unknown;

/** A scheduler flag with a name. */
export type NamedFlag =
  | 'sh-fallback'
  | 'sh-port'
  | 'mh-fallback'
  | 'mh-port'
  | 'flag-1'
  | 'flag-2'
  | 'flag-3';

interface Flag {
  readonly bit: number;
  /** The only scheduler that has the flag. */
  readonly owner?: string;
}

const bits = layout.schedulerFlags;
/** By name. The last row of a bit is its name with all other schedulers. @internal */
export const schedulerFlags: Readonly<Record<NamedFlag, Flag>> = {
  'sh-fallback': { bit: bits['sh-fallback'], owner: 'sh' },
  'sh-port': { bit: bits['sh-port'], owner: 'sh' },
  'mh-fallback': { bit: bits['mh-fallback'], owner: 'mh' },
  'mh-port': { bit: bits['mh-port'], owner: 'mh' },
  'flag-1': { bit: bits['flag-1'] },
  'flag-2': { bit: bits['flag-2'] },
  'flag-3': { bit: bits['flag-3'] },
};
// Object.keys() gives the keys of a Record<NamedFlag, ...>.
const schedulerFlagNames = Object.keys(schedulerFlags) as NamedFlag[];

/** The flags of a service that belong to its scheduler. */
const FLAG_MASK = layout.serviceFlags.scheduler;
const MAX_FLAGS = 2 ** 32 - 1;

/** @internal */
export function isFlagName(value: unknown): value is NamedFlag {
  return schedulerFlagNames.some((name) => name === value);
}

/** Checks the name of a scheduler. @internal */
export function checkScheduler(property: string, value: unknown): Scheduler {
  const max = layout.limits.schedulerLength;
  return checkModuleName(property, value, max, schedulerHint);
}

/**
 * Returns a hint about a scheduler that the kernel does not have, or ''. Short names are too much
 * alike for more than one typo.
 * @internal
 */
export function schedulerHint(name: string): string {
  const isKnown = schedulers.some((known) => known === name);
  const meant = isKnown ? undefined : meantName(name, schedulers, 1);
  return meant === undefined ? '' : `: did you mean '${meant}'?`;
}

/** Checked scheduler flags. */
interface CheckedFlags {
  readonly bits: number;
  /** The only scheduler that has them all, or ''. */
  readonly owner: string;
}

/**
 * Checks scheduler flags.
 * @param scheduler the value for the scheduler that is set with the flags
 * @internal
 */
export function checkSchedulerFlags(
  property: string,
  value: unknown,
  source: SettingsSource,
  scheduler: unknown,
): CheckedFlags {
  const flags = readArray(property, value, 'an array of scheduler flags', (name): Flag => {
    const number = source === 'kernel' ? unknownNumber(name, MAX_FLAGS) : undefined;
    if (number !== undefined) return { bit: number & FLAG_MASK };
    // A name that does not exist is compared with the flags of the scheduler that is meant.
    if (!isFlagName(name)) checkName(property, name, flagNamesOf(scheduler));
    return schedulerFlags[name];
  });
  let bits = 0;
  let owner = '';
  for (const flag of flags) {
    bits |= flag.bit;
    if (flag.owner === undefined) continue;
    if (owner !== '' && owner !== flag.owner) {
      throw wrongValue(property, value, `has flags of two schedulers, ${owner} and ${flag.owner}`);
    }
    owner = flag.owner;
  }
  return { bits, owner };
}

/** Returns the flags that a scheduler has; all, if it is not known here. */
function flagNamesOf(scheduler: unknown): readonly NamedFlag[] {
  if (typeof scheduler !== 'string') return schedulerFlagNames;
  return schedulerFlagNames.filter((name) => {
    const { owner = scheduler } = schedulerFlags[name];
    return owner === scheduler;
  });
}

/** Checks that flags belong to the scheduler that they are set with. @internal */
export function checkFlagOwner(
  property: string,
  { bits, owner }: CheckedFlags,
  scheduler: string,
): void {
  if (owner === '' || owner === scheduler) return;
  const rule = `belongs to scheduler ${owner}, not to ${scheduler}`;
  throw wrongValue(property, flagsOf(bits, owner), rule);
}

/** Returns those flags among `bits` that only `owner` has: a single one, or all. @internal */
export function flagsOf(bits: number, owner: string): string | readonly string[] {
  const owned = decodeSchedulerFlags(bits, owner).filter((name) => name.startsWith(`${owner}-`));
  const [first] = owned;
  return owned.length === 1 && first !== undefined ? first : owned;
}

/**
 * Returns the names of the scheduler flags among the flags of a service, as the scheduler calls
 * them. A bit without a name is 'unknown-N', N its value.
 * @internal
 */
export function decodeSchedulerFlags(serviceFlags: number, scheduler: string): SchedulerFlag[] {
  const names: SchedulerFlag[] = [];
  let rest = serviceFlags & FLAG_MASK;
  if (rest === 0) return names;
  for (const name of schedulerFlagNames) {
    const { bit, owner = scheduler } = schedulerFlags[name];
    if ((rest & bit) === 0 || owner !== scheduler) continue;
    names.push(name);
    rest &= ~bit;
  }
  for (let bit = 1; rest !== 0; bit = (bit << 1) >>> 0) {
    if ((rest & bit) === 0) continue;
    names.push(`unknown-${bit}`);
    rest &= ~bit;
  }
  return names;
}
