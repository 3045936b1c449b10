/**
 * The object that a reader makes of a line of rules.
 * @module
 */
import { isInputError } from '../../core/input-errors.js';
import type { NormalizedDestination, NormalizedService } from '../../ipvs/canonical.js';
import { normalizeKernelDestination, normalizeKernelService } from '../../ipvs/kernel-objects.js';
import { formatServiceKey } from '../../ipvs/keys.js';
import type { Reading } from '../grammar/endpoint.js';
import type { Invocation } from '../grammar/invocation.js';
import { destinationOf, keyOf, serviceOf } from './given-configs.js';
import { readRule } from './read-rule.js';
import { linesOf } from './rule-words.js';

const NUMBERS: Reading = { resolve: () => undefined, quirks: false };

/** Returns what `read` makes of a line; undefined if it cannot be read. */
function readBack<Value>(line: string, read: (invocation: Invocation) => Value): Value | undefined {
  try {
    const [first] = linesOf(line);
    const rule = first?.kind === 'words' ? readRule(first.words, NUMBERS) : undefined;
    return rule && read(rule.invocation);
  } catch (error) {
    if (isInputError(error)) return undefined;
    throw error;
  }
}

/** Returns the service of a line; undefined if the line cannot be read. */
export const readBackService = (line: string): NormalizedService | undefined =>
  readBack(line, ({ service }) => normalizeKernelService(serviceOf(service)));

/**
 * Returns the destination of a line, and the text of its service's key; undefined if the line
 * cannot be read.
 */
export const readBackDestination = (
  line: string,
): { readonly service: string; readonly destination: NormalizedDestination } | undefined =>
  readBack(line, ({ service, destination }) => ({
    service: formatServiceKey(keyOf(service)),
    destination: normalizeKernelDestination(keyOf(service), destinationOf(destination)),
  }));
