import { expect, test, vi } from 'vitest';
import { type Batch, checkBatchOptions, sendBatch } from '../../lib/ipvs/batch.js';
import { ipvsClient } from '../../lib/ipvs/client.js';
import { Queue } from '../../lib/queue/queue.js';
import { FakeHandle, settled } from './fake-handle.js';
import { untyped } from './requests.js';
import { nativeResponse } from './responses.js';

test('a synchronous call gives its buffer back, whatever its result', () => {
  const handle = new FakeHandle();
  const runSync = vi.fn(() => nativeResponse({ results: [{}] }));
  handle.runSync = runSync;
  const client = ipvsClient(handle);
  const requests = vi.fn(client.requests);
  const release = vi.fn(client.release);
  const queue = new Queue({ ...client, requests, release });

  queue.runSync(untyped.flush());
  expect(release).toHaveBeenCalledTimes(1);
  runSync.mockImplementation(() => nativeResponse({ results: [{ status: 'refused', error: 1 }] }));
  expect(() => queue.runSync(untyped.flush())).toThrow(/EPERM/);
  expect(release).toHaveBeenCalledTimes(2);
  expect(() => queue.runSync(untyped.deleteService('nonsense'))).toThrow(TypeError);
  const given = requests.mock.results.map(({ value }) => value as unknown);
  expect(release.mock.calls.map(([buffer]) => buffer)).toEqual(given);
});

test('an empty batch gives back the buffer of an operation that was refused', async () => {
  const client = ipvsClient(new FakeHandle());
  const requests = vi.fn(client.requests);
  const release = vi.fn(client.release);
  const watched = { ...client, requests, release };
  const build = (b: Batch) => {
    expect(() => Reflect.apply(b.deleteService, b, ['nonsense'])).toThrow(TypeError);
  };
  const options = checkBatchOptions(undefined);
  expect(await sendBatch(new Queue(watched), watched, build, options)).toMatchObject({
    results: [],
    errors: [],
  });
  const given = requests.mock.results.map(({ value }) => value as unknown);
  expect(given).toHaveLength(1);
  expect(release.mock.calls.map(([buffer]) => buffer)).toEqual(given);
});

test('a batch gives its buffer back once, even if the promise of build settles twice', async () => {
  const handle = new FakeHandle();
  const client = ipvsClient(handle);
  const requests = vi.fn(client.requests);
  const release = vi.fn(client.release);
  const watched = { ...client, requests, release };
  const build = (b: Batch) => {
    b.flush();
    return {
      // biome-ignore lint/suspicious/noThenProperty: a promise of another kind.
      then(resolve: () => void, reject: (error: unknown) => void) {
        resolve();
        reject(new Error('late'));
      },
    };
  };
  const pending = sendBatch(new Queue(watched), watched, build, checkBatchOptions(undefined));
  await settled();
  await handle.respond(0);
  expect((await pending).results).toEqual([{ status: 'fulfilled', value: undefined }]);
  const given = requests.mock.results.map(({ value }) => value as unknown);
  expect(given).toHaveLength(1);
  expect(release.mock.calls.map(([buffer]) => buffer)).toEqual(given);
});
