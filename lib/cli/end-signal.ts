/**
 * The signals that end commands which run on.
 * @module
 */
import process from 'node:process';

const NAMES = ['SIGTERM', 'SIGINT'] as const;

/** Returns a signal that SIGTERM and SIGINT abort. A second one ends the process at once. */
export function endSignal(): AbortSignal {
  const ended = new AbortController();
  const end = () => {
    for (const name of NAMES) process.off(name, end);
    ended.abort();
  };
  for (const name of NAMES) process.on(name, end);
  return ended.signal;
}
