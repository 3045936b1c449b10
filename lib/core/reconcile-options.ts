/**
 * The options that the reconciliations of services and of addresses have in common.
 * @module
 */
import { checkBoolean, checkInteger } from './check.js';
import { messageOf } from './errors.js';
import { show } from './show.js';
import { keepStack } from './stack.js';

/**
 * Checks `options.maxDeletions`. Without it there is no limit.
 * @throws TypeError, RangeError bad input
 */
export function checkMaxDeletions(value: unknown): number {
  return value === undefined
    ? Number.POSITIVE_INFINITY
    : checkInteger('options.maxDeletions', value, 0, Number.MAX_SAFE_INTEGER);
}

/**
 * Returns the message for more deletions than are permitted.
 * @param objects what would be deleted, with its number
 * @param rest what became of the other changes
 */
export function tooManyDeletionsMessage(
  operation: string,
  target: string,
  objects: string,
  most: number,
  rest = 'nothing was changed',
): string {
  const limit = `options.maxDeletions: ${most}`;
  const why = `the changes would delete ${objects}, which is more than ${limit}`;
  return messageOf(operation, target, `${why}; ${rest}`);
}

/**
 * Asks the function `options.prune` whether an object is to be deleted.
 * @param name the name of the object, for errors
 * @throws TypeError the function does not return a boolean; the error of the function
 */
export function isPruned<Item>(prune: (item: Item) => unknown, item: Item, name: string): boolean {
  let choice: unknown;
  try {
    choice = prune(item);
  } catch (error) {
    // It belongs to the caller, also if it is an error of this package.
    throw keepStack(error);
  }
  return checkBoolean(`options.prune(${show(name)})`, choice);
}
