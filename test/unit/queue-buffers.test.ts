import { expect, test, vi } from 'vitest';
import { collect } from '../../lib/ipvs/batch.js';
import { ipvsProtocol } from '../../lib/ipvs/protocol.js';
import { Queue } from '../../lib/queue/queue.js';
import { nativeResults } from './answers.js';
import { FakeHandle } from './fake-handle.js';
import { layout, untyped } from './requests.js';

test('a call without a promise gives its buffer back, however it ends', () => {
  const handle = new FakeHandle();
  const answer = vi.fn(() => nativeResults({ outcomes: [{}] }));
  handle.runSync = answer;
  const protocol = ipvsProtocol(handle, layout);
  const requests = vi.fn(protocol.requests);
  const release = vi.fn(protocol.release);
  const queue = new Queue({ ...protocol, requests, release });

  queue.runSync(untyped.flush());
  expect(release).toHaveBeenCalledTimes(1);
  answer.mockImplementation(() => nativeResults({ outcomes: [{ status: 'refused', error: 1 }] }));
  expect(() => queue.runSync(untyped.flush())).toThrow(/EPERM/);
  expect(release).toHaveBeenCalledTimes(2);
  expect(() => queue.runSync(untyped.deleteService('nonsense'))).toThrow(TypeError);
  const given = requests.mock.results.map(({ value }) => value as unknown);
  expect(release.mock.calls.map(([buffer]) => buffer)).toEqual(given);
});

test('a batch that nothing was added to gives back the buffer of what was refused', () => {
  const protocol = ipvsProtocol(new FakeHandle(), layout);
  const requests = vi.fn(protocol.requests);
  const release = vi.fn(protocol.release);
  const stores = collect({ ...protocol, requests, release }, (b) => {
    expect(() => b.deleteService('nonsense')).toThrow(TypeError);
  });
  expect(stores).toEqual([]);
  const given = requests.mock.results.map(({ value }) => value as unknown);
  expect(given).toHaveLength(1);
  expect(release.mock.calls.map(([buffer]) => buffer)).toEqual(given);
});
