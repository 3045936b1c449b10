/**
 * The flags of addresses.
 * @module
 */
import { AF_INET, AF_INET6 } from '../core/address.js';
import { checkBoolean, readArray } from '../core/check.js';
import { wrongValue } from '../core/input-errors.js';
import { NameTable } from '../core/name-table.js';
import { layout } from '../native/layout.js';

/**
 * A flag of an address (IFA_F_*). For IPv4, `secondary` marks an address that depends on the first
 * one of its network; for IPv6, a temporary address.
 */
export type AddressFlag =
  | 'secondary'
  | 'no-dad'
  | 'optimistic'
  | 'dad-failed'
  | 'home-address'
  | 'deprecated'
  | 'tentative'
  | 'permanent'
  | 'manage-temporary'
  | 'no-prefix-route'
  | 'multicast-auto-join'
  | 'stable-privacy';

const bits = layout.addressFlags;
const flagNames = new NameTable<AddressFlag>(bits);
/** The bits of `flagNames.names`, in the same order. */
const flagBits = flagNames.names.map((name) => bits[name]);

const NO_DAD = bits['no-dad'];
const NO_PREFIX_ROUTE = bits['no-prefix-route'];
/** The flags that a user can set; the kernel sets the others. */
const SETTABLE =
  NO_DAD |
  NO_PREFIX_ROUTE |
  bits['home-address'] |
  bits['manage-temporary'] |
  bits['multicast-auto-join'];

/** Returns the names of the flags that are set. */
export function flagsOf(set: number): AddressFlag[] {
  return flagNames.names.filter((_, place) => (set & (flagBits[place] ?? 0)) !== 0);
}

/** Returns the flags of an address whose settings do not mention any: see AddressSettings. */
export const defaultFlags = (family: number) =>
  family === AF_INET6 ? NO_DAD | NO_PREFIX_ROUTE : 0;

/** The settings from which the flags of an address are made, unchecked. */
interface FlagSettings {
  readonly flags: unknown;
  readonly prefixRoute: unknown;
  readonly duplicateDetection: unknown;
}

/**
 * Checks the settings that are about flags.
 * @returns the bits: all of `flags`, or the defaults, changed as the two booleans say
 */
export function checkFlags(property: string, family: number, settings: FlagSettings): number {
  const { flags, prefixRoute, duplicateDetection } = settings;
  let set = flags === undefined ? defaultFlags(family) : checkNames(`${property}.flags`, flags);
  const apply = (name: keyof FlagSettings, value: unknown, negation: number) => {
    if (value === undefined) return;
    const wanted = checkBoolean(`${property}.${name}`, value);
    if (flags !== undefined && wanted === ((set & negation) !== 0)) {
      throw wrongValue(`${property}.${name}`, value, `contradicts ${property}.flags`);
    }
    set = wanted ? set & ~negation : set | negation;
  };
  apply('prefixRoute', prefixRoute, NO_PREFIX_ROUTE);
  if (family === AF_INET && duplicateDetection !== undefined) {
    if (checkBoolean(`${property}.duplicateDetection`, duplicateDetection)) {
      throw wrongValue(`${property}.duplicateDetection`, true, 'is for IPv6 only');
    }
  } else {
    apply('duplicateDetection', duplicateDetection, NO_DAD);
  }
  return set;
}

/** Checks an array of flags, and returns the bits of those that a user can set. */
function checkNames(property: string, flags: unknown): number {
  const set = readArray(property, flags, 'an array of flags', (flag, place) =>
    flagNames.number(`${property}[${place}]`, flag),
  );
  return set.reduce((all, each) => all | each, 0) & SETTABLE;
}
