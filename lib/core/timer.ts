/**
 * Timers of Node.js.
 * @module
 */

/** The longest time of a timer, in milliseconds. A longer one would fire at once. */
export const MAX_TIMER = 2 ** 31 - 1;
