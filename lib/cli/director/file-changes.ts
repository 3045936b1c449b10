/**
 * Changes of a file.
 * @module
 */
import { unwatchFile, watchFile } from 'node:fs';

/** Milliseconds between two looks at the file. */
const INTERVAL = 500;

/**
 * Yields when the file may have changed, and at SIGHUP, until the signal aborts. What happens while
 * the consumer is at work counts once. Compares the state of the path, since events are missing on
 * some file systems, and for files that are replaced.
 * @param path undefined: at SIGHUP only
 */
export async function* fileChanges(
  path: string | undefined,
  signal: AbortSignal,
): AsyncGenerator<void> {
  let hasChanged = false;
  let wake = () => {};
  const notice = () => {
    hasChanged = true;
    wake();
  };
  const end = () => wake();
  if (path !== undefined) watchFile(path, { interval: INTERVAL }, notice);
  process.on('SIGHUP', notice);
  signal.addEventListener('abort', end);
  try {
    while (!signal.aborted) {
      if (!hasChanged) {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      } else {
        hasChanged = false;
        yield;
      }
    }
  } finally {
    if (path !== undefined) unwatchFile(path, notice);
    process.off('SIGHUP', notice);
    signal.removeEventListener('abort', end);
  }
}
