/**
 * The options of a reconciliation, checked.
 * @module
 */
import { checkBoolean, checkName, readArray, readObject, readOptions } from '../core/check.js';
import { checkSignal } from '../core/check-signal.js';
import { wrongType } from '../core/input-errors.js';
import { checkMaxDeletions } from '../core/reconcile-options.js';
import type { DESTINATION_SETTINGS, SERVICE_SETTINGS } from '../ipvs/properties.js';
import type { Service } from '../ipvs/service.js';
import { layout } from '../native/layout.js';
import { type CheckedScope, checkProtocols, checkScope } from './scope.js';
import type { KeptSetting } from './types.js';

/** The checked options of draining. */
export interface Draining {
  /** The protocols whose destinations are drained: a bit for each. */
  readonly protocols: number;
  readonly ignoresInactive: boolean;
}

/** Checked options. */
export interface CheckedOptions {
  /** All unwanted services, those of scopes, those chosen by a function, or none. */
  readonly prune: boolean | readonly CheckedScope[] | ((service: Service) => unknown);
  readonly draining: Draining | undefined;
  /** The settings that are compared: a bit for each. */
  readonly compared: number;
  readonly dryRun: boolean;
  readonly maxDeletions: number;
  readonly signal: AbortSignal | undefined;
}

const KEYS = new Set(['prune', 'drain', 'keep', 'dryRun', 'maxDeletions', 'signal'] as const);
const DRAIN_KEYS = new Set(['protocols', 'ignoreInactive'] as const);
const { changes: BITS, drainedProtocols: DRAINED } = layout;
const DEFAULT_DRAINED = DRAINED.tcp | DRAINED.sctp;

type SettingName = (typeof SERVICE_SETTINGS)[number] | (typeof DESTINATION_SETTINGS)[number];

/** The bits of the settings that each name keeps. The compiler notices a setting without bits. */
const KEPT: Readonly<Record<SettingName, number>> = {
  scheduler: BITS.scheduler | BITS.schedulerFlags,
  schedulerFlags: BITS.schedulerFlags,
  persistence: BITS.persistence | BITS.timeout | BITS.netmask | BITS.engine,
  onePacket: BITS.onePacket,
  forwarding: BITS.forwarding | BITS.tunnel | BITS.tunnelReset,
  weight: BITS.weight,
  upperThreshold: BITS.upperThreshold,
  lowerThreshold: BITS.lowerThreshold,
  tunnel: BITS.tunnel | BITS.tunnelReset,
};
// Object.keys() returns the keys of the record.
const KEPT_NAMES = Object.keys(KEPT) as KeptSetting[];
const ALL = Object.values(BITS).reduce((bits, bit) => bits | bit, 0);

/**
 * Checks the options of `reconcile()`.
 * @throws TypeError, RangeError bad options
 */
export function checkReconcileOptions(options: unknown): CheckedOptions {
  const { prune, drain, keep, dryRun, maxDeletions, signal } = readOptions(options, KEYS);
  return {
    prune: checkPrune(prune),
    draining: checkDrain('options.drain', drain),
    compared: checkCompared(keep),
    dryRun: dryRun !== undefined && checkBoolean('options.dryRun', dryRun),
    maxDeletions: checkMaxDeletions(maxDeletions),
    signal: checkSignal('options.signal', signal),
  };
}

function checkPrune(prune: unknown): CheckedOptions['prune'] {
  if (prune === undefined) return false;
  // The check cannot see the parameters of the function or its value.
  if (typeof prune === 'function') return prune as (service: Service) => unknown;
  if (typeof prune === 'boolean') return prune;
  const rule = 'a boolean, a scope, an array of scopes or a function';
  return checkScopes('options.prune', prune, rule);
}

/**
 * Checks a scope, or an array of scopes.
 * @param rule the rule in the error for any other value
 * @throws TypeError, RangeError bad input
 */
export function checkScopes(property: string, value: unknown, rule: string): CheckedScope[] {
  if (Array.isArray(value)) {
    return readArray(property, value, rule, (scope, index) =>
      checkScope(`${property}[${index}]`, scope),
    );
  }
  if (typeof value !== 'object' || value === null) throw wrongType(property, value, rule);
  return [checkScope(property, value)];
}

/**
 * Checks how destinations are drained.
 * @throws TypeError bad input
 */
export function checkDrain(property: string, drain: unknown): Draining | undefined {
  if (drain === undefined || drain === false) return undefined;
  const { protocols, ignoreInactive } =
    drain === true
      ? { protocols: undefined, ignoreInactive: undefined }
      : readObject(property, drain, DRAIN_KEYS, () => ' or a boolean');
  return {
    protocols:
      protocols === undefined
        ? DEFAULT_DRAINED
        : checkProtocols(`${property}.protocols`, protocols).reduce(
            (bits, name) => bits | DRAINED[name],
            0,
          ),
    ignoresInactive:
      ignoreInactive !== undefined && checkBoolean(`${property}.ignoreInactive`, ignoreInactive),
  };
}

/**
 * Checks `options.keep`, and returns the settings that are compared: a bit for each.
 * @throws TypeError bad input
 */
export function checkCompared(keep: unknown): number {
  if (keep === undefined) return ALL;
  const names = readArray('options.keep', keep, "an array such as ['weight']", (name, index) => {
    checkName(`options.keep[${index}]`, name, KEPT_NAMES);
    return name;
  });
  return names.reduce((bits, name) => bits & ~KEPT[name], ALL);
}
