/**
 * The connection table as an async iterator.
 * @module
 */
import type { Connection, Part } from './connections.js';

/** Where the parts come from. */
export interface PartSource {
  readonly signal: AbortSignal | undefined;
  next(): Promise<Part>;
  close(): void;
}

const DONE: IteratorReturnResult<undefined> = { value: undefined, done: true };

/**
 * The entries of the connection table. What is at hand is given out without a turn of the event loop, while the next part is being read.
 * Leaving a `for await` loop, `return()` and `await using` end the reading.
 */
export class ConnectionStream implements AsyncIterableIterator<Connection, undefined, undefined> {
  readonly #open: () => PartSource;
  #source: PartSource | undefined;
  #part: Part | undefined;
  #place = 0;
  /** The part after this one, on its way. */
  #ahead: Promise<Part> | undefined;
  /** Calls of next() that wait for it, one behind the other. */
  #advancing: Promise<unknown> | undefined;
  #ended = false;

  /** Not for callers: use `ipvs.connections()`. What `open` throws, the first next() rejects with. @internal */
  constructor(open: () => PartSource) {
    this.#open = open;
  }

  /** The stream itself: it is read once. */
  [Symbol.asyncIterator](): this {
    return this;
  }

  /** The next entry. */
  next(): Promise<IteratorResult<Connection, undefined>> {
    if (this.#ended && this.#advancing === undefined) return Promise.resolve(DONE);
    const part = this.#part;
    const atHand =
      !this.#ended &&
      part !== undefined &&
      this.#place < part.count &&
      !this.#source?.signal?.aborted;
    if (atHand && this.#advancing === undefined) {
      return Promise.resolve({ value: part.read(this.#place++), done: false });
    }
    const advanced = this.#advance(this.#advancing);
    this.#advancing = advanced;
    // Where nobody waits behind this call, the entries at hand may be given out at once again.
    const settle = () => {
      if (this.#advancing === advanced) this.#advancing = undefined;
    };
    advanced.then(settle, settle);
    return advanced;
  }

  /** Ends the reading, and frees what it holds. */
  async return(): Promise<IteratorResult<Connection, undefined>> {
    this.#ended = true;
    // A reading that is under way is the last.
    await this.#advancing?.catch(() => undefined);
    await this.#end();
    return DONE;
  }

  /** {@link return}, for `await using`. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.return();
  }

  async #advance(
    before: Promise<unknown> | undefined,
  ): Promise<IteratorResult<Connection, undefined>> {
    // Without a wait where there is nobody to wait for: the reading is under way when next() returns, and close() knows of it.
    if (before !== undefined) await before.catch(() => undefined);
    try {
      const connection = this.#ended ? undefined : await this.#read();
      if (connection !== undefined) return { value: connection, done: false };
    } catch (error) {
      await this.#end();
      throw error;
    }
    await this.#end();
    return DONE;
  }

  /** The next entry, from the next part that has one; undefined at the end of the table. */
  async #read(): Promise<Connection | undefined> {
    this.#source ??= this.#open();
    const source = this.#source;
    for (;;) {
      source.signal?.throwIfAborted();
      if (this.#part !== undefined && this.#place < this.#part.count) {
        return this.#part.read(this.#place++);
      }
      if (this.#part?.last) return undefined;
      this.#part = await (this.#ahead ?? source.next());
      this.#place = 0;
      this.#ahead = undefined;
      if (this.#ended) return undefined;
      this.#ahead = this.#part.last ? undefined : source.next();
      // Its failure is reported where it is awaited.
      this.#ahead?.catch(() => undefined);
    }
  }

  async #end(): Promise<void> {
    this.#ended = true;
    this.#part = undefined;
    const source = this.#source;
    this.#source = undefined;
    // The file is freed when nobody reads it any more.
    await this.#ahead?.catch(() => undefined);
    this.#ahead = undefined;
    source?.close();
  }
}
