/**
 * Many operations as one unit.
 * @module
 */

import { checkBoolean, readOptions } from '../core/check.js';
import { IpvsError } from '../core/errors.js';
import { describePlace, isInputError, wrongType, wrongValue } from '../core/input-errors.js';
import { callOnAbort, checkSignal, reasonOf } from '../core/signals.js';
import { beginAtCaller, isKept, keepStack } from '../core/stack.js';
import { type BatchRunOptions, runBatch } from '../queue/batch-run.js';
import { EncodedBatch, MAX_REQUESTS } from '../queue/encoded-batch.js';
import type { Place } from '../queue/returns.js';
import type { IpvsClient, IpvsQueue, IpvsTypes } from './client.js';
import { Operations } from './methods.js';
import type { IpvsOperation } from './operations.js';

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

/** Adds an operation to a batch. */
type Add = <Value, Args extends readonly unknown[]>(
  operation: IpvsOperation<Value, Args>,
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

/** The function that adds the operations of a batch. */
type Build = (batch: Batch) => unknown;

type Batches = readonly EncodedBatch<IpvsTypes>[];

/** The operations that a function adds to a batch. */
class Builder {
  readonly #client: IpvsClient;
  readonly #build: Build;
  readonly #batches: EncodedBatch<IpvsTypes>[] = [];
  #count = 0;
  #isClosed = false;

  constructor(client: IpvsClient, build: Build) {
    this.#client = client;
    this.#build = build;
  }

  /** Calls the function, and returns what it returns. */
  run(): unknown {
    try {
      return this.#build(new Batch(KEY, this.#add));
    } catch (error) {
      throw keepStack(error);
    }
  }

  readonly #add: Add = (operation, args) => {
    let last = this.#batches.at(-1);
    if (this.#isClosed || last?.isEncoding === true) throw this.#refusal(operation.name);
    if (last?.hasRoom !== true) {
      // A buffer that follows a full one is likely to be filled too.
      last = new EncodedBatch(this.#client, last && MAX_REQUESTS);
      this.#batches.push(last);
    }
    try {
      last.add(operation, args);
    } catch (error) {
      if (isInputError(error) && !isKept(error)) {
        beginAtCaller(describePlace(error, this.#count), operation.name);
      }
      throw error;
    }
    // The value at this place is of the operation's type.
    return this.#count++ as Place<never>;
  };

  #refusal(operation: string): IpvsError {
    const why = this.#isClosed ? 'the batch has left already' : 'another operation is being added';
    const details = { code: 'ERR_IPVS_CLOSED', operation } as const;
    return beginAtCaller(new IpvsError(`${operation}: ${why}`, details), operation);
  }

  /** Refuses further operations, and forgets those that were added. */
  discard(): void {
    this.#isClosed = true;
    for (const batch of this.#batches.splice(0)) batch.release();
  }

  /**
   * Refuses further operations, and returns those that were added.
   * @param value what `build` returned
   * @param isStray true if `build` made a call of the handle without taking the batch
   */
  finish(value: unknown, isStray: boolean): Batches {
    if (this.#count === 0 && (isResult(value) || isStray)) {
      this.discard();
      throw wrongValue('build', this.#build, UNUSED);
    }
    this.#isClosed = true;
    return this.#batches.filter((batch) => {
      if (batch.count === 0) batch.release();
      return batch.count > 0;
    });
  }
}

/**
 * Calls `build`, sends the operations that it adds, and returns their results. Rejects with what
 * `build` throws; nothing is sent then.
 * @internal
 */
export async function sendBatch(
  queue: IpvsQueue,
  client: IpvsClient,
  build: Build,
  options: BatchRunOptions,
): Promise<PromiseSettledResult<unknown>[]> {
  queue.checkOpen('batch');
  const before = queue.calls;
  const builder = new Builder(client, build);
  let batches: Batches;
  try {
    const value = builder.run();
    if (isPromise(value)) {
      const isStray = build.length === 0 && queue.calls !== before;
      const settled = await untilEnded(value, builder, queue, options.signal);
      batches = builder.finish(settled, isStray);
    } else {
      batches = builder.finish(value, false);
    }
  } catch (error) {
    builder.discard();
    throw error;
  }
  return queue.task('batch', () => runBatch(queue, batches, options));
}

/**
 * Waits for the promise of a function that adds operations. Rejects if the signal is aborted or the queue is closed before, which does
 * not wait for it.
 */
function untilEnded(
  promise: PromiseLike<unknown>,
  builder: Builder,
  queue: IpvsQueue,
  signal: AbortSignal | undefined,
): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const cancels: (() => void)[] = [];
    const cancel = () => {
      for (const each of cancels) each();
    };
    const end = (reason: unknown) => {
      cancel();
      // At once: the promise may add operations before its rejection is noticed.
      builder.discard();
      reject(reason);
    };
    cancels.push(queue.onClose(end));
    if (signal !== undefined) cancels.push(callOnAbort(signal, end));
    if (signal?.aborted) end(reasonOf(signal));
    promise.then(
      (value) => {
        cancel();
        resolve(value);
      },
      (error) => end(keepStack(error)),
    );
  });
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
export function checkBatch(build: unknown, options: unknown): [Build, BatchRunOptions] {
  if (typeof build !== 'function') throw wrongType('build', build, 'a function');
  // Its parameters and its value are the caller's.
  return [build as Build, checkBatchOptions(options)];
}

const KEYS = new Set(['stopOnError', 'signal'] as const);

/** Checks the options of a batch. @internal */
export function checkBatchOptions(options: unknown): BatchRunOptions {
  const { stopOnError, signal } = readOptions(options, KEYS);
  return {
    stopOnError: stopOnError !== undefined && checkBoolean('options.stopOnError', stopOnError),
    signal: checkSignal('options.signal', signal),
  };
}
