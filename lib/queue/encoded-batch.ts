/**
 * Encoded requests, with the decoders of their responses.
 * @module
 */
import { checkCount } from '../core/arguments.js';
import { describeInput, inputErrorCount, isInputErrorSince } from '../core/input-errors.js';
import { beginAtCaller, keepStack } from '../core/stack.js';
import type { BatchFailure, Client } from './client.js';
import type { ClientTypes } from './client-types.js';
import type { Decoder, Operation } from './operation.js';
import { resultOf } from './shared-promise.js';
import { Incremental, YIELD_INTERVAL } from './slicer.js';

/** The most requests of one buffer. Limits how long a job occupies a thread: some milliseconds. */
export const MAX_REQUESTS = 1024;

/** What came of an exchange: the response, or the reason why it failed as a whole. */
export type Received<Types extends ClientTypes> = PromiseSettledResult<Types['response']>;

export class EncodedBatch<Types extends ClientTypes> {
  readonly requests: Types['requests'];
  readonly #client: Client<Types>;
  readonly #decoders: Decoder<Types, unknown>[] = [];
  #isEncoding = false;

  /** @param capacity the number of requests that are expected */
  constructor(client: Client<Types>, capacity?: number) {
    this.#client = client;
    this.requests = client.requests(capacity);
  }

  get count(): number {
    return this.#decoders.length;
  }

  /** False also while a call is encoded: a getter among its arguments may make another call. */
  get hasRoom(): boolean {
    return !this.#isEncoding && this.#decoders.length < MAX_REQUESTS;
  }

  get isEncoding(): boolean {
    return this.#isEncoding;
  }

  /** Encodes a call. On bad input throws, and adds nothing. */
  add<Args extends readonly unknown[]>(
    operation: Operation<Types, unknown, Args>,
    args: Args,
  ): void {
    const { requests } = this;
    this.#isEncoding = true;
    const mark = inputErrorCount();
    try {
      requests.begin(operation.request);
      operation.encode(requests, ...args);
      const decoder = operation.decoder === undefined ? operation : operation.decoder(...args);
      if (args.length > operation.arity) {
        checkCount(args, { most: operation.arity, hint: operation.arityHint });
      }
      requests.commit();
      this.#decoders.push(decoder);
    } catch (error) {
      if (!isInputErrorSince(mark, error)) throw keepStack(error);
      const { name, request } = operation;
      describeInput(error, name, this.#client.target(request, requests, args));
      throw beginAtCaller(error, name);
    } finally {
      this.#isEncoding = false;
    }
  }

  /**
   * Decodes the value of the request at `index`. Throws the error of a request that failed.
   * @param place the place of the request in the response
   */
  decode(response: Types['response'], index: number, place: number): unknown {
    const decoder = this.#decoderAt(index);
    if (response.succeeded(place)) return decoder.decode(response, place);
    const { errnoValues } = decoder;
    if (errnoValues !== undefined) {
      const errno = response.refusedWith(place);
      if (errno !== undefined && errno in errnoValues) return errnoValues[errno];
    }
    throw this.#client.requestError(decoder, this.requests, index, response, place);
  }

  /** True if the response says that the request failed, and no value stands for its errno. */
  hasFailed(response: Types['response'], index: number, place: number): boolean {
    if (response.succeeded(place)) return false;
    const { errnoValues } = this.#decoderAt(index);
    const errno = response.refusedWith(place);
    return errno === undefined || !(errno in (errnoValues ?? {}));
  }

  /** The error for a request that was skipped. */
  skippedError(index: number, failure: BatchFailure): Error {
    return this.#client.skippedError(this.#decoderAt(index), this.requests, index, failure);
  }

  /**
   * Decodes the results of `count` requests from `first` on, in order, and yields now and then.
   * @param take is given each result
   * @param postpone takes a value that is decoded incrementally, and returns a promise for it;
   *   without it, such a value is decoded in its turn
   */
  *results(
    received: Received<Types>,
    first: number,
    count: number,
    take: (result: PromiseSettledResult<unknown>) => void,
    postpone?: (value: Incremental<unknown>) => Promise<unknown>,
  ): Generator<void, void> {
    for (let place = 0; place < count; place++) {
      let result: PromiseSettledResult<unknown>;
      try {
        if (received.status === 'rejected')
          throw this.#exchangeError(received.reason, first + place);
        let value = this.decode(received.value, first + place, place);
        if (value instanceof Incremental) value = postpone?.(value) ?? (yield* value);
        result = resultOf(value);
      } catch (reason) {
        result = { status: 'rejected', reason };
      }
      take(result);
      if (place % YIELD_INTERVAL === YIELD_INTERVAL - 1) yield;
    }
  }

  #exchangeError(error: unknown, index: number): Error {
    return this.#client.exchangeError(error, this.#decoderAt(index).name);
  }

  #decoderAt(index: number): Decoder<Types, unknown> {
    // There is one for each request.
    return this.#decoders[index] as Decoder<Types, unknown>;
  }

  /** Gives the buffer back, unless a getter has ended the batch while its call is encoded. */
  release(): void {
    if (!this.#isEncoding) this.#client.release(this.requests);
  }
}
