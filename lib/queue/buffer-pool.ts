/**
 * Request buffers that are reused.
 * @module
 */

/**
 * Keeps the buffers of all handles for later use: new memory costs more than the data that is
 * written to it.
 */
export class BufferPool<Buffer extends { clear(): void }> {
  readonly #free: Buffer[] = [];
  readonly #limit: number;

  constructor(limit: number) {
    this.#limit = limit;
  }

  take(create: () => Buffer): Buffer {
    return this.#free.pop() ?? create();
  }

  give(buffer: Buffer): void {
    buffer.clear();
    if (this.#free.length < this.#limit) this.#free.push(buffer);
  }
}
