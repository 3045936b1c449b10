/**
 * Changes of a file.
 * @module
 */
import { stat } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';

/** Milliseconds between two readings of the file's properties. */
const INTERVAL = 500;
/** The looks at a file that changes each time, after which it is read all the same. */
const LONGEST_UNREST = 10;

/** Returns a text that is another one when a file has been written or replaced. */
export async function fingerprintOf(path: string): Promise<string> {
  try {
    const { dev, ino, size, mtimeNs, ctimeNs } = await stat(path, { bigint: true });
    return [dev, ino, size, mtimeNs, ctimeNs].join();
  } catch {
    return 'absent';
  }
}

/**
 * Yields when a file has changed and is at rest, and at SIGHUP, until the signal aborts. SIGHUP
 * counts from the call on. Polls the file: events are missing on some file systems, and for files
 * that are replaced. A file that is still being written is not read, because half of it may be
 * valid; but one that is written without end is.
 * @param fingerprint that of the file before it was read for the first time
 */
export function fileChanges(
  path: string,
  fingerprint: string,
  signal: AbortSignal,
): AsyncGenerator<void, void, void> {
  let known = fingerprint;
  let before = fingerprint;
  let unrest = 0;
  let hasHungUp = false;
  let pause = new AbortController();
  const wake = () => pause.abort();
  const hangUp = () => {
    hasHungUp = true;
    wake();
  };
  process.on('SIGHUP', hangUp);
  signal.addEventListener('abort', wake);
  return poll();

  async function* poll(): AsyncGenerator<void, void, void> {
    try {
      while (!signal.aborted) {
        pause = new AbortController();
        await sleep(INTERVAL, undefined, { signal: pause.signal }).catch(() => undefined);
        const now = await fingerprintOf(path);
        unrest = now === before ? 0 : unrest + 1;
        before = now;
        const isWaiting = unrest > 0 && unrest < LONGEST_UNREST;
        if (signal.aborted || (!hasHungUp && (now === known || isWaiting))) continue;
        known = now;
        unrest = 0;
        hasHungUp = false;
        yield;
      }
    } finally {
      process.off('SIGHUP', hangUp);
      signal.removeEventListener('abort', wake);
    }
  }
}
