/**
 * Networks as text: '10.96.0.0/12', 'fd00::/64'.
 * @module
 */
import { AF_INET, parseAddress } from './address.js';
import { checkInteger } from './check.js';
import { networkHint } from './hints.js';
import { wrongType, wrongValue } from './input-errors.js';

/** The family of a network, and the number of bits that its addresses have in common. */
export interface NetworkPrefix {
  /** AF_INET or AF_INET6. */
  readonly family: number;
  readonly prefixLength: number;
}

/**
 * Parses a network, or an address, which is a network of its own. Writes its address to `bytes`.
 * @param rule what the value must be, for errors
 * @throws TypeError, RangeError bad input
 */
export function parseNetwork(
  property: string,
  value: unknown,
  rule: string,
  bytes: Uint8Array,
  at = 0,
): NetworkPrefix {
  if (typeof value !== 'string') throw wrongType(property, value, rule);
  const [, address = '', bits] = /^([^/]*)(?:\/(0|[1-9]\d{0,2}))?$/.exec(value) ?? [];
  const family = parseAddress(address, bytes, at);
  if (family === 0) throw wrongValue(property, value, `is not ${rule}${networkHint(value)}`);
  const max = family === AF_INET ? 32 : 128;
  const prefixLength =
    bits === undefined ? max : checkInteger(`${property} prefix`, Number(bits), 0, max);
  return { family, prefixLength };
}
