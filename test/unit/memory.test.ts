// The memory of answers, which is used again when they were read.
import { expect, test } from 'vitest';
import type { NativeResults } from '../../lib/native/addon.js';
import { destinationRecord, nativeResults } from './answers.js';
import { batch } from './batches.js';
import { open, SERVICE, settled } from './fake-handle.js';
import { calls, layout } from './requests.js';

type QueueFixture = ReturnType<typeof open>;

/** The answer to listings of so many services: each of them has `count` destinations. */
function lists(services: number, count = 1): NativeResults {
  const record = destinationRecord({ family: 2, port: 80 });
  const outcomes = Array.from({ length: services }, (_, index) => ({
    firstDestination: index * count,
    destinations: count,
  }));
  return nativeResults({ outcomes, destinations: Array(services * count).fill(record) });
}

async function list({ queue, handle }: QueueFixture, answer: NativeResults) {
  const listed = queue.run(calls.listDestinations(SERVICE));
  await settled();
  const job = handle.jobs.at(-1) ?? expect.unreachable();
  job.answer(answer);
  await listed;
  await settled();
  return job;
}

test('destinations lie where the last ones did', async () => {
  const fixture = open();
  const answer = lists(1);
  await list(fixture, answer);
  expect((await list(fixture, lists(1))).memory).toBe(answer.destinations);
});

test('what answers a job with nothing leaves the memory as it is', async () => {
  const fixture = open();
  const answer = lists(1);
  await list(fixture, answer);
  const flushed = fixture.queue.run(calls.flush());
  await settled();
  fixture.handle.job(fixture.handle.jobs.length - 1).answer({ elapsed: 0 });
  await flushed;
  expect((await list(fixture, lists(1))).memory).toBe(answer.destinations);
});

test('a job that leaves before the answers to another were read has other memory', async () => {
  const fixture = open();
  const first = fixture.queue.run(calls.listDestinations(SERVICE));
  await settled();
  const second = fixture.queue.run(calls.listDestinations(SERVICE));
  await settled();
  const answer = lists(1);
  fixture.handle.job(0).answer(answer);
  await first;
  expect(fixture.handle.job(1).memory).not.toBe(answer.destinations);
  fixture.handle.job(1).answer(lists(1));
  await second;
});

test('what is large is not kept', async () => {
  const fixture = open();
  const answer = lists(1, Math.ceil((256 * 1024) / layout.destinationEntry.size) + 1);
  await list(fixture, answer);
  expect((await list(fixture, lists(1))).memory).not.toBe(answer.destinations);
});

test('parts of a batch have none: one is under way while the answers to another are read', async () => {
  const fixture = open();
  const COUNT = 200;
  await list(fixture, lists(1));
  const pending = batch(fixture, (b) => {
    for (let each = 0; each < COUNT; each++) b.listDestinations(SERVICE);
  });
  await settled();
  const parts: number[] = [];
  for (let job = 1; job < fixture.handle.jobs.length; job++) {
    const { operations, memory, answer } = fixture.handle.job(job);
    expect(memory).toBeUndefined();
    parts.push(operations.length);
    answer(lists(operations.length));
    await settled();
  }
  expect(parts).toEqual([128, 72]);
  expect(await pending).toHaveLength(COUNT);
});
