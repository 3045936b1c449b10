/**
 * Calls whose arguments, a link and addresses, are in the wrong order.
 * @module
 */
import { parseAddress } from '../core/address.js';
import { own } from '../core/check.js';
import { isInputError, wrongValue } from '../core/input-errors.js';

/** Returns true for an address, such as '10.96.0.1/32', that cannot be meant as a link. */
function isAddress(value: unknown): boolean {
  if (typeof value === 'string') {
    const [address = ''] = value.split('/', 1);
    return parseAddress(address, new Uint8Array(16), 0) !== 0;
  }
  if (typeof value !== 'object' || value === null) return false;
  return own(value, 'address') !== undefined && own(value, 'index') === undefined;
}

/** Returns true for what may be meant as a link, and is not a mistyped address. */
function isLink(value: unknown): boolean {
  if (typeof value === 'string') return /^[^\s/:]{1,15}$/.test(value) && !/^[\d.]+$/.test(value);
  if (typeof value === 'number') return true;
  return typeof value === 'object' && value !== null && own(value, 'index') !== undefined;
}

/**
 * Returns the error to throw for a link and addresses that were refused with `error`: one that says
 * that they are in the wrong order, if they are, and otherwise `error`.
 * @internal
 */
export function swappedArgumentsError(error: unknown, link: unknown, addresses: unknown): unknown {
  const isList = Array.isArray(link);
  if (!isInputError(error) || !(isList || isAddress(link)) || !isLink(addresses)) return error;
  const what = isList ? 'an array' : 'an address';
  return wrongValue('link', link, `is ${what}: the link comes first`);
}
