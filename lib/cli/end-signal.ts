/**
 * The signals that end commands which run on.
 * @module
 */
import process from 'node:process';

/**
 * Returns a signal that SIGTERM and SIGINT abort. A second one ends the process at once.
 * @param others more signals that abort it
 */
export function endSignal(...others: NodeJS.Signals[]): AbortSignal {
  const names: NodeJS.Signals[] = ['SIGTERM', 'SIGINT', ...others];
  const ended = new AbortController();
  const end = () => {
    for (const name of names) process.off(name, end);
    ended.abort();
  };
  for (const name of names) process.on(name, end);
  return ended.signal;
}
