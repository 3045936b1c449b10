/**
 * The time of the next step of a director: pure functions.
 * @module
 */

/** The pause after the first failure; each further failure doubles it. Milliseconds. */
const FIRST_PAUSE = 1000;
/**
 * Milliseconds between two steps while destinations drain. The kernel reports no end of a
 * connection, so the table must be read. A second late is early enough for the deletion of a server
 * that gets no new connections, and one reading a second costs little even for a large table.
 */
export const DRAIN_POLL = 1000;

/**
 * Returns the milliseconds until the next step after a number of failures in a row.
 * @param longest the longest pause
 */
export function backOff(failures: number, longest: number): number {
  return Math.min(FIRST_PAUSE * 2 ** (failures - 1), longest);
}

/** The conditions on which the time of the next step depends. */
interface Schedule {
  /** Milliseconds. */
  readonly resync: number;
  /** The number of failures in a row. */
  readonly failures: number;
  /** The deadlines of draining destinations, on the clock of `now`. */
  readonly deadlines: Iterable<number>;
}

/**
 * Returns the milliseconds until the next step. Refused changes are tried again in every step, so
 * after a failure only the back-off and future deadlines count: one that has passed had its step.
 */
export function nextDelay({ resync, failures, deadlines }: Schedule, now: number): number {
  let delay = failures > 0 ? backOff(failures, resync) : resync;
  for (const deadline of deadlines) {
    if (failures === 0) delay = Math.min(delay, DRAIN_POLL);
    if (failures === 0 || deadline > now) delay = Math.min(delay, Math.max(deadline - now, 0));
  }
  // A timer may fire up to a millisecond early.
  return Math.ceil(delay);
}
