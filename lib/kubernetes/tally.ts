/**
 * Values that several Services may ask for: counted, so that the last one takes them away.
 * @module
 */

/** A multiset of texts. */
export class Tally {
  readonly #counts = new Map<string, number>();
  #sorted: readonly string[] | undefined;

  get isEmpty(): boolean {
    return this.#counts.size === 0;
  }

  add(value: string): void {
    const count = this.#counts.get(value) ?? 0;
    if (count === 0) this.#sorted = undefined;
    this.#counts.set(value, count + 1);
  }

  remove(value: string): void {
    const count = this.#counts.get(value) ?? 0;
    if (count > 1) {
      this.#counts.set(value, count - 1);
      return;
    }
    this.#counts.delete(value);
    this.#sorted = undefined;
  }

  /** The values, each once, sorted. It stays the same array until a value comes or goes. */
  get values(): readonly string[] {
    this.#sorted ??= [...this.#counts.keys()].sort();
    return this.#sorted;
  }
}
