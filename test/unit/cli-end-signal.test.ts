import { expect, test } from 'vitest';
import { endSignal } from '../../lib/cli/end-signal.js';

const NAMES = ['SIGTERM', 'SIGINT'] as const;
const listeners = () => NAMES.map((name) => process.listenerCount(name));

test.each(NAMES)('%s aborts the signal, and leaves the next one to Node.js', (name) => {
  const before = listeners();
  const signal = endSignal();
  expect(listeners()).not.toEqual(before);
  expect(signal.aborted).toBe(false);
  process.emit(name);
  expect(signal.aborted).toBe(true);
  expect(listeners()).toEqual(before);
});
