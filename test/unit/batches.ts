/**
 * Batches on a fake handle.
 * @module
 */
import { expect } from 'vitest';
import {
  type Batch,
  type BatchOptions,
  checkBatchOptions,
  sendBatch,
} from '../../lib/ipvs/batch.js';
import type { OutcomeValues } from './answers.js';
import {
  destination,
  destinationsOf,
  type FakeHandle,
  type open,
  SERVICE,
  settled,
} from './fake-handle.js';

export type QueueFixture = ReturnType<typeof open>;
export type Build = (batch: Batch) => void | PromiseLike<void>;

/** A batch as Ipvs.batch() sends it. */
export async function batch({ queue, client }: QueueFixture, build: Build, options?: BatchOptions) {
  return sendBatch(queue, client, build, checkBatchOptions(options));
}

/** Adds destinations, the first of which has the number `first`. */
export const adding =
  (count: number, first = 0): Build =>
  (b) => {
    for (let i = first; i < first + count; i++) b.addDestination(SERVICE, destination(i));
  };

export const addresses = (count: number, first = 0) =>
  Array.from({ length: count }, (_, index) => destination(first + index).address);

export const REFUSED = { status: 'refused', error: 17 } as const;
export const ABSENT = { status: 'refused', error: 3 } as const;
export const done = (value?: unknown) => ({ status: 'fulfilled', value });
export const failed = (code: string) => ({ status: 'rejected', reason: { code } });

/** The sizes of the jobs so far. */
export const sizes = ({ jobs }: FakeHandle) => jobs.map(({ operations }) => operations.length);

/** Answers jobs, from the `first` on, until there are no more: `outcome` gives that of each operation, by its number among them. */
export async function answerAll(
  handle: FakeHandle,
  outcome: (number: number) => OutcomeValues = () => ({}),
  first = 0,
): Promise<void> {
  await settled();
  let number = 0;
  for (let job = first; job < handle.jobs.length; job++) {
    const { operations } = handle.job(job);
    await handle.answer(
      job,
      operations.map(() => outcome(number++)),
    );
  }
}

/** What a kernel answers that stops at the first failure: `isBad` says which destinations it refuses. */
function stopping(bytes: Uint8Array, isBad: (address: string) => OutcomeValues | undefined) {
  let hasFailed = false;
  return destinationsOf(bytes).map((address): OutcomeValues => {
    if (hasFailed) return { status: 'skipped' };
    const bad = isBad(address);
    hasFailed = bad !== undefined;
    return bad ?? {};
  });
}

/** Answers jobs as such a kernel does; what it was sent and did, by address. */
export async function stopAll(
  handle: FakeHandle,
  isBad: (address: string) => OutcomeValues | undefined,
): Promise<string[]> {
  await settled();
  const sent: string[] = [];
  for (let job = 0; job < handle.jobs.length; job++) {
    const { bytes, stopOnError } = handle.job(job);
    expect(stopOnError).toBe(true);
    const outcomes = stopping(bytes, isBad);
    sent.push(...destinationsOf(bytes).filter((_, at) => outcomes[at]?.status !== 'skipped'));
    await handle.answer(job, outcomes);
  }
  return sent;
}
