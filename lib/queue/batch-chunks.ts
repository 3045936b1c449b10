/**
 * Sends a batch that a user has built, in chunks between which other calls are sent.
 * @module
 */
import { placeResult } from '../core/input-errors.js';
import { reasonOf } from '../core/signals.js';
import type { ClientTypes } from './client-types.js';
import { type EncodedBatch, MAX_REQUESTS, type Received } from './encoded-batch.js';
import type { Queue } from './queue.js';
import { YIELD_INTERVAL } from './slicer.js';

/** The results of a batch, in the order of its operations, and the errors among them. */
export interface BatchOutcome {
  readonly results: PromiseSettledResult<unknown>[];
  readonly errors: unknown[];
}

/** The results of a batch so far. */
class Results implements BatchOutcome {
  /** Has its full length from the beginning: an array that grows is copied again and again. */
  readonly results: PromiseSettledResult<unknown>[];
  /** Kept apart, so that a batch without failures is not searched for them. */
  readonly errors: unknown[] = [];
  #count = 0;

  readonly #hasPlaces: boolean;

  constructor(length: number, hasPlaces: boolean) {
    this.results = new Array(length);
    this.#hasPlaces = hasPlaces;
  }

  /** The number of results so far. */
  get count(): number {
    return this.#count;
  }

  /** Takes the next result of an operation that was sent. */
  readonly take = (result: PromiseSettledResult<unknown>): void => {
    if (result.status === 'rejected') {
      if (this.#hasPlaces) placeResult(result.reason, this.#count);
      this.errors.push(result.reason);
    }
    this.results[this.#count++] = result;
  };

  /** Rejects the next operation, with a reason that belongs to another owner. */
  reject(reason: unknown): void {
    this.errors.push(reason);
    this.results[this.#count++] = { status: 'rejected', reason };
  }
}

/** Options of the sending of a batch. */
export interface BatchRunOptions {
  /** If true, stops after the first request that fails. */
  readonly stopOnError: boolean;
  /** Ends the batch between two chunks when it is aborted. */
  readonly signal: AbortSignal | undefined;
  /** If false, errors do not name the places of their operations. Default true. */
  readonly hasPlaces?: boolean;
}

/** The number of requests of the first chunk, and of the smallest one. */
const FIRST_CHUNK = 128;
const MIN_CHUNK = 16;
/**
 * The times, in milliseconds, between which the kernel should execute a chunk. The next chunk is
 * larger after a shorter time, and smaller after a longer one.
 */
const SHORT = 1.5;
const LONG = 3;

/** Returns the number of requests for the chunk after one of `size` requests. */
function nextSize(size: number, elapsed: number): number {
  if (elapsed < SHORT) return Math.min(size * 2, MAX_REQUESTS);
  return elapsed > LONG ? Math.max(size >> 1, MIN_CHUNK) : size;
}

/**
 * Sends a batch. Returns the results of all its operations, and never rejects because of an
 * operation: those that were not sent have a result too.
 */
export async function runBatch<Types extends ClientTypes>(
  queue: Queue<Types>,
  batches: readonly EncodedBatch<Types>[],
  { stopOnError, signal, hasPlaces = true }: BatchRunOptions,
): Promise<BatchOutcome> {
  const length = batches.reduce((sum, { count }) => sum + count, 0);
  const outcome = new Results(length, hasPlaces);
  let size = FIRST_CHUNK;
  let isStopped = false;
  let decodeLast = () => {};
  for (const batch of batches) {
    for (let first = 0; first < batch.count && !isStopped && signal?.aborted !== true; ) {
      const count = Math.min(size, batch.count - first);
      const range = { first, count, stopOnError, isTimed: true };
      const exchange = queue.exchange(batch, range);
      // Results are decoded while the kernel works on the next chunk, which a microtask sends.
      queueMicrotask(decodeLast);
      const received = await exchange;
      const sent = stopOnError ? sentOf(batch, range, received) : { ...range, hasFailed: false };
      decodeLast = () =>
        queue.slicer.add(batch.results(received, sent.first, sent.count, outcome.take));
      isStopped = sent.hasFailed;
      first += sent.count;
      if (received.status === 'fulfilled') size = nextSize(size, received.value.elapsed);
    }
  }
  decodeLast();
  await queue.slicer.run(rejectRest(batches, outcome, isStopped ? undefined : signal));
  for (const batch of batches) batch.release();
  return outcome;
}

/**
 * Returns which requests of a chunk were sent with `stopOnError`: those up to the first that did
 * not succeed. If a value stands for its errno, the batch has not failed, and continues with
 * the request after it.
 */
function sentOf<Types extends ClientTypes>(
  batch: EncodedBatch<Types>,
  { first, count }: { readonly first: number; readonly count: number },
  received: Received<Types>,
): { readonly first: number; readonly count: number; readonly hasFailed: boolean } {
  if (received.status === 'rejected') return { first, count, hasFailed: true };
  const response = received.value;
  let place = 0;
  while (place < count && response.succeeded(place)) place++;
  if (place === count) return { first, count, hasFailed: false };
  return { first, count: place + 1, hasFailed: batch.hasFailed(response, first + place, place) };
}

/**
 * Adds the results of the operations that were not sent. They are rejected with the reason of the
 * signal or, without a signal, with ERR_IPVS_SKIPPED because of the first operation that failed.
 */
function* rejectRest<Types extends ClientTypes>(
  batches: readonly EncodedBatch<Types>[],
  outcome: Results,
  signal: AbortSignal | undefined,
): Generator<void, void> {
  const { results } = outcome;
  if (outcome.count === results.length) return;
  const index = results.findIndex((result) => result?.status === 'rejected');
  const failure = { index, cause: outcome.errors[0] };
  let start = 0;
  for (const batch of batches) {
    for (let each = Math.max(outcome.count - start, 0); each < batch.count; each++) {
      // The reason belongs to the owner of the signal, so that no place is written into it.
      if (signal !== undefined) outcome.reject(reasonOf(signal));
      else outcome.take({ status: 'rejected', reason: batch.skippedError(each, failure) });
      if (each % YIELD_INTERVAL === YIELD_INTERVAL - 1) yield;
    }
    start += batch.count;
  }
}
