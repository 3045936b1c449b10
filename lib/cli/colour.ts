/**
 * Colours in a terminal (ECMA-48).
 * @module
 */
import type { Context } from './command.js';

const CODES = { bold: 1, red: 31, green: 32, yellow: 33 } as const;

/** A colour, or bold. */
export type Colour = keyof typeof CODES;

/** Returns a text in a colour, or as it is. */
export type Paint = (colour: Colour, text: string) => string;

/**
 * Returns the painter of a stream. It paints only in a terminal that has colours, and never if
 * NO_COLOR is set.
 */
export function painterOf(stream: NodeJS.WriteStream, env: Context['env']): Paint {
  const hasColours = stream.isTTY === true && !env['NO_COLOR'] && env['TERM'] !== 'dumb';
  return hasColours
    ? (colour, text) => `\u001b[${CODES[colour]}m${text}\u001b[0m`
    : (_colour, text) => text;
}
