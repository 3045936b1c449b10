/**
 * IP addresses as text and as the 16 bytes of a record, of which an IPv4 address takes the first
 * four. Bytes are in network order.
 * @module
 */
import { NameTable } from './name-table.js';

/** The family of an address, named as in node:net. */
export type Family = 'ipv4' | 'ipv6';

/** AF_INET and AF_INET6, as Linux numbers them. @internal */
export const AF_INET = 2;
/** @internal */
export const AF_INET6 = 10;

/** @internal */
export const families = new NameTable<Family>({ ipv4: AF_INET, ipv6: AF_INET6 });

const COLON = 58;
const ZERO = 48;
/** '.', counted from '0' as digits are. */
const DOT = -2;

const OCTETS = Array.from({ length: 256 }, (_, octet) => String(octet));
/**
 * A direct-mapped cache of networks of 24 bits, as text. With it, most addresses take one new
 * string instead of seven.
 */
const networks = new Int32Array(256).fill(-1);
const networkTexts = new Array<string>(256).fill('');

/**
 * Encodes an address into 16 bytes at `at`, which must be zero. If `text` is no address, their
 * contents are undefined. IPv4 has four decimal octets without leading zeros; IPv6 has any form of
 * RFC 4291 §2.2, without zone or prefix length.
 * @returns AF_INET, AF_INET6, or 0 if `text` is no address
 * @internal
 */
export function parseAddress(text: string, bytes: Uint8Array, at: number): number {
  if (parseIpv4(text, 0, bytes, at)) return AF_INET;
  return text.includes(':') && parseIpv6(text, bytes, at) ? AF_INET6 : 0;
}

function parseIpv4(text: string, from: number, bytes: Uint8Array, at: number): boolean {
  const end = text.length;
  const last = at + 3;
  let place = at;
  let octet = -1; // no digit yet
  for (let index = from; index < end; index++) {
    const digit = text.charCodeAt(index) - ZERO;
    if (digit >= 0 && digit <= 9) {
      if (octet === 0) return false; // a leading zero
      octet = octet < 0 ? digit : octet * 10 + digit;
    } else if (digit === DOT && octet >= 0 && octet < 256 && place < last) {
      bytes[place++] = octet;
      octet = -1;
    } else {
      return false;
    }
  }
  if (place !== last || octet < 0 || octet > 255) return false;
  bytes[last] = octet;
  return true;
}

function hexDigit(code: number): number {
  if (code >= 48 && code <= 57) return code - 48;
  const letter = code | 0x20;
  return letter >= 97 && letter <= 102 ? letter - 87 : -1;
}

function parseIpv6(text: string, bytes: Uint8Array, at: number): boolean {
  const groups = new Uint8Array(16);
  const end = text.length;
  let length = 0; // bytes written
  let gap = -1; // where '::' stands, in bytes
  let place = 0;
  if (text.startsWith('::')) {
    gap = 0;
    place = 2;
  }
  while (place < end) {
    const start = place;
    let group = 0;
    let digit = hexDigit(text.charCodeAt(place));
    while (digit >= 0 && place < start + 4) {
      group = group * 16 + digit;
      place++;
      digit = place < end ? hexDigit(text.charCodeAt(place)) : -1;
    }
    if (place < end && text.charCodeAt(place) - ZERO === DOT) {
      if (length > 12 || !parseIpv4(text, start, groups, length)) return false;
      length += 4;
      break;
    }
    if (place === start || length > 14) return false;
    groups[length++] = group >> 8;
    groups[length++] = group & 0xff;
    if (place === end) break;
    if (text.charCodeAt(place++) !== COLON) return false;
    if (place === end) return false; // a single colon at the end
    if (text.charCodeAt(place) === COLON) {
      if (gap >= 0) return false;
      gap = length;
      place++;
    }
  }
  if (gap < 0 ? length !== 16 : length > 14) return false;
  if (gap >= 0) {
    groups.copyWithin(16 - (length - gap), gap, length);
    groups.fill(0, gap, 16 - (length - gap));
  }
  bytes.set(groups, at);
  return true;
}

/** Returns the address at `at` as text, an IPv6 address in the form of RFC 5952. @internal */
export function formatAddress(bytes: Uint8Array, at: number, family: number): string {
  return family === AF_INET6 ? formatIpv6(bytes, at) : formatIpv4(bytes, at);
}

function formatIpv4(bytes: Uint8Array, at: number): string {
  const a = bytes[at] ?? 0;
  const b = bytes[at + 1] ?? 0;
  const c = bytes[at + 2] ?? 0;
  const d = bytes[at + 3] ?? 0;
  const network = (a << 16) | (b << 8) | c;
  const place = (a ^ b ^ c) & 0xff;
  if (networks[place] !== network) {
    networks[place] = network;
    networkTexts[place] = `${OCTETS[a]}.${OCTETS[b]}.${OCTETS[c]}.`;
  }
  return `${networkTexts[place]}${OCTETS[d]}`;
}

function formatIpv6(bytes: Uint8Array, at: number): string {
  const groups: number[] = [];
  for (let i = 0; i < 16; i += 2)
    groups.push(((bytes[at + i] ?? 0) << 8) | (bytes[at + i + 1] ?? 0));
  // ::ffff:a.b.c.d is the only form that RFC 5952 §5 writes with a dotted end.
  if (groups[5] === 0xffff && groups.slice(0, 5).every((group) => group === 0)) {
    return `::ffff:${formatIpv4(bytes, at + 12)}`;
  }

  // The longest run of two or more zero groups becomes '::', the first one of equal length.
  let gap = -1;
  let gapLength = 1;
  for (let start = 0; start < 8; start++) {
    let length = 0;
    while (start + length < 8 && groups[start + length] === 0) length++;
    if (length > gapLength) [gap, gapLength] = [start, length];
  }
  const text = (from: number, to: number) =>
    groups
      .slice(from, to)
      .map((group) => group.toString(16))
      .join(':');
  return gap < 0 ? text(0, 8) : `${text(0, gap)}::${text(gap + gapLength, 8)}`;
}

/** The first octet of IPv4 multicast addresses, which follow the unicast ones. */
const FIRST_MULTICAST = 224;

/**
 * Returns true for an IPv4 address that is unicast by its first octet. Most are, and need no closer
 * look. @internal
 */
export function isPlainUnicast(bytes: Uint8Array, at: number, family: number): boolean {
  const first = bytes[at] ?? 0;
  return family === AF_INET && first > 0 && first < FIRST_MULTICAST;
}

/**
 * Returns the kind of the address at `at`, for messages. Only the kernel knows the kinds that
 * depend on the networks of the host. @internal
 */
export function describeAddress(bytes: Uint8Array, at: number, family: number): string {
  const length = family === AF_INET6 ? 16 : 4;
  const first = bytes[at] ?? 0;
  if (isFilled(bytes, at, length, 0)) return 'the unspecified address';
  if (family === AF_INET6) return first === 0xff ? 'a multicast address' : 'unicast';
  if (first >= FIRST_MULTICAST && first < 240) return 'a multicast address';
  return isFilled(bytes, at, length, 0xff) ? 'the broadcast address' : 'unicast';
}

/** Returns true if the address at `at` is an IPv4-mapped one: ::ffff:a.b.c.d. @internal */
export function isMapped(bytes: Uint8Array, at: number): boolean {
  return isFilled(bytes, at, 10, 0) && isFilled(bytes, at + 10, 2, 0xff);
}

/** Returns true if each of the `length` bytes at `at` is `byte`. @internal */
export function isFilled(bytes: Uint8Array, at: number, length: number, byte: number): boolean {
  for (let i = at; i < at + length; i++) if (bytes[i] !== byte) return false;
  return true;
}

/** Returns an IPv4 address or mask in dotted form. The number is in host byte order. @internal */
export function formatIpv4Number(value: number): string {
  const [a, b, c, d] = [value >>> 24, (value >>> 16) & 0xff, (value >>> 8) & 0xff, value & 0xff];
  return `${OCTETS[a]}.${OCTETS[b]}.${OCTETS[c]}.${OCTETS[d]}`;
}

const maskBytes = new Uint8Array(16);

/**
 * Returns the number, in host byte order, of an IPv4 mask in dotted form; undefined if `text` is
 * none. @internal
 */
export function parseMask(text: string): number | undefined {
  if (parseAddress(text, maskBytes, 0) !== AF_INET) return undefined;
  const [a = 0, b = 0, c = 0, d = 0] = maskBytes;
  return ((a << 24) | (b << 16) | (c << 8) | d) >>> 0;
}
