/**
 * Ending what an abort signal aborts.
 * @module
 */

import { IterableWeakSet } from './iterable-weak-set.js';
import { keepStack } from './stack.js';

/** A target that an aborted signal ends. */
interface Abortable {
  abort(reason: unknown): void;
}

const abortables = new WeakMap<AbortSignal, IterableWeakSet<Abortable>>();
/** The targets that a signal keeps alive until they are cancelled. */
const held = new WeakMap<AbortSignal, Set<Abortable>>();

/** Returns the reason of an aborted signal, and protects its stack: the caller knows it. */
export function reasonOf(signal: AbortSignal): unknown {
  return keepStack(signal.reason);
}

/** Throws the reason of the signal if it is aborted. */
export function throwIfAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw reasonOf(signal);
}

/**
 * Ends `target` when `signal` is aborted. The signal does not keep the target alive, and has one
 * listener for all of its targets, which is removed with the last of them.
 * @returns a function that cancels this
 */
export function endOnAbort(signal: AbortSignal, target: Abortable): () => void {
  const targets = abortables.get(signal) ?? listenTo(signal);
  targets.add(target);
  return () => targets.delete(target);
}

/**
 * Calls `abort` with the reason when `signal` is aborted. Unlike with {@link endOnAbort}, the
 * signal keeps `abort` alive until this is cancelled, because somebody may await a promise that
 * only `abort` settles.
 * @returns a function that cancels this
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

function listenTo(signal: AbortSignal): IterableWeakSet<Abortable> {
  const listener = () => {
    for (const target of targets.list()) target.abort(reasonOf(signal));
  };
  const targets = new IterableWeakSet<Abortable>(() => {
    signal.removeEventListener('abort', listener);
    abortables.delete(signal);
  });
  abortables.set(signal, targets);
  signal.addEventListener('abort', listener);
  return targets;
}
