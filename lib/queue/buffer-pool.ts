/**
 * A pool of request buffers.
 * @module
 */

/**
 * Keeps the buffers of all handles for later use, because fresh memory costs more than the data
 * that is written to it.
 */
export class BufferPool<Buffer extends { clear(): void }> {
  readonly #free: Buffer[] = [];
  readonly #limit: number;

  /** @param limit the most buffers that are kept */
  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Returns a buffer of the pool or, if the pool is empty, a new one. */
  take(create: () => Buffer): Buffer {
    return this.#free.pop() ?? create();
  }

  /** Clears a buffer, and keeps it if the pool is not full. */
  give(buffer: Buffer): void {
    buffer.clear();
    if (this.#free.length < this.#limit) this.#free.push(buffer);
  }
}
