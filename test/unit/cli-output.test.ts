import { PassThrough } from 'node:stream';
import { expect, test } from 'vitest';
import { whenDrained } from '../../lib/cli/output.js';

/** A stream whose reader has not read what was written: it takes no more. */
function fullStream() {
  const stream = new PassThrough({ highWaterMark: 4 });
  expect(stream.write('more than 4')).toBe(false);
  // The commands have only what is used here of a stream of the process.
  return stream as unknown as NodeJS.WriteStream & PassThrough;
}

test('a full stream is waited for until it is read', async () => {
  const stream = fullStream();
  let isDrained = false;
  const waiting = whenDrained(stream, new AbortController().signal).then(() => {
    isDrained = true;
  });
  await new Promise(setImmediate);
  expect(isDrained).toBe(false);
  stream.read();
  await waiting;
  expect(isDrained).toBe(true);
});

test('a stream that takes more is not waited for', async () => {
  const stream = fullStream();
  stream.read();
  await whenDrained(stream, new AbortController().signal);
});

test('an end of the command ends the wait', async () => {
  const stream = fullStream();
  const stop = new AbortController();
  const waiting = whenDrained(stream, stop.signal);
  stop.abort();
  await waiting;
  await whenDrained(stream, stop.signal);
  expect(stream.listenerCount('drain')).toBe(0);
});
