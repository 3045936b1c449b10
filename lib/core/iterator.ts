/**
 * The base class of the async iterators of this package, with one set of rules for how they are
 * read and how they end.
 * @module
 */

import { endOnAbort, reasonOf } from './signals.js';
import { withAwaitStack } from './stack.js';

/** A pending call of next(). */
interface PendingNext<Item> {
  resolve(result: IteratorResult<Item, undefined>): void;
  reject(error: unknown): void;
}

/** Keeps iterators with pending calls alive: nothing else may refer to them. */
const awaited = new Set<CancellableIterator<unknown>>();

const DONE: IteratorReturnResult<undefined> = { value: undefined, done: true };

/**
 * An async iterator that can be ended at any moment, also while calls of `next()` are pending. It
 * is read once. Bad options and a closed handle throw where it is asked for, not at its first
 * `next()`.
 *
 * - Calls of `next()` need not wait for one another: each gets an item of its own, in the order of
 *   the calls.
 * - `return()`, `await using` and leaving a `for await` loop end it at once: every pending `next()`
 *   resolves to done. `throw(error)` does the same, and rejects with that error.
 * - Aborting its signal ends it at once: every pending `next()` rejects with the signal's reason;
 *   if none is pending, the next call does. A failure ends it in the same way, with its error.
 * - Closing the handle ends a watcher as `return()` does. A {@link ConnectionStream} rejects with
 *   ERR_IPVS_CLOSED if parts of the table are missing, because a table that was cut short must not
 *   look complete.
 * - After the end `next()` resolves to done, and nothing has an effect any more. No listener is
 *   left on the signal.
 * - The signal keeps no iterator from being garbage-collected, and has one listener however many it
 *   ends.
 */
export abstract class CancellableIterator<Item>
  implements AsyncIterableIterator<Item, undefined, undefined>, AsyncDisposable
{
  readonly #pending: PendingNext<Item>[] = [];
  #ended = false;
  /** The error that ended the iterator, until a call is rejected with it. */
  #failure: { readonly error: unknown } | undefined;
  #released: Promise<void> | undefined;
  readonly #abortable = { abort: (reason: unknown) => this.fail(reason) };
  #forgetSignal: (() => void) | undefined;

  /**
   * Returns the next item that is available, or undefined. It may end the iterator, and ends it
   * with an error by throwing it.
   */
  protected abstract take(): Item | undefined;

  /**
   * Gets more items, and then calls {@link serve}. It is called when a call becomes pending, and
   * after {@link serve} while calls are still pending.
   */
  protected abstract refill(): void;

  /**
   * Frees the resources. It is called once. `return()` waits for its promise, which must not
   * reject.
   */
  protected abstract release(): Promise<void> | void;

  /** True after the end. */
  protected get ended(): boolean {
    return this.#ended;
  }

  /** Ends the iterator when the signal is aborted. The iterator must not have ended before. */
  protected observe(signal: AbortSignal | undefined): void {
    if (signal?.aborted) this.fail(reasonOf(signal));
    else this.#forgetSignal = signal && endOnAbort(signal, this.#abortable);
  }

  /** Resolves pending calls with the items that are available. */
  protected serve(): void {
    while (this.#pending.length > 0) {
      const value = this.#take();
      if (value === undefined) break;
      this.#pending.shift()?.resolve({ value, done: false });
    }
    if (this.#pending.length > 0) this.refill();
    else awaited.delete(this);
  }

  /** Ends the iterator with an error. */
  protected fail(error: unknown): void {
    if (this.#ended) return;
    const pending = this.#pending.splice(0);
    if (pending.length === 0) this.#failure = { error };
    this.end();
    for (const { reject } of pending) reject(error);
  }

  /** Ends the iterator: every pending `next()` resolves to done. */
  protected end(): void {
    if (this.#ended) return;
    this.#ended = true;
    awaited.delete(this);
    this.#forgetSignal?.();
    this.#released = this.release() ?? undefined;
    for (const { resolve } of this.#pending.splice(0)) resolve(DONE);
  }

  #take(): Item | undefined {
    if (this.#ended) return undefined;
    try {
      return this.take();
    } catch (error) {
      this.fail(error);
      return undefined;
    }
  }

  /** The iterator itself. */
  [Symbol.asyncIterator](): this {
    return this;
  }

  /** The next item. */
  next(): Promise<IteratorResult<Item, undefined>> {
    if (this.#pending.length === 0) {
      // Resolves at once if an item is available.
      const value = this.#take();
      if (value !== undefined) return Promise.resolve({ value, done: false });
    }
    if (this.#failure !== undefined) {
      const { error } = this.#failure;
      this.#failure = undefined;
      return withAwaitStack(Promise.reject(error));
    }
    if (this.#ended) return Promise.resolve(DONE);
    const result = new Promise<IteratorResult<Item, undefined>>((resolve, reject) => {
      this.#pending.push({ resolve, reject });
      awaited.add(this);
      if (this.#pending.length === 1) this.refill();
    });
    return withAwaitStack(result);
  }

  /** Ends the iterator, and resolves when its resources are freed. */
  async return(): Promise<IteratorReturnResult<undefined>> {
    this.#failure = undefined;
    this.end();
    await this.#released;
    return DONE;
  }

  /** Ends the iterator as {@link return} does, and rejects with `error`. */
  async throw(error?: unknown): Promise<IteratorReturnResult<undefined>> {
    await this.return();
    throw error;
  }

  /** {@link return}, for `await using`. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.return();
  }
}
