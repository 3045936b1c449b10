/**
 * A set of weak references.
 * @module
 */

/** A set that keeps no member from being garbage-collected, and that can list its members. */
export class IterableWeakSet<Member extends object> {
  readonly #members = new Set<WeakRef<Member>>();
  readonly #references = new WeakMap<Member, WeakRef<Member>>();
  readonly #collected = new FinalizationRegistry<WeakRef<Member>>((reference) =>
    this.#forget(reference),
  );
  readonly #onEmpty: () => void;

  /** @param onEmpty called when the last member has been deleted or collected */
  constructor(onEmpty: () => void = () => undefined) {
    this.#onEmpty = onEmpty;
  }

  add(member: Member): void {
    if (this.#references.has(member)) return;
    const reference = new WeakRef(member);
    this.#references.set(member, reference);
    this.#members.add(reference);
    this.#collected.register(member, reference, member);
  }

  delete(member: Member): void {
    const reference = this.#references.get(member);
    if (reference === undefined) return;
    this.#references.delete(member);
    this.#collected.unregister(member);
    this.#forget(reference);
  }

  /** Returns the members in the order of their addition. */
  list(): Member[] {
    return [...this.#members].flatMap((reference) => reference.deref() ?? []);
  }

  #forget(reference: WeakRef<Member>): void {
    if (this.#members.delete(reference) && this.#members.size === 0) this.#onEmpty();
  }
}
