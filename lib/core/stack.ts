/**
 * Stacks of errors that begin at the caller, without the frames of this package.
 *
 * While an operation is on the stack, V8 cuts the stack below its method. Later, V8 knows the
 * `await` of a promise only inside the reaction that settles it, so the stack is captured there.
 * @module
 */
import { isOwnError } from './input-errors.js';

/** A method, function or constructor of the public API. */
type Entry = ((...args: never[]) => unknown) | (new (...args: never[]) => unknown);

/** The methods and functions that callers call, by the name of the operation. */
const entries = new Map<string, Entry[]>();

/**
 * Registers the methods and getters of a prototype: {@link beginAtCaller} cuts stacks below the one
 * that has the name of the operation, behind `prefix`.
 */
export function registerEntries(prototype: object, prefix = ''): void {
  for (const [name, property] of Object.entries(Object.getOwnPropertyDescriptors(prototype))) {
    const entry: unknown = property.get ?? property.value;
    // A function can be called with anything.
    if (typeof entry === 'function') registerEntry(`${prefix}${name}`, entry as Entry);
  }
}

/** Registers one function, as {@link registerEntries} does the methods of a prototype. */
export function registerEntry(operation: string, entry: Entry): void {
  entries.set(operation, [...(entries.get(operation) ?? []), entry]);
}

/**
 * Makes the stack of an error of this package begin at the caller of the operation, if the call is
 * still on the stack.
 */
export function beginAtCaller<Thrown>(error: Thrown, operation: string): Thrown {
  if (!isOwnError(error) || kept.has(error)) return error;
  // Of two operations with one name, one is on the stack. Below the other, the stack is empty.
  const known = entries.get(operation) ?? [];
  const isThere = known.some((entry) => capture(error, entry) && hasFrames(error));
  if (isThere) located.add(error);
  else capture(error, beginAtCaller);
  return error;
}

/** Errors whose stack begins at the caller. */
const located = new WeakSet<object>();
/** Errors that callers have received: their stack does not change any more. */
const kept = new WeakSet<object>();

/**
 * Makes the stack of an object begin below `entry`. Returns false if that is impossible, because
 * the object is frozen or the caller has replaced Error.prepareStackTrace.
 */
function capture(target: object, entry: Entry): boolean {
  try {
    // V8 throws for a frozen object, but some versions have then replaced its stack.
    if (Object.isFrozen(target)) return false;
    Error.captureStackTrace(target, entry);
    return true;
  } catch {
    return false;
  }
}

function isSettled(error: object): boolean {
  return located.has(error) || kept.has(error);
}

function hasFrames(error: Error): boolean {
  return /\n\s+at /.test(stackOf(error) ?? '');
}

/**
 * Returns the stack if it is text. It is not without Error.stackTraceLimit, and where
 * Error.prepareStackTrace throws or returns something else.
 */
function stackOf(holder: { readonly stack?: unknown }): string | undefined {
  try {
    const { stack } = holder;
    return typeof stack === 'string' ? stack : undefined;
  } catch {
    return undefined;
  }
}

/** Protects the stack of an error from any further change. */
export function keepStack<Thrown>(error: Thrown): Thrown {
  if (isOwnError(error)) kept.add(error);
  return error;
}

/** Returns true if {@link keepStack} protects the stack of an error. */
export function isKept(error: object): boolean {
  return kept.has(error);
}

/**
 * Makes the stack of an error of this package begin at the `await` of the promise that it rejects.
 * Only `reaction` may call this: the promise's reaction, inside which V8 knows the `await`.
 */
export function beginAtAwait<Thrown>(error: Thrown, reaction: Entry): Thrown {
  if (isOwnError(error) && !isSettled(error)) capture(error, reaction);
  return error;
}

/** Returns a promise for the same result, whose error has a stack that begins at the `await`. */
export function withAwaitStack<Value>(promise: Promise<Value>): Promise<Value> {
  return promise.then(undefined, function rethrow(error: unknown): never {
    throw beginAtAwait(error, rethrow);
  });
}

/**
 * Returns a promise for the results, whose errors get stacks that begin at the `await`. All errors
 * share the frames, because capturing a stack is expensive.
 */
export function withAwaitStacks<Results>(
  promise: Promise<{ readonly results: Results; readonly errors: readonly unknown[] }>,
): Promise<Results> {
  return withAwaitStack(promise).then(function share({ results, errors }) {
    let frames: string | undefined;
    for (const error of errors) {
      if (!isOwnError(error) || isSettled(error)) continue;
      frames ??= framesAtAwait(share);
      replaceFrames(error, frames);
      kept.add(error);
    }
    return results;
  });
}

/** Returns the frames of a stack that begins at the `await`, one on each line. */
function framesAtAwait(reaction: Entry): string {
  const holder: { readonly stack?: unknown } = {};
  capture(holder, reaction);
  const stack = stackOf(holder) ?? '';
  const end = stack.indexOf('\n');
  return end < 0 ? '' : stack.slice(end);
}

function replaceFrames(error: Error, frames: string): void {
  // From Node.js 22 on, the stack has a setter, which changes even a frozen error.
  if (Object.isFrozen(error)) return;
  try {
    error.stack = `${error.name}: ${error.message}${frames}`;
  } catch {
    // A caller has made the stack read-only.
  }
}
