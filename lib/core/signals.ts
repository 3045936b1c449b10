/**
 * Abort signals: checking them, and ending what they abort.
 * @module
 */

import { wrongType } from './input-errors.js';
import { IterableWeakSet } from './iterable-weak-set.js';
import { keepStack } from './stack.js';

/** Checks an optional AbortSignal. @internal */
export function checkSignal(property: string, value: unknown): AbortSignal | undefined {
  if (value === undefined || isSignal(value)) return value;
  throw wrongType(property, value, 'an AbortSignal');
}

const SIGNAL_METHODS = ['addEventListener', 'removeEventListener', 'throwIfAborted'] as const;

/**
 * Returns true for an AbortSignal, also for one of another realm, as test runners have them. An
 * object that only has a property `aborted` is refused: it would never report that it is aborted,
 * or would keep the listener.
 */
function isSignal(value: unknown): value is AbortSignal {
  if (Object.prototype.toString.call(value) !== '[object AbortSignal]') return false;
  try {
    // Any property may be missing from an object that only has the tag.
    const signal = value as Partial<AbortSignal>;
    const isWhole = SIGNAL_METHODS.every((method) => typeof signal[method] === 'function');
    return isWhole && typeof signal.aborted === 'boolean';
  } catch {
    // The getters of a signal's prototype throw for any other object.
    return false;
  }
}

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
