/**
 * Handles in util.inspect() and console.log().
 * @module
 */
import type { InspectOptions } from 'node:util';
import { inspect } from './util.js';

export type { InspectOptions } from 'node:util';

/** Returns what util.inspect() shows of a handle: its class, and a state in short. @internal */
export function inspectHandle(
  name: string,
  state: object,
  depth: number,
  options: InspectOptions,
): string {
  if (depth < 0) return `[${name}]`;
  return `${name} ${inspect(state, options)}`;
}
