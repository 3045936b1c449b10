/**
 * Properties of Object.prototype, which every object inherits.
 * @module
 */

/** Returns what `action` returns while Object.prototype has these properties. */
export function polluted<Value>(
  properties: Readonly<Record<string, PropertyDescriptor>>,
  action: () => Value,
): Value {
  for (const [key, descriptor] of Object.entries(properties)) {
    Object.defineProperty(Object.prototype, key, { ...descriptor, configurable: true });
  }
  try {
    return action();
  } finally {
    for (const key of Object.keys(properties)) Reflect.deleteProperty(Object.prototype, key);
  }
}
