/**
 * The flags of addresses.
 * @module
 */
import { AF_INET, AF_INET6 } from '../core/address.js';
import { checkBoolean, checkName, readArray } from '../core/check.js';
import { wrongValue } from '../core/input-errors.js';
import { addressFlags } from './numbers.js';

/**
 * What the kernel says of an address (IFA_F_*). Of IPv4 `secondary` is an address that goes with
 * the first one of its network, of IPv6 a temporary one.
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
// Object.keys() gives the keys of a Record<AddressFlag, number>.
const FLAGS = Object.keys(addressFlags) as AddressFlag[];
const BITS = FLAGS.map((flag) => addressFlags[flag]);
const NO_DAD = addressFlags['no-dad'];
const NO_PREFIX_ROUTE = addressFlags['no-prefix-route'];
/** Those that are given to an address; the others are the kernel's own. */
const SETTABLE =
  NO_DAD |
  NO_PREFIX_ROUTE |
  addressFlags['home-address'] |
  addressFlags['manage-temporary'] |
  addressFlags['multicast-auto-join'];

/** The names of the flags that are set. */
export function flagsOf(bits: number): AddressFlag[] {
  return FLAGS.filter((_, index) => (bits & (BITS[index] ?? 0)) !== 0);
}

/** The flags of an address of which nothing is said: see AddressSettings. */
export const defaultFlags = (family: number) =>
  family === AF_INET6 ? NO_DAD | NO_PREFIX_ROUTE : 0;

/** What settings say of the flags of an address. */
interface Wishes {
  readonly flags: unknown;
  readonly prefixRoute: unknown;
  readonly duplicateDetection: unknown;
}

/**
 * The bits to give to an address, checked: all of `flags`, or the defaults with what the two
 * booleans say.
 */
export function checkFlags(property: string, family: number, wishes: Wishes): number {
  const { flags, prefixRoute, duplicateDetection } = wishes;
  let bits = defaultFlags(family);
  if (flags !== undefined) {
    const named = readArray(`${property}.flags`, flags, 'an array of flags', (flag, place) => {
      checkName(`${property}.flags[${place}]`, flag, FLAGS);
      // checkName() has seen one of them.
      return addressFlags[flag as AddressFlag];
    });
    bits = named.reduce((all, each) => all | each, 0) & SETTABLE;
  }
  const wish = (name: 'prefixRoute' | 'duplicateDetection', value: unknown, forbids: number) => {
    if (value === undefined) return;
    const wanted = checkBoolean(`${property}.${name}`, value);
    if (flags !== undefined && wanted === ((bits & forbids) !== 0)) {
      throw wrongValue(`${property}.${name}`, value, `contradicts ${property}.flags`);
    }
    bits = wanted ? bits & ~forbids : bits | forbids;
  };
  wish('prefixRoute', prefixRoute, NO_PREFIX_ROUTE);
  if (family === AF_INET && duplicateDetection !== undefined) {
    if (checkBoolean(`${property}.duplicateDetection`, duplicateDetection)) {
      throw wrongValue(`${property}.duplicateDetection`, true, 'is for IPv6 only');
    }
  } else {
    wish('duplicateDetection', duplicateDetection, NO_DAD);
  }
  return bits;
}
