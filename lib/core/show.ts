/**
 * Values in messages: short, on one line, and without running any code of theirs.
 * @module
 */
import { inspect } from './util.js';

/** The most characters of a value in a message, and of a name. */
const MAX_VALUE = 80;
const MAX_NAME = 200;

/** Returns a text with at most `max` characters, shortened if need be. @internal */
export function cut(text: string, max = MAX_NAME): string {
  return text.length <= max ? text : `${text.slice(0, max - 3)}...`;
}

/** Returns a short text for a value, on one line. It runs no code of the value. @internal */
export function show(value: unknown): string {
  return cut(inspectShortly(value).replace(/\s*\n\s*/g, ' '), MAX_VALUE);
}

const INSPECTION = {
  depth: 0,
  compact: true,
  breakLength: Number.POSITIVE_INFINITY,
  customInspect: false,
  getters: false,
  maxArrayLength: 10,
  maxStringLength: MAX_VALUE,
} as const;
/** The most bits of a BigInt that is formatted, because formatting long ones is slow. */
const MAX_BITS = 512;

function inspectShortly(value: unknown): string {
  switch (typeof value) {
    case 'string':
      return inspect(value.slice(0, MAX_VALUE));
    case 'bigint':
      return BigInt.asIntN(MAX_BITS, value) === value
        ? `${value}n`
        : `a BigInt of more than ${MAX_BITS} bits`;
    case 'symbol':
      return `Symbol(${cut(value.description ?? '', MAX_VALUE)})`;
    default:
      try {
        return inspect(value, INSPECTION);
      } catch {
        // inspect() calls some getters, such as that of Symbol.toStringTag.
        return typeof value === 'function' ? 'a function' : 'an object';
      }
  }
}
