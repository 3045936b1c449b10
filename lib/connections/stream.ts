/**
 * The connection table as an async iterator.
 * @module
 */

import { CancellableIterator } from '../core/iterator.js';
import type { Connection, Part } from './connections.js';

/** Where the parts come from. */
export interface PartSource {
  readonly signal: AbortSignal | undefined;
  next(): Promise<Part>;
  close(): void;
}

/**
 * The entries of the connection table. Entries at hand are handed out without a turn of the event
 * loop, while the next part is being read. It is read and ended as {@link CancellableIterator}
 * says; closing the handle makes it reject with ERR_IPVS_CLOSED once the part that is being read
 * has been handed out, unless that was the last one.
 */
export class ConnectionStream extends CancellableIterator<Connection> {
  readonly #source: PartSource;
  #hasBegun = false;
  #part: Part | undefined;
  #place = 0;
  /** The part after this one, while it is being read. */
  #ahead: Promise<Part> | undefined;

  /**
   * Not for callers: use `ipvs.connections()`.
   * @internal
   */
  constructor(source: PartSource) {
    super();
    this.#source = source;
  }

  protected override take(): Connection | undefined {
    const part = this.#part;
    if (part === undefined) return undefined;
    if (this.#place < part.count) return part.read(this.#place++);
    if (part.last) this.end();
    return undefined;
  }

  protected override refill(): void {
    // At once: the reading is under way when next() returns, and close() waits for it.
    void this.#read();
  }

  async #read(): Promise<void> {
    try {
      this.#begin();
      if (this.ended) return;
      this.#ahead ??= this.#source.next();
      const part = await this.#ahead;
      if (this.ended) return;
      this.#part = part;
      this.#place = 0;
      this.#ahead = part.last ? undefined : this.#source.next();
      // Its failure is reported when it is awaited.
      this.#ahead?.catch(() => undefined);
    } catch (error) {
      this.fail(error);
    }
    this.serve();
  }

  #begin(): void {
    if (this.#hasBegun) return;
    this.#hasBegun = true;
    this.observe(this.#source.signal);
  }

  protected override async release(): Promise<void> {
    this.#part = undefined;
    // The file is freed when nobody reads it any more.
    if (this.#ahead !== undefined) await this.#ahead.catch(() => undefined);
    if (this.#hasBegun) this.#source.close();
  }
}
