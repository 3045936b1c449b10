/**
 * The signals that end commands which run on.
 * @module
 */
import process from 'node:process';

/** Returns a signal that SIGTERM and SIGINT abort. A second one ends the process at once. */
export function endSignal(): AbortSignal {
  const ended = new AbortController();
  for (const name of ['SIGTERM', 'SIGINT'] as const) process.once(name, () => ended.abort());
  return ended.signal;
}
