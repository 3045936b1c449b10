/**
 * Values that are created when they are first used, so that importing the package is fast.
 * @module
 */

/** Returns a function that calls `create` once, and always returns its value. */
export function once<Value extends object>(create: () => Value): () => Value {
  let value: Value | undefined;
  return () => {
    value ??= create();
    return value;
  };
}
