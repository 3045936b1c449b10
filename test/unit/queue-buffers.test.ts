import { expect, test, vi } from 'vitest';
import { type Batch, checkBatchOptions, sendBatch } from '../../lib/ipvs/batch.js';
import { ipvsClient } from '../../lib/ipvs/client.js';
import type { NativeHandle } from '../../lib/native/addon.js';
import { Queue } from '../../lib/queue/queue.js';
import { FakeHandle, open, settled } from './helpers/fake-handle.js';
import { untyped } from './helpers/requests.js';
import { nativeResponse } from './helpers/responses.js';

test('synchronous calls use one buffer, and close() gives it back', async () => {
  const handle = new FakeHandle();
  const runSync = vi.fn<NativeHandle['runSync']>(() => undefined);
  handle.runSync = runSync;
  const client = ipvsClient(handle);
  const requests = vi.fn(client.requests);
  const release = vi.fn(client.release);
  const queue = new Queue({ ...client, requests, release });

  queue.runSync(untyped.flush());
  runSync.mockReturnValueOnce(nativeResponse({ results: [{ status: 'refused', error: 1 }] }));
  expect(() => queue.runSync(untyped.flush())).toThrow(/EPERM/);
  expect(() => queue.runSync(untyped.deleteService('nonsense'))).toThrow(TypeError);
  queue.runSync(untyped.flush());
  expect(runSync.mock.calls.map(([, count]) => count)).toEqual([1, 1, 1]);
  expect(requests).toHaveBeenCalledTimes(1);
  expect(release).not.toHaveBeenCalled();
  await queue.close();
  expect(release.mock.calls).toEqual(requests.mock.results.map(({ value }) => [value]));
});

test('a synchronous call that a getter makes while another is encoded has its own buffer', () => {
  const { queue, handle } = open();
  const service = {
    get fwmark() {
      queue.runSync(untyped.flush());
      return 7;
    },
  };
  queue.runSync(untyped.deleteService(service));
  queue.runSync(untyped.addService({ fwmark: 8 }));
  expect(handle.log).toEqual(['runSync flush', 'runSync deleteService', 'runSync addService']);
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
  expect(await sendBatch(new Queue(watched), build, options)).toMatchObject({
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
  const pending = sendBatch(new Queue(watched), build, checkBatchOptions(undefined));
  await settled();
  await handle.respond(0);
  expect((await pending).results).toEqual([{ status: 'fulfilled', value: undefined }]);
  const given = requests.mock.results.map(({ value }) => value as unknown);
  expect(given).toHaveLength(1);
  expect(release.mock.calls.map(([buffer]) => buffer)).toEqual(given);
});
