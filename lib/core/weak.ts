/**
 * References that keep nothing alive, and what the abortion of a signal ends.
 * @module
 */
import { keepStack } from './caller.js';

/** A set whose members may be garbage-collected, and are then gone. */
export class WeakMembers<Member extends object> {
  readonly #members = new Set<WeakRef<Member>>();
  readonly #references = new WeakMap<Member, WeakRef<Member>>();
  readonly #collected = new FinalizationRegistry<WeakRef<Member>>((reference) =>
    this.#forget(reference),
  );
  readonly #onEmpty: () => void;

  /** @param onEmpty is called when the last member is gone */
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

  /** The members that are left, in the order of their addition. */
  list(): Member[] {
    return [...this.#members].flatMap((reference) => reference.deref() ?? []);
  }

  #forget(reference: WeakRef<Member>): void {
    if (this.#members.delete(reference) && this.#members.size === 0) this.#onEmpty();
  }
}

/** What an aborted signal ends. */
interface Abortable {
  abort(reason: unknown): void;
}

const abortables = new WeakMap<AbortSignal, WeakMembers<Abortable>>();
/** What a signal keeps alive until it is taken back. */
const held = new WeakMap<AbortSignal, Set<Abortable>>();

/** The reason of an aborted signal. Its stack stays as it is, also where this package has made it. */
export function reasonOf(signal: AbortSignal): unknown {
  return keepStack(signal.reason);
}

/** Throws the reason of a signal that is aborted. */
export function throwIfAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw reasonOf(signal);
}

/**
 * Ends `target` when `signal` is aborted. The signal does not keep the target alive, and has one
 * listener for all of its targets, which is removed with the last of them.
 * @returns takes it back
 */
export function endOnAbort(signal: AbortSignal, target: Abortable): () => void {
  const targets = abortables.get(signal) ?? listenTo(signal);
  targets.add(target);
  return () => targets.delete(target);
}

/**
 * Calls `abort` with the reason when `signal` is aborted. Unlike {@link endOnAbort}, the signal
 * keeps it alive until it is taken back: a promise that only it settles is awaited by somebody.
 * @returns takes it back
 */
export function callOnAbort(signal: AbortSignal, abort: (reason: unknown) => void): () => void {
  const target = { abort };
  const targets = held.get(signal) ?? new Set();
  held.set(signal, targets.add(target));
  const forget = endOnAbort(signal, target);
  return () => {
    targets.delete(target);
    forget();
  };
}

function listenTo(signal: AbortSignal): WeakMembers<Abortable> {
  const listener = () => {
    for (const target of targets.list()) target.abort(reasonOf(signal));
  };
  const targets = new WeakMembers<Abortable>(() => {
    signal.removeEventListener('abort', listener);
    abortables.delete(signal);
  });
  abortables.set(signal, targets);
  signal.addEventListener('abort', listener);
  return targets;
}
