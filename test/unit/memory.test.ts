/**
 * The memory of responses, which is reused after they are decoded.
 * @module
 */
import { expect, test } from 'vitest';
import type { NativeIpvsResponse } from '../../lib/native/addon.js';
import { batch } from './helpers/batch-fixture.js';
import { open, SERVICE, settled } from './helpers/fake-handle.js';
import { calls, layout } from './helpers/requests.js';
import { destinationRecord, nativeResponse } from './helpers/responses.js';

type QueueFixture = ReturnType<typeof open>;

/** Returns the response to `services` listings, each of `count` destinations. */
function lists(services: number, count = 1): NativeIpvsResponse {
  const record = destinationRecord({ family: 2, port: 80 });
  const results = Array.from({ length: services }, (_, index) => ({
    firstDestination: index * count,
    destinations: count,
  }));
  return nativeResponse({ results, destinations: Array(services * count).fill(record) });
}

/** Lists destinations, and returns the job once its result is decoded. */
async function list({ queue, handle }: QueueFixture, response: NativeIpvsResponse) {
  const listed = queue.run(calls.listDestinations(SERVICE));
  await settled();
  const job = handle.jobs.at(-1) ?? expect.unreachable();
  job.respond(response);
  await listed;
  await settled();
  return job;
}

test('the destinations of a response are written to the memory of the one before', async () => {
  const fixture = open();
  const response = lists(1);
  await list(fixture, response);
  expect((await list(fixture, lists(1))).memory).toBe(response.destinations);
});

test('an empty response keeps the memory of the one before', async () => {
  const fixture = open();
  const response = lists(1);
  await list(fixture, response);
  const flushed = fixture.queue.run(calls.flush());
  await settled();
  fixture.handle.job(fixture.handle.jobs.length - 1).respond({ elapsed: 0 });
  await flushed;
  expect((await list(fixture, lists(1))).memory).toBe(response.destinations);
});

test('a job that is sent before the response to another is decoded has other memory', async () => {
  const fixture = open();
  const first = fixture.queue.run(calls.listDestinations(SERVICE));
  await settled();
  const second = fixture.queue.run(calls.listDestinations(SERVICE));
  await settled();
  const response = lists(1);
  fixture.handle.job(0).respond(response);
  await first;
  expect(fixture.handle.job(1).memory).not.toBe(response.destinations);
  fixture.handle.job(1).respond(lists(1));
  await second;
});

test('large memory is not kept', async () => {
  const fixture = open();
  const response = lists(1, Math.ceil((256 * 1024) / layout.destinationEntry.size) + 1);
  await list(fixture, response);
  expect((await list(fixture, lists(1))).memory).not.toBe(response.destinations);
});

test('chunks of a batch have no memory, as one is in flight while another is decoded', async () => {
  const fixture = open();
  const COUNT = 200;
  await list(fixture, lists(1));
  const pending = batch(fixture, (b) => {
    for (let each = 0; each < COUNT; each++) b.listDestinations(SERVICE);
  });
  await settled();
  const chunks: number[] = [];
  for (let job = 1; job < fixture.handle.jobs.length; job++) {
    const { operations, memory, respond } = fixture.handle.job(job);
    expect(memory).toBeUndefined();
    chunks.push(operations.length);
    respond(lists(operations.length));
    await settled();
  }
  expect(chunks).toEqual([128, 72]);
  expect(await pending).toHaveLength(COUNT);
});
