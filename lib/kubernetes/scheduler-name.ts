/**
 * Names of schedulers, as a configuration or an annotation gives them.
 * @module
 */

/** The end of the error for a text that is none. */
export const SCHEDULER_RULE = 'the name of a scheduler: 1 to 15 letters, digits, _ and -';

/** Returns true for a text that may be the name of a scheduler. */
export function isSchedulerName(text: string): boolean {
  return /^[\w-]{1,15}$/.test(text);
}
