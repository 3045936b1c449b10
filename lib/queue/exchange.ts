/**
 * Exchanges with the kernel: those that wait, and the one that calls join.
 * @module
 */
import type { RequestRange } from './client.js';
import type { ClientTypes } from './client-types.js';
import type { EncodedBatch, Received } from './encoded-batch.js';
import type { CallPromises } from './shared-promise.js';
import type { CallSpan } from './tracer.js';

/** Requests that are sent together, and a promise for the response. */
export class Exchange<Types extends ClientTypes> {
  readonly batch: EncodedBatch<Types>;
  readonly #range: RequestRange | undefined;
  resolve: (received: Received<Types>) => void = () => undefined;
  /** Resolves when the exchange has ended; never rejects. */
  readonly received = new Promise<Received<Types>>((resolve) => {
    this.resolve = resolve;
  });

  /** @param range default: all requests that the batch has when the exchange is sent */
  constructor(batch: EncodedBatch<Types>, range?: RequestRange) {
    this.batch = batch;
    this.#range = range;
  }

  get range(): RequestRange {
    const { count } = this.batch;
    return this.#range ?? { first: 0, count, stopOnError: false, isTimed: false };
  }
}

/** The exchange that calls join until it is sent. */
export interface OpenExchange<Types extends ClientTypes> {
  readonly batch: EncodedBatch<Types>;
  readonly promises: CallPromises;
  /** The spans of its calls if calls are traced; undefined for calls of routines. */
  readonly spans: (CallSpan | undefined)[] | undefined;
}
