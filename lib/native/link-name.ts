/**
 * Names of links and labels of addresses. The kernel takes bytes, up to 15 of them; here they are
 * text.
 *
 * Bytes that are UTF-8 are that text. Others, and characters that would not be seen as they are
 * (control characters, blanks), stand as `\xHH` for each byte, and so does a backslash that could
 * be mistaken for the beginning of that. So every name that is read can be passed back in.
 * @module
 */
import { wrongType, wrongValue } from '../core/input-errors.js';
import type { Field } from './addon.js';
import type { Records } from './records.js';

/** IFNAMSIZ less the NUL, in bytes. */
const MAX_BYTES = 15;
const ESCAPE = /\\x([\da-fA-F]{2})/g;
/** What is shown as it is, and so what most names are. */
const PLAIN = /^[!-[\]-~]*$/;
/** Half a character, which no bytes stand for. */
const LONE = /\p{Cs}/u;
const UNSEEN = /[\p{C}\p{Z}]|\\(?=x[\da-fA-F]{2})/gu;

const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

const escaped = (bytes: Iterable<number>) =>
  Array.from(bytes, (byte) => `\\x${byte.toString(16).padStart(2, '0')}`).join('');

/** The text of a name's bytes. */
export function decodeName(bytes: Uint8Array): string {
  const text = String.fromCharCode(...bytes);
  if (PLAIN.test(text)) return text;
  try {
    return decoder.decode(bytes).replace(UNSEEN, (unseen) => escaped(encoder.encode(unseen)));
  } catch {
    // No UTF-8: byte by byte.
    return text.replace(/[^!-~]|\\(?=x[\da-fA-F]{2})/g, (each) => escaped([each.charCodeAt(0)]));
  }
}

/** The bytes of a name's text. */
export function encodeName(text: string): Uint8Array {
  if (PLAIN.test(text)) return encoder.encode(text);
  const bytes: number[] = [];
  let place = 0;
  for (const match of text.matchAll(ESCAPE)) {
    bytes.push(...encoder.encode(text.slice(place, match.index)));
    bytes.push(Number.parseInt(match[1] ?? '', 16));
    place = match.index + match[0].length;
  }
  bytes.push(...encoder.encode(text.slice(place)));
  return Uint8Array.from(bytes);
}

/** The NUL-terminated name in a field. */
export function readName(records: Records, base: number, { offset, size }: Field): string {
  const bytes = records.bytes.subarray(base + offset, base + offset + size);
  const end = bytes.indexOf(0);
  return decodeName(end < 0 ? bytes : bytes.subarray(0, end));
}

/** Writes a name to a field, and zeros behind it. */
export function writeName(records: Records, base: number, field: Field, bytes: Uint8Array): void {
  const start = base + field.offset;
  records.bytes.fill(0, start, start + field.size);
  records.bytes.set(bytes, start);
}

/**
 * What the kernel refuses in the name of a link (dev_valid_name): blanks as it knows them, which
 * one of Latin-1 is, '/' and ':'.
 */
const isRefused = (byte: number) =>
  byte === 0 ||
  (byte >= 9 && byte <= 13) ||
  byte === 0x20 ||
  byte === 0xa0 ||
  byte === 0x2f ||
  byte === 0x3a;
/** In the name of a new link, the kernel would replace it by a number. */
const PERCENT = 0x25;

/** The bytes of a name that a link may be given. */
export const newLinkNameBytes = (property: string, name: unknown): Uint8Array =>
  checkName(
    property,
    name,
    "blanks, '/', ':' and '%'",
    (byte) => isRefused(byte) || byte === PERCENT,
  );

/**
 * The bytes of a name that a link may have. Unlike the first, alternative names may contain '%'.
 */
export const linkNameBytes = (property: string, name: unknown): Uint8Array =>
  checkName(property, name, "blanks, '/' and ':'", isRefused);

function checkName(
  property: string,
  name: unknown,
  excluded: string,
  isExcluded: (byte: number) => boolean,
): Uint8Array {
  const rule = `the name of a link: 1 to ${MAX_BYTES} bytes without ${excluded}`;
  if (typeof name !== 'string') throw wrongType(property, name, rule);
  const bytes = encodeName(name);
  const fits = bytes.length > 0 && bytes.length <= MAX_BYTES && !LONE.test(name);
  const isNamed = name !== '.' && name !== '..';
  if (!fits || !isNamed || bytes.some(isExcluded)) {
    throw wrongValue(property, name, `is not ${rule}`);
  }
  return bytes;
}

/** The bytes of the label of an address, which may have any but NUL. */
export function labelBytes(property: string, label: unknown): Uint8Array {
  const rule = `a label: 1 to ${MAX_BYTES} bytes`;
  if (typeof label !== 'string') throw wrongType(property, label, rule);
  const bytes = encodeName(label);
  if (bytes.length === 0 || bytes.length > MAX_BYTES || bytes.includes(0) || LONE.test(label)) {
    throw wrongValue(property, label, `is not ${rule}`);
  }
  return bytes;
}
