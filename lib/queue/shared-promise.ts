/**
 * Promises that deliver the results of calls.
 * @module
 */
import { beginAtAwait } from '../core/stack.js';
import { YIELD_INTERVAL } from './slicer.js';

/** The number of calls that share a promise. As many results are decoded between two yields. */
const SHARED_BY = YIELD_INTERVAL;

/** The reactions to a shared promise, by place. Each takes the result at its place. */
const REACTIONS = Array.from({ length: SHARED_BY }, (_, place) => {
  function react(results: readonly PromiseSettledResult<unknown>[]): unknown {
    const result = results[place];
    if (result?.status === 'fulfilled') return result.value;
    throw beginAtAwait(result?.reason, react);
  }
  return react;
});

/**
 * A promise that up to 256 calls share. The promise of each call is a reaction to it, which takes
 * half the memory of a promise with functions of its own to settle it. 100,000 may be pending.
 */
class SharedPromise {
  /** The number of calls that share the promise. */
  count = 0;
  #resolve: (results: readonly PromiseSettledResult<unknown>[]) => void = () => undefined;
  readonly promise = new Promise<readonly PromiseSettledResult<unknown>[]>((resolve) => {
    this.#resolve = resolve;
  });
  readonly #results: PromiseSettledResult<unknown>[] = [];

  /** Takes the next result. With the last result, settles all promises and returns true. */
  settle(result: PromiseSettledResult<unknown>): boolean {
    const isLast = this.#results.push(result) === this.count;
    if (isLast) this.#resolve(this.#results);
    return isLast;
  }
}

/** The promises of the calls of one exchange. All are created before the first result is known. */
export class CallPromises {
  /** The last shared promise creates promises, the first one takes results. */
  #last = new SharedPromise();
  readonly #shared = [this.#last];

  /** Allocates the memory for next(), so that next() cannot fail. */
  reserve(): void {
    if (this.#last.count < SHARED_BY) return;
    this.#last = new SharedPromise();
    this.#shared.push(this.#last);
  }

  /** Returns the promise of the next call. */
  next(): Promise<unknown> {
    const last = this.#last;
    return last.promise.then(REACTIONS[last.count++]);
  }

  /** Takes the result of the next call. */
  readonly settle = (result: PromiseSettledResult<unknown>): void => {
    if (this.#shared[0]?.settle(result) === true) this.#shared.shift();
  };
}
