/**
 * Buffers that are used again.
 * @module
 */

/** Keeps some buffers, for whatever handle: fresh memory costs more than what is written to it. */
export class Pool<Buffer extends { clear(): void }> {
  readonly #spare: Buffer[] = [];
  readonly #most: number;

  constructor(most: number) {
    this.#most = most;
  }

  take(make: () => Buffer): Buffer {
    return this.#spare.pop() ?? make();
  }

  give(buffer: Buffer): void {
    buffer.clear();
    if (this.#spare.length < this.#most) this.#spare.push(buffer);
  }
}
