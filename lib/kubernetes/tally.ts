/**
 * Values that several Services may ask for: counted, so that the last one takes them away.
 * @module
 */

/** A multiset of texts, most of which are there once. */
export class Tally {
  readonly #values = new Set<string>();
  /** The further occurrences of each value that occurs more than once. */
  readonly #others = new Map<string, number>();
  #sorted: readonly string[] | undefined;

  get isEmpty(): boolean {
    return this.#values.size === 0;
  }

  add(value: string): void {
    const { size } = this.#values;
    this.#values.add(value);
    if (this.#values.size > size) this.#sorted = undefined;
    else this.#others.set(value, (this.#others.get(value) ?? 0) + 1);
  }

  remove(value: string): void {
    const others = this.#others.get(value) ?? 0;
    if (others > 1) this.#others.set(value, others - 1);
    else if (others === 1) this.#others.delete(value);
    else if (this.#values.delete(value)) this.#sorted = undefined;
  }

  /** The values, each once, sorted. It stays the same array until a value comes or goes. */
  get values(): readonly string[] {
    this.#sorted ??= [...this.#values].sort();
    return this.#sorted;
  }
}
