/**
 * Checking and encoding of addresses in text form.
 * @module
 */
import { AF_INET, AF_INET6, parseAddress } from '../core/address.js';
import { networkHint } from '../core/hints.js';
import { wrongValue } from '../core/input-errors.js';
import { layout } from '../native/layout.js';
import type { Records } from '../native/records.js';
import { defaultFlags } from './address-flags.js';
import { defaultIpv4Scope } from './address-scope.js';

const { fields } = layout.addressSettings;

/** Returns how many bits an address of a family has. */
export const bitsOf = (family: number) => (family === AF_INET6 ? 128 : 32);

/**
 * Encodes an address such as '10.96.0.1/32' as the settings at `base`, which are zeros.
 * @returns its family
 */
export function encodeAddressText(
  records: Records,
  base: number,
  property: string,
  text: string,
): number {
  const slash = text.indexOf('/');
  const address = slash < 0 ? text : text.slice(0, slash);
  const family = encodeIp(records, base, property, address, text);
  const bits = bitsOf(family);
  let length = bits;
  if (slash >= 0) {
    const digits = text.slice(slash + 1);
    length = /^(0|[1-9]\d{0,2})$/.test(digits) ? Number(digits) : bits + 1;
    if (length > bits) throw wrongValue(property, text, `has no prefix length from 0 to ${bits}`);
  }
  records.setNumber(base, fields.prefixLength, length);
  records.setNumber(base, fields.flags, defaultFlags(family));
  return family;
}

/**
 * Encodes an IP address with its family and the scope that is its default.
 * @param shown what an error shows as the wrong value
 * @returns its family
 */
export function encodeIp(
  records: Records,
  base: number,
  property: string,
  address: string,
  shown: string,
): number {
  const start = base + fields.address.offset;
  const family = parseAddress(address, records.bytes, start);
  if (family === 0) throw wrongValue(property, shown, `is not an IP address${networkHint(shown)}`);
  records.setNumber(base, fields.family, family);
  if (family === AF_INET) {
    records.setNumber(base, fields.scope, defaultIpv4Scope(records.bytes, start));
  }
  return family;
}
