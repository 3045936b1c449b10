/**
 * Results of calls, and the promises that deliver them.
 * @module
 */
import { beginAtAwait } from '../core/stack.js';
import { YIELD_INTERVAL } from './slicer.js';

/** The result of every operation without a value: a batch may have many of them. */
const NO_VALUE: PromiseFulfilledResult<undefined> = Object.freeze({
  status: 'fulfilled',
  value: undefined,
});

/** Returns the result of an operation that succeeded. */
export function resultOf(value: unknown): PromiseFulfilledResult<unknown> {
  return value === undefined ? NO_VALUE : { status: 'fulfilled', value };
}

/** Returns the value of a result. Throws the reason of a rejected one. */
export function fulfilledValue<Value>(result: PromiseSettledResult<Value> | undefined): Value {
  if (result?.status === 'fulfilled') return result.value;
  throw result?.reason;
}

/** As many promises share one as results are decoded between two yields. */
const SHARED_BY = YIELD_INTERVAL;

/** By place, the reaction that takes its result from those of a shared promise. */
const REACTIONS = Array.from({ length: SHARED_BY }, (_, place) => {
  function react(results: readonly PromiseSettledResult<unknown>[]): unknown {
    const result = results[place];
    if (result?.status === 'fulfilled') return result.value;
    throw beginAtAwait(result?.reason, react);
  }
  return react;
});

/**
 * A promise that up to 256 calls share: the promise of each is a reaction to it. A promise with
 * functions of its own to settle it takes twice as much memory, and 100,000 may be pending.
 */
class SharedPromise {
  #count = 0;
  readonly #results: PromiseSettledResult<unknown>[] = [];
  #resolve: (results: readonly PromiseSettledResult<unknown>[]) => void = () => undefined;
  readonly #promise = new Promise<readonly PromiseSettledResult<unknown>[]>((resolve) => {
    this.#resolve = resolve;
  });

  get isFull(): boolean {
    return this.#count === SHARED_BY;
  }

  next(): Promise<unknown> {
    return this.#promise.then(REACTIONS[this.#count++]);
  }

  /** Takes the next result. With the last one, settles all promises and returns true. */
  settle(result: PromiseSettledResult<unknown>): boolean {
    const isLast = this.#results.push(result) === this.#count;
    if (isLast) this.#resolve(this.#results);
    return isLast;
  }
}

/** The promises of the calls of one exchange. All are made before the first result is known. */
export class CallPromises {
  /** The last one makes promises, the first one gets results. */
  readonly #shared: SharedPromise[] = [];

  /** Allocates what next() needs, so that next() cannot fail. */
  reserve(): void {
    if (this.#shared.at(-1)?.isFull ?? true) this.#shared.push(new SharedPromise());
  }

  /** Returns the promise of the next call. */
  next(): Promise<unknown> {
    return this.#shared.at(-1)?.next() ?? Promise.reject(new Error('reserve() comes first'));
  }

  /** Takes the result of the next call. */
  readonly settle = (result: PromiseSettledResult<unknown>): void => {
    if (this.#shared[0]?.settle(result) === true) this.#shared.shift();
  };
}
