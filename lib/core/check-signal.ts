/**
 * Checks of abort signals.
 * @module
 */
import { wrongType } from './input-errors.js';

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
