/**
 * Sends batches through a fake handle.
 * @module
 */
import { expect } from 'vitest';
import {
  type Batch,
  type BatchOptions,
  checkBatchOptions,
  sendBatch,
} from '../../../lib/ipvs/batch.js';
import {
  destination,
  destinationsOf,
  type FakeHandle,
  type open,
  SERVICE,
  settled,
} from './fake-handle.js';
import type { ResultValues } from './responses.js';

export type QueueFixture = ReturnType<typeof open>;
export type Build = (batch: Batch) => void | PromiseLike<void>;

/** Sends a batch as `Ipvs.batch()` does. */
export async function batch({ queue }: QueueFixture, build: Build, options?: BatchOptions) {
  const { results } = await sendBatch(queue, build, checkBatchOptions(options));
  return results;
}

/** Returns a build that adds destinations, numbered from `first`. */
export const adding =
  (count: number, first = 0): Build =>
  (b) => {
    for (let i = first; i < first + count; i++) b.addDestination(SERVICE, destination(i));
  };

/** Returns the addresses of the destinations that `adding()` adds. */
export const addresses = (count: number, first = 0) =>
  Array.from({ length: count }, (_, index) => destination(first + index).address);

export const REFUSED = { status: 'refused', error: 17 } as const;
export const ABSENT = { status: 'refused', error: 3 } as const;
export const done = (value?: unknown) => ({ status: 'fulfilled', value });
export const failed = (code: string) => ({ status: 'rejected', reason: { code } });

/** Returns the number of operations of each job so far. */
export const sizes = ({ jobs }: FakeHandle) => jobs.map(({ operations }) => operations.length);

/**
 * Answers jobs until there are no more.
 * @param outcome returns the values for an operation, by its number among those that get a response
 * @param first the number of the first job that gets a response
 */
export async function respondAll(
  handle: FakeHandle,
  outcome: (number: number) => ResultValues = () => ({}),
  first = 0,
): Promise<void> {
  await settled();
  let number = 0;
  for (let job = first; job < handle.jobs.length; job++) {
    const { operations } = handle.job(job);
    await handle.respond(
      job,
      operations.map(() => outcome(number++)),
    );
  }
}

/**
 * Returns the results of a kernel that stops at the first failure.
 * @param isBad returns the values for a destination that fails
 */
function stopping(bytes: Uint8Array, isBad: (address: string) => ResultValues | undefined) {
  let hasFailed = false;
  return destinationsOf(bytes).map((address): ResultValues => {
    if (hasFailed) return { status: 'skipped' };
    const bad = isBad(address);
    hasFailed = bad !== undefined;
    return bad ?? {};
  });
}

/** Answers jobs as such a kernel does. Returns the addresses of the operations it executed. */
export async function stopAll(
  handle: FakeHandle,
  isBad: (address: string) => ResultValues | undefined,
): Promise<string[]> {
  await settled();
  const sent: string[] = [];
  for (let job = 0; job < handle.jobs.length; job++) {
    const { bytes, stopOnError } = handle.job(job);
    expect(stopOnError).toBe(true);
    const results = stopping(bytes, isBad);
    sent.push(...destinationsOf(bytes).filter((_, at) => results[at]?.status !== 'skipped'));
    await handle.respond(job, results);
  }
  return sent;
}
