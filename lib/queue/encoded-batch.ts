/**
 * Batches of encoded requests, with the decoders of their responses.
 * @module
 */
import { checkCount } from '../core/arguments.js';
import { describeInput, inputErrors, isInputErrorSince } from '../core/input-errors.js';
import { beginAtCaller, keepStack } from '../core/stack.js';
import type { FailedResult } from '../native/request-error.js';
import type { Client } from './client.js';
import type { ClientTypes } from './client-types.js';
import { Incremental } from './incremental.js';
import type { Decoder, Operation } from './operation.js';
import { NO_VALUE } from './results.js';
import { YIELD_INTERVAL } from './slicer.js';

/**
 * The most requests of one buffer, which occupy a thread of the pool for some milliseconds. The
 * last call may exceed it if it has several requests.
 */
export const MAX_REQUESTS = 2048;

/**
 * The values that are decoded in the time of an error, which has a stack and may say why the kernel
 * lacks a module.
 */
const FAILURE_COST = 32;

/** The result of an exchange: the response, or the reason why the exchange failed as a whole. */
export type Received<Types extends ClientTypes> = PromiseSettledResult<Types['response']>;

/** Encoded requests that fit into one buffer, with the decoders of their responses. */
export class EncodedBatch<Types extends ClientTypes> {
  readonly requests: Types['requests'];
  readonly #client: Client<Types>;
  /** The decoders by request. Has its expected length: an array that grows is copied. */
  readonly #decoders: Decoder<Types, unknown>[];
  readonly #isOwn: boolean;
  #isEncoding = false;

  /**
   * @param capacity the expected number of requests
   * @param requests the buffer of the requests. Default: one of the client, which gets it back
   */
  constructor(client: Client<Types>, capacity?: number, requests?: Types['requests']) {
    this.#client = client;
    this.#decoders = new Array(capacity ?? 0);
    this.#isOwn = requests === undefined;
    this.requests = requests ?? client.requests(capacity);
  }

  /**
   * Returns a batch of requests that are encoded already.
   * @param decoderOf returns the decoder of a request
   */
  static of<Types extends ClientTypes>(
    client: Client<Types>,
    requests: Types['requests'],
    decoderOf: (index: number) => Decoder<Types, unknown>,
  ): EncodedBatch<Types> {
    const batch = new EncodedBatch(client, requests.count, requests);
    for (let index = 0; index < requests.count; index++) batch.#decoders[index] = decoderOf(index);
    return batch;
  }

  /** The number of requests that were added: for most calls, one. */
  get count(): number {
    return this.requests.count;
  }

  /**
   * False if the buffer is full, and while a call is encoded: a getter among its arguments may make
   * another call.
   */
  get hasRoom(): boolean {
    return !this.#isEncoding && this.requests.count < MAX_REQUESTS;
  }

  /** True while a call is encoded. */
  get isEncoding(): boolean {
    return this.#isEncoding;
  }

  /**
   * Encodes a call, and adds it.
   * @throws TypeError, RangeError: bad input; nothing is added
   */
  add<Args extends readonly unknown[]>(
    operation: Operation<Types, unknown, Args>,
    args: Args,
  ): void {
    const { requests } = this;
    this.#isEncoding = true;
    const mark = inputErrors.count;
    const first = requests.count;
    try {
      requests.begin(operation.request);
      operation.encode(requests, ...args);
      const decoder = operation.decoder === undefined ? operation : operation.decoder(...args);
      if (args.length > operation.arity) {
        checkCount(args, { most: operation.arity, hint: operation.arityHint });
      }
      requests.commit();
      // Each request has a decoder, so that it can be found by the place of the request.
      for (let index = first; index < requests.count; index++) this.#decoders[index] = decoder;
    } catch (error) {
      requests.discard(first);
      if (!isInputErrorSince(mark, error)) throw keepStack(error);
      const { name, request } = operation;
      describeInput(error, name, this.#client.target(request, requests, first, args));
      throw beginAtCaller(error, name);
    } finally {
      this.#isEncoding = false;
    }
  }

  /**
   * Decodes the value of a request.
   * @param index the place of the request in the batch
   * @param place the place of the request in the response
   * @throws IpvsError the request failed, and no value stands for its errno
   */
  decode(response: Types['response'], index: number, place: number): unknown {
    const decoder = this.#decoderAt(index);
    if (decoder.requests !== undefined) {
      return decoder.decode(response, place, this.#errorsOf(response, index - place));
    }
    if (response.succeeded(place)) return decoder.decode(response, place);
    const errno = errnoWithValue(decoder, response, place);
    if (errno !== undefined) return decoder.errnoValues?.[errno];
    throw this.#errorsOf(response, index - place)(place);
  }

  /**
   * Returns a function that returns the error of the request at a place of the response.
   * @param offset the place in the batch of the first request of the response
   */
  #errorsOf(response: Types['response'], offset: number): (place: number) => Error {
    return (place) => {
      const decoder = this.#decoderAt(offset + place);
      return this.#client.requestError(
        decoder,
        this.requests,
        offset + place,
        response.result(place),
      );
    };
  }

  /** Returns true if a request failed, and no value stands for its errno. */
  hasFailed(response: Types['response'], index: number, place: number): boolean {
    if (response.succeeded(place)) return false;
    return errnoWithValue(this.#decoderAt(index), response, place) === undefined;
  }

  /** Returns the error for a request that was skipped after a failed operation of its batch. */
  skippedError(index: number, failure: NonNullable<FailedResult['failure']>): Error {
    const result = { status: 'skipped', errno: 0, text: '', creating: false, failure };
    return this.#client.requestError(this.#decoderAt(index), this.requests, index, result);
  }

  /**
   * Decodes the results of the calls of `count` requests, in order, and yields after every 256. The
   * items of a list count as results, and an error as 32.
   * @param first the index of the first of these requests
   * @param take receives each result
   * @param postpone receives a value that is decoded incrementally, and returns a promise for it.
   *   Default: the value is decoded in order
   */
  *results(
    received: Received<Types>,
    first: number,
    count: number,
    take: (result: PromiseSettledResult<unknown>) => void,
    postpone?: (value: Incremental<unknown>) => Promise<unknown>,
  ): Generator<void, void> {
    let decoded = 0;
    for (let place = 0; place < count; ) {
      let result: PromiseSettledResult<unknown>;
      const decoder = this.#decoderAt(first + place);
      try {
        if (received.status === 'rejected') {
          throw this.#client.exchangeError(received.reason, decoder.name);
        }
        const response = received.value;
        let value = response.isEmpty
          ? decoder.decode(response, place)
          : this.decode(response, first + place, place);
        if (value === undefined) {
          result = NO_VALUE;
        } else {
          if (value instanceof Incremental) value = postpone?.(value) ?? (yield* value);
          result = { status: 'fulfilled', value };
          if (Array.isArray(value)) decoded += value.length;
        }
      } catch (reason) {
        result = { status: 'rejected', reason };
        decoded += FAILURE_COST - 1;
      }
      take(result);
      place += decoder.requests ?? 1;
      if (++decoded < YIELD_INTERVAL) continue;
      decoded = 0;
      yield;
    }
  }

  #decoderAt(index: number): Decoder<Types, unknown> {
    // Each request has a decoder.
    return this.#decoders[index] as Decoder<Types, unknown>;
  }

  /** Gives the buffer back, unless a getter ends the batch while its call is encoded. */
  release(): void {
    if (this.#isOwn && !this.#isEncoding) this.#client.release(this.requests);
  }
}

/** Returns the errno with which the kernel refused a request, if a value stands for it. */
function errnoWithValue<Types extends ClientTypes>(
  { errnoValues }: Decoder<Types, unknown>,
  response: Types['response'],
  place: number,
): string | undefined {
  if (errnoValues === undefined) return undefined;
  const errno = response.refusedWith(place);
  return errno !== undefined && errno in errnoValues ? errno : undefined;
}
