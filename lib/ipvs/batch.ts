/**
 * Many operations as one unit.
 * @module
 */

import { checkBoolean, readOptions } from '../core/check.js';
import { IpvsError } from '../core/errors.js';
import { describePlace, isInputError, wrongType, wrongValue } from '../core/input-errors.js';
import { checkSignal } from '../core/signals.js';
import { beginAtCaller, isKept, keepStack } from '../core/stack.js';
import { MAX_REQUESTS, Packed, type Protocol } from '../queue/packed.js';
import type { Collected } from '../queue/queue.js';
import type { Place } from '../queue/returns.js';
import type { Sending } from '../queue/shipment.js';
import type { Call } from './calls.js';
import { Operations } from './operations.js';
import type { RequestBuffer } from './request-buffer.js';
import type { Results } from './results.js';

/** Options of {@link Ipvs.batch}. */
export interface BatchOptions {
  /**
   * True: after an operation that failed nothing more is sent; what comes after it is rejected with ERR_IPVS_SKIPPED, whose
   * `cause` is that failure. That costs an exchange
   * with the kernel for each operation. Default false: each is carried out whatever became of the others.
   */
  readonly stopOnError?: boolean | undefined;
  /**
   * Ends it between two parts; what was not sent is rejected with the signal's reason. What was done
   * stays. While an asynchronous function adds operations, it ends the batch, and nothing is sent.
   */
  readonly signal?: AbortSignal | undefined;
}

/** What became of an operation of a batch: its value, or the error that it would have rejected with. */
export type BatchResult<Value = unknown> = PromiseSettledResult<Value>;

/** The results of a batch, in the order in which its operations were added. */
export interface BatchResults extends Array<BatchResult> {
  /**
   * The result of the operation that was added at a place, as the methods of {@link Batch} return it:
   * `const place = b.getService(service)`, and then `results.at(place)`, whose value is a service or undefined.
   */
  at<Value>(place: Place<Value>): BatchResult<Value>;
  at(index: number): BatchResult | undefined;
}

/** Adds a call to a batch. */
type Add = <Value, Args extends readonly unknown[]>(
  call: Call<Value, Args>,
  args: Args,
) => Place<Value>;

/** Lets the functions of this module alone call the constructor. */
const KEY = Symbol('Batch');

/**
 * Takes the operations of a batch: see {@link Ipvs.batch}. Each method checks its arguments at once, throws a TypeError or RangeError on bad
 * input, and returns the operation's place among the results.
 */
export class Batch extends Operations<'place'> {
  /**
   * Not for callers: {@link Ipvs.batch} makes it.
   * @internal
   */
  constructor(key: symbol, add: Add) {
    if (key !== KEY) throw new TypeError('Illegal constructor: use ipvs.batch()');
    super(add);
  }
}

type Store = Packed<RequestBuffer, Results>;

/** What adds the operations of a batch. */
type Build = (batch: Batch) => unknown;

/**
 * Collects what `build` adds: at once, unless it is asynchronous. Throws what it throws.
 * @param hasCalled tells whether the handle was called since the beginning
 * @internal
 */
export function collect(
  protocol: Protocol<RequestBuffer, Results>,
  build: Build,
  hasCalled = () => false,
): Collected<RequestBuffer, Results> {
  const stores: Store[] = [];
  let last: Store | undefined;
  let count = 0;
  let hasLeft = false;
  const add: Add = (call, args) => {
    if (hasLeft || last?.isWriting === true) {
      const why = hasLeft ? 'the batch has left already' : 'another operation is being added';
      const { operation } = call;
      const details = { code: 'ERR_IPVS_CLOSED', operation } as const;
      throw beginAtCaller(new IpvsError(`${operation}: ${why}`, details), operation);
    }
    if (last === undefined || last.isFull) {
      // One that comes after a full one is likely to be filled too.
      last = new Packed(protocol.requests(last === undefined ? undefined : MAX_REQUESTS));
      stores.push(last);
    }
    try {
      last.pack(protocol, call, args);
    } catch (error) {
      if (isInputError(error) && !isKept(error)) {
        beginAtCaller(describePlace(error, count), call.operation);
      }
      throw error;
    }
    // The place of an operation whose value is what the call reads.
    return count++ as Place<never>;
  };
  const giveUp = () => {
    hasLeft = true;
    for (const { requests, isWriting } of stores.splice(0)) {
      // A getter among the arguments has ended the batch: the call is still written to the buffer.
      if (!isWriting) protocol.release(requests);
    }
  };
  const fail = (error: unknown): never => {
    giveUp();
    throw keepStack(error);
  };
  const leave = (value: unknown, isStray: boolean) => {
    if (count === 0 && (isResult(value) || isStray)) {
      giveUp();
      throw wrongValue('build', build, UNUSED);
    }
    hasLeft = true;
    return stores.filter(({ readers, requests }) => {
      // One whose first operation was refused has none where `build` went on.
      if (readers.length === 0) protocol.release(requests);
      return readers.length > 0;
    });
  };
  let value: unknown;
  try {
    value = build(new Batch(KEY, add));
  } catch (error) {
    return fail(error);
  }
  if (!isPromise(value)) return leave(value, false);
  // An operation of the handle, although the function does not even take the batch.
  const isStray = build.length === 0 && hasCalled();
  const built = Promise.resolve(value).then((settled) => leave(settled, isStray), fail);
  return { built, giveUp };
}

const UNUSED =
  'adds nothing to the batch: call the operations of its argument, as in batch((b) => { b.addService(service); })';

/**
 * Whether `build` returned something. What an expression gives that had nothing to add is nothing:
 * `none.map((each) => b.deleteService(each))`, `isWanted && b.flush()`.
 */
function isResult(value: unknown): boolean {
  return Array.isArray(value) ? value.length > 0 : Boolean(value);
}

function isPromise(value: unknown): value is PromiseLike<unknown> {
  return typeof value === 'object' && value !== null && 'then' in value;
}

/** Checks the arguments of a batch. @internal */
export function checkBatch(build: unknown, options: unknown): [Build, Sending] {
  if (typeof build !== 'function') throw wrongType('build', build, 'a function');
  // What it takes and returns is for the caller to know.
  return [build as Build, checkBatchOptions(options)];
}

const KEYS = new Set(['stopOnError', 'signal'] as const);

/** Checks the options of a batch. @internal */
export function checkBatchOptions(options: unknown): Sending {
  const { stopOnError, signal } = readOptions(options, KEYS);
  return {
    stopOnError: stopOnError !== undefined && checkBoolean('options.stopOnError', stopOnError),
    signal: checkSignal('options.signal', signal),
  };
}
