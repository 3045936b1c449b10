/**
 * The call that an error belongs to, and its stack, which begins at the caller: none of the frames
 * of this package come before.
 * @module
 */
import { isOwnError } from './input-errors.js';

/** A method or function that callers see. */
type Entry = (...args: never[]) => unknown;

/** By the name of the operation. */
const entries = new Map<string, Entry[]>();

/**
 * Makes the stacks of the errors of operations begin below the methods of a prototype, which have
 * their names.
 */
export function registerEntries(prototype: object, prefix = ''): void {
  for (const [name, { value }] of Object.entries(Object.getOwnPropertyDescriptors(prototype))) {
    if (typeof value === 'function') registerEntry(`${prefix}${name}`, value);
  }
}

/** The same for one function. */
export function registerEntry(operation: string, entry: Entry): void {
  entries.set(operation, [...(entries.get(operation) ?? []), entry]);
}

/**
 * Makes the stack of an error of this package begin at the caller of the operation, if that has not
 * returned.
 */
export function beginAtCaller<Thrown>(error: Thrown, operation: string): Thrown {
  if (!isOwnError(error) || kept.has(error)) return error;
  // Of two operations with one name, one is on the stack: with the other, the stack would be empty.
  const known = entries.get(operation) ?? [];
  const isThere = known.some((entry) => capture(error, entry) && hasFrames(error));
  if (isThere) located.add(error);
  else capture(error, beginAtCaller);
  return error;
}

/** Errors whose stack begins at the caller already. */
const located = new WeakSet<object>();
/** Errors that callers have: their stack stays as it is. */
const kept = new WeakSet<object>();

/**
 * Makes the stack of an object begin below `entry`. False: it cannot be changed, because the object
 * is frozen or the caller has replaced what makes stacks.
 */
function capture(target: object, entry: Entry): boolean {
  try {
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

/** Undefined without Error.stackTraceLimit, or where Error.prepareStackTrace makes no text or throws. */
function stackOf(holder: { readonly stack?: unknown }): string | undefined {
  try {
    const { stack } = holder;
    return typeof stack === 'string' ? stack : undefined;
  } catch {
    return undefined;
  }
}

/** Keeps the stack of an error as it is from now on. */
export function keepStack<Thrown>(error: Thrown): Thrown {
  if (isOwnError(error)) kept.add(error);
  return error;
}

/** Whether {@link keepStack} was told to keep the stack of an error. */
export function isKept(error: object): boolean {
  return kept.has(error);
}

/**
 * Makes the stack of an error of this package begin at the `await` for a promise that it rejects.
 * To be called by `reaction`, which the promise runs to be settled: V8 knows then who awaits it.
 */
export function beginAtAwait<Thrown>(error: Thrown, reaction: Entry): Thrown {
  if (isOwnError(error) && !isSettled(error)) capture(error, reaction);
  return error;
}

/** Makes the stack of an error that rejects `promise` begin at its `await`. */
export function handOver<Value>(promise: Promise<Value>): Promise<Value> {
  return promise.then(undefined, function rethrow(error: unknown): never {
    throw beginAtAwait(error, rethrow);
  });
}

/** The same for the errors among settled results, which share the frames of their stacks. */
export function handOverResults<Results extends readonly PromiseSettledResult<unknown>[]>(
  promise: Promise<Results>,
): Promise<Results> {
  return handOver(promise).then(function share(results) {
    let frames: string | undefined;
    for (const result of results) {
      if (result.status === 'fulfilled' || !isOwnError(result.reason)) continue;
      const { reason } = result;
      if (isSettled(reason)) continue;
      frames ??= framesAtAwait(share);
      replaceFrames(reason, frames);
      kept.add(reason);
    }
    return results;
  });
}

/** The frames of a stack that begins at the `await`, each on a line of its own. */
function framesAtAwait(reaction: Entry): string {
  const holder: { readonly stack?: unknown } = {};
  capture(holder, reaction);
  const stack = stackOf(holder) ?? '';
  const end = stack.indexOf('\n');
  return end < 0 ? '' : stack.slice(end);
}

function replaceFrames(error: Error, frames: string): void {
  try {
    error.stack = `${error.name}: ${error.message}${frames}`;
  } catch {
    // An error that a caller has frozen.
  }
}
