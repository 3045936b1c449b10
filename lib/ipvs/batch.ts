/**
 * Batches: many operations that are sent together, with a result for each.
 * @module
 */

import { checkBoolean, readOptions } from '../core/check.js';
import { checkSignal } from '../core/check-signal.js';
import { IpvsError } from '../core/errors.js';
import { describePlace, isInputError, wrongType, wrongValue } from '../core/input-errors.js';
import { callOnAbort, reasonOf } from '../core/signals.js';
import { beginAtCaller, isKept, keepStack } from '../core/stack.js';
import { type BatchOutcome, type BatchRunOptions, runBatch } from '../queue/batch-chunks.js';
import { EncodedBatch, MAX_REQUESTS } from '../queue/encoded-batch.js';
import type { Place } from '../queue/returns.js';
import type { IpvsClient, IpvsQueue, IpvsTypes } from './client.js';
import { Methods } from './methods.js';
import { type IpvsOperation, operations } from './operations.js';

/** Options of {@link Ipvs.batch}. */
export interface BatchOptions {
  /**
   * If true, stops after the first operation that fails. The later ones are rejected with
   * ERR_IPVS_SKIPPED, whose `cause` is the error of the failed operation. That takes an exchange
   * with the kernel for each operation, and each `updateDestination` lists all destinations of its
   * service. Default: false, every operation is executed, whatever the results of the others.
   */
  readonly stopOnError?: boolean | undefined;
  /**
   * Ends the batch between two chunks when it is aborted. Operations that were not sent are
   * rejected with the reason of the signal. Changes that were made stay. If the signal is aborted
   * while an asynchronous function adds operations, nothing is sent.
   */
  readonly signal?: AbortSignal | undefined;
}

/** The result of an operation of a batch: its value, or the error with which it failed. */
export type BatchResult<Value = unknown> = PromiseSettledResult<Value>;

/** The results of a batch, in the order in which its operations were added. */
export interface BatchResults extends Array<BatchResult> {
  /**
   * Returns the result of the operation at a place. The methods of {@link Batch} return the places:
   * after `const place = b.getService(service)`, the value of `results.at(place)` is a service or
   * undefined.
   */
  at<Value>(place: Place<Value>): BatchResult<Value>;
  at(index: number): BatchResult | undefined;
}

/** Adds an operation to a batch. */
type Add = <Value, Args extends readonly unknown[]>(
  operation: IpvsOperation<Value, Args>,
  args: Args,
) => Place<Value>;

/** Restricts the constructor to this module. */
const KEY = Symbol('Batch');

/**
 * Takes the operations of a batch: see {@link Ipvs.batch}. Each method checks its arguments at
 * once, and returns the place of the operation among the results.
 * @throws TypeError, RangeError: bad input
 * @throws IpvsError ERR_IPVS_CLOSED: the batch was sent, or has failed
 */
export class Batch extends Methods<'place'> {
  /**
   * Not for callers: {@link Ipvs.batch} makes it.
   * @internal
   */
  constructor(key: symbol, add: Add) {
    if (key !== KEY) throw new TypeError('Illegal constructor: use ipvs.batch()');
    super({ operations, run: add });
  }
}

/** A function that adds the operations of a batch. */
type Build = (batch: Batch) => unknown;

type Batches = readonly EncodedBatch<IpvsTypes>[];

/** Encodes the operations that a function adds to a batch. */
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

  /** Calls the function, and returns its value. */
  run(): unknown {
    try {
      return this.#build(new Batch(KEY, this.#add));
    } catch (error) {
      throw keepStack(error);
    }
  }

  readonly #add: Add = (operation, args) => {
    let last = this.#batches.at(-1);
    if (this.#isClosed || last?.isEncoding === true) throw this.#closedError(operation.name);
    if (last?.hasRoom !== true) {
      // A buffer that follows a full one is likely to become full too.
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
    // The value of the result at this place has the type of the operation's value.
    return this.#count++ as Place<never>;
  };

  #closedError(operation: string): IpvsError {
    const why = this.#isClosed ? 'the batch was sent already' : 'another operation is being added';
    const details = { code: 'ERR_IPVS_CLOSED', operation } as const;
    return beginAtCaller(new IpvsError(`${operation}: ${why}`, details), operation);
  }

  /** Refuses further operations, and discards those that were added. */
  discard(): void {
    this.#isClosed = true;
    for (const batch of this.#batches.splice(0)) batch.release();
  }

  /**
   * Refuses further operations, and returns those that were added.
   * @param value the value of `build`
   * @param isStray true if `build` has no parameter, and operations of the handle were called
   *   while it ran
   * @throws TypeError `build` added nothing, but has a value or is stray
   */
  finish(value: unknown, isStray: boolean): Batches {
    if (this.#count === 0 && (isResult(value) || isStray)) {
      this.discard();
      throw wrongValue('build', this.#build, UNUSED);
    }
    this.#isClosed = true;
    return this.#batches.splice(0).filter((batch) => {
      if (batch.count === 0) batch.release();
      return batch.count > 0;
    });
  }
}

/**
 * Calls `build`, sends the operations that it adds, and returns their results. If `build` throws,
 * nothing is sent.
 * @throws the error of `build`; IpvsError ERR_IPVS_CLOSED; the reason of a signal that is aborted
 *   while an asynchronous `build` runs
 * @internal
 */
export async function sendBatch(
  queue: IpvsQueue,
  build: Build,
  options: BatchRunOptions,
): Promise<BatchOutcome> {
  queue.checkOpen('batch');
  const before = queue.calls;
  const builder = new Builder(queue.client, build);
  // A batch that is built when the queue is closed is still sent.
  queue.begin();
  try {
    let value = builder.run();
    let isStray = false;
    if (isPromise(value)) {
      isStray = build.length === 0 && queue.calls !== before;
      value = await untilEnded(value, builder, queue, options.signal);
    }
    return await runBatch(queue, builder.finish(value, isStray), options);
  } catch (error) {
    builder.discard();
    throw error;
  } finally {
    queue.end();
  }
}

/**
 * Waits for the promise of a function that adds operations. Rejects if the signal is aborted or the
 * queue is closed first; meanwhile, close() does not wait for the batch.
 */
function untilEnded(
  promise: PromiseLike<unknown>,
  builder: Builder,
  queue: IpvsQueue,
  signal: AbortSignal | undefined,
): Promise<unknown> {
  return new Promise((resolve, reject) => {
    let isEnded = false;
    const cancels: (() => void)[] = [];
    const settle = (action: () => void) => {
      if (isEnded) return;
      isEnded = true;
      for (const cancel of cancels) cancel();
      queue.begin();
      action();
    };
    const end = (reason: unknown) =>
      settle(() => {
        // Discards at once: the function may add operations before the rejection is handled.
        builder.discard();
        reject(reason);
      });
    queue.end();
    if (signal !== undefined) cancels.push(callOnAbort(signal, end));
    if (signal?.aborted) end(reasonOf(signal));
    if (!isEnded) cancels.push(queue.onClose('batch', end));
    // A promise of another kind may settle twice, and at once.
    Promise.resolve(promise).then(
      (value) => settle(() => resolve(value)),
      (error) => end(keepStack(error)),
    );
  });
}

const UNUSED =
  'adds nothing to the batch: call the operations of its argument, ' +
  'as in batch((b) => { b.addService(service); })';

/**
 * Returns true if `build` has a value that suggests a mistake. Falsy values and empty arrays do
 * not, because expressions that had nothing to add have them: `isWanted && b.flush()`,
 * `none.map((each) => b.deleteService(each))`.
 */
function isResult(value: unknown): boolean {
  return Array.isArray(value) ? value.length > 0 : Boolean(value);
}

function isPromise(value: unknown): value is PromiseLike<unknown> {
  return typeof value === 'object' && value !== null && 'then' in value;
}

/**
 * Checks the arguments of `batch()`.
 * @throws TypeError bad input
 * @internal
 */
export function checkBatch(build: unknown, options: unknown): [Build, BatchRunOptions] {
  if (typeof build !== 'function') throw wrongType('build', build, 'a function');
  // The check cannot see the parameters of the function or its value.
  return [build as Build, checkBatchOptions(options)];
}

const KEYS = new Set(['stopOnError', 'signal'] as const);

/**
 * Checks the options of a batch.
 * @throws TypeError bad options
 * @internal
 */
export function checkBatchOptions(options: unknown): BatchRunOptions {
  const { stopOnError, signal } = readOptions(options, KEYS);
  return {
    stopOnError: stopOnError !== undefined && checkBoolean('options.stopOnError', stopOnError),
    signal: checkSignal('options.signal', signal),
  };
}
