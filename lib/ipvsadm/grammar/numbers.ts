/**
 * Numbers and addresses as ipvsadm reads them, with the C library's forms.
 * @module
 */
import { formatAddress, formatIpv4Number, parseAddress } from '../../core/address.js';

const NINE = 57;
/** Blanks, a sign and decimal digits. */
const NUMBER = /^[ \t\n\v\f\r]*[+-]?\d+$/;

/** Returns a decimal number of the range; undefined for any other text. */
export function readNumber(text: string, min: number, max: number): number | undefined {
  // Digits, signs and blanks come before all letters.
  const first = text.charCodeAt(0);
  if (first > NINE || !NUMBER.test(text)) return undefined;
  const number = Number(text);
  // -0 is 0.
  return number >= min && number <= max ? number + 0 : undefined;
}

const bytes = new Uint8Array(16);

/** Returns an IPv6 address in canonical form; undefined for any other text. */
export function readIpv6(text: string): string | undefined {
  if (!text.includes(':')) return undefined;
  bytes.fill(0);
  const family = parseAddress(text, bytes, 0);
  return family === 0 ? undefined : formatAddress(bytes, 0, family);
}

/** Four decimal octets without leading zeros: no other form has the same text. */
const DOTTED = /^(?:(?:0|[1-9]\d?|1\d\d|2[0-4]\d|25[0-5])(?:\.(?!$)|$)){4}$/;

/**
 * Returns an IPv4 address in dotted form, read as inet_aton() does: of one to four numbers,
 * decimal, octal (`010`) or hexadecimal (`0xa`), the last of which fills the rest. What follows a
 * blank is ignored.
 */
export function readIpv4(text: string): string | undefined {
  if (DOTTED.test(text)) return text;
  const [address = ''] = text.split(/[ \t\n\v\f\r]/, 1);
  const parts = address.split('.').map(readPart);
  const last = parts.pop();
  if (last === undefined || parts.length > 3) return undefined;
  if (last >= 256 ** (4 - parts.length)) return undefined;
  let value = last;
  for (const [place, part] of parts.entries()) {
    if (part === undefined || part > 255) return undefined;
    value += part * 256 ** (3 - place);
  }
  return formatIpv4Number(value);
}

/** Returns a number in C's notation. */
function readPart(text: string): number | undefined {
  if (/^0x[\da-f]{1,8}$/i.test(text)) return Number.parseInt(text.slice(2), 16);
  if (/^0[0-7]{0,11}$/.test(text)) return Number.parseInt(text, 8);
  return /^[1-9]\d{0,9}$/.test(text) ? Number(text) : undefined;
}

/**
 * Returns an address as inet_ntop() prints it: as in RFC 5952, but `::a.b.c.d` if 96 bits are zero.
 */
export function printAddress(address: string): string {
  const [, high, low] = /^::([\da-f]{1,4}):([\da-f]{1,4})$/.exec(address) ?? [];
  if (high === undefined || low === undefined) return address;
  return `::${formatIpv4Number(Number.parseInt(high, 16) * 0x10000 + Number.parseInt(low, 16))}`;
}
