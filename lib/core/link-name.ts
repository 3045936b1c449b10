/**
 * Names of links and labels of addresses: up to 15 bytes in the kernel, and text in JavaScript.
 *
 * Bytes in UTF-8 are decoded as such. Other bytes, and characters that are invisible (control
 * characters, blanks), become `\xHH` for each byte, and so does a backslash that could be mistaken
 * for the beginning of such a sequence. So every name that was read can be passed back in.
 * @module
 */
import { wrongType, wrongValue } from './input-errors.js';

/** IFNAMSIZ less the NUL, in bytes. */
const MAX_BYTES = 15;
const ESCAPE = /\\x([\da-fA-F]{2})/g;
/** Names that need no decoding, as most do. */
const PLAIN = /^[!-[\]-~]*$/;
/** A lone surrogate, which has no bytes in UTF-8. */
const LONE_SURROGATE = /\p{Cs}/u;
const INVISIBLE = /[\p{C}\p{Z}]|\\(?=x[\da-fA-F]{2})/gu;

const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

const escaped = (bytes: Iterable<number>) =>
  Array.from(bytes, (byte) => `\\x${byte.toString(16).padStart(2, '0')}`).join('');

/** Returns the text of a name. */
export function decodeName(bytes: Uint8Array): string {
  const text = String.fromCharCode(...bytes);
  if (PLAIN.test(text)) return text;
  try {
    return decoder.decode(bytes).replace(INVISIBLE, (text) => escaped(encoder.encode(text)));
  } catch {
    // It is not UTF-8.
    return text.replace(/[^!-~]|\\(?=x[\da-fA-F]{2})/g, (each) => escaped([each.charCodeAt(0)]));
  }
}

/** Returns the bytes of a name's text. */
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

/**
 * Returns true for a byte that the kernel refuses in the name of a link (dev_valid_name): a blank,
 * of which Latin-1 has another one, '/' and ':'.
 */
const isRefused = (byte: number) =>
  (byte >= 9 && byte <= 13) || byte === 0x20 || byte === 0xa0 || byte === 0x2f || byte === 0x3a;
/** In the name of a new link, the kernel replaces it by a number. */
const PERCENT = 0x25;

/** Checks the name of a new link, and returns its bytes. */
export function newLinkNameBytes(property: string, name: unknown): Uint8Array {
  const excluded = "blanks, '/', ':' and '%'";
  return nameBytes(property, name, excluded, (byte) => isRefused(byte) || byte === PERCENT);
}

/** Checks the name of a new link. */
export function checkNewLinkName(property: string, name: unknown): asserts name is string {
  newLinkNameBytes(property, name);
}

/** Checks the name of a link, and returns its bytes. Alternative names may contain '%'. */
export function linkNameBytes(property: string, name: unknown): Uint8Array {
  return nameBytes(property, name, "blanks, '/' and ':'", isRefused);
}

/** Checks the name of a link. */
export function checkLinkName(property: string, name: unknown): asserts name is string {
  linkNameBytes(property, name);
}

function nameBytes(
  property: string,
  name: unknown,
  excluded: string,
  isExcluded: (byte: number) => boolean,
): Uint8Array {
  const rule = `the name of a link: 1 to ${MAX_BYTES} bytes without ${excluded}`;
  const bytes = bytesOf(property, name, rule);
  if (name === '.' || name === '..' || bytes.some(isExcluded)) {
    throw wrongValue(property, name, `is not ${rule}`);
  }
  return bytes;
}

/** Checks the label of an address, and returns its bytes. Only NUL is excluded. */
export function labelBytes(property: string, label: unknown): Uint8Array {
  return bytesOf(property, label, `a label: 1 to ${MAX_BYTES} bytes`);
}

function bytesOf(property: string, text: unknown, rule: string): Uint8Array {
  if (typeof text !== 'string') throw wrongType(property, text, rule);
  const bytes = encodeName(text);
  const fits = bytes.length > 0 && bytes.length <= MAX_BYTES;
  if (!fits || bytes.includes(0) || LONE_SURROGATE.test(text)) {
    throw wrongValue(property, text, `is not ${rule}`);
  }
  return bytes;
}
