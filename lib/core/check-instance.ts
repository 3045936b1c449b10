/**
 * The check of objects that are not plain: instances of classes, and built-in objects.
 * @module
 */

import { wrongType, wrongValue } from './input-errors.js';
import { types } from './util.js';

/** A key that needs no quotes in a message. */
const PLAIN_KEY = /^[\w$-]{1,40}$/;

/** Returns the path of a property in messages, or that of its object if the key is unusual. */
export function pathOf(property: string, key: string): string {
  return PLAIN_KEY.test(key) ? `${property}.${key}` : property;
}

/** Returns true for the Object.prototype of any realm. */
function isRoot(prototype: object): boolean {
  return (
    Object.getPrototypeOf(prototype) === null && Object.hasOwn(prototype, 'propertyIsEnumerable')
  );
}

/**
 * Checks an object that is not a plain one of this realm. Throws if its contents would be ignored,
 * because they are not own properties.
 */
export function checkInstance(property: string, value: object, allowed: ReadonlySet<string>): void {
  if ('then' in value) throw wrongType(property, value, 'an object: await the promise first');
  const prototype: object | null = Object.getPrototypeOf(value);
  // It is a plain object of another realm.
  if (prototype !== null && isRoot(prototype)) return;
  // The keys of an array of bytes are not counted, because there is one for each byte.
  const isEmpty = ArrayBuffer.isView(value) || Object.keys(value).length === 0;
  if (isEmpty || hasContents(value)) {
    throw wrongType(property, value, 'an object with properties of its own');
  }
  for (const key of inheritedKeys(prototype, allowed)) {
    if (Object.hasOwn(value, key)) continue;
    throw wrongValue(pathOf(property, key), key, 'is inherited: only own properties are read');
  }
}

/** The keys that an instance must not inherit, by its prototype and its allowed keys. */
const inherited = new WeakMap<object, WeakMap<ReadonlySet<string>, readonly string[]>>();

/** Returns the keys of a prototype from the cache: finding them is slower than encoding. */
function inheritedKeys(prototype: object | null, allowed: ReadonlySet<string>): readonly string[] {
  if (prototype === null) return [];
  const known = inherited.get(prototype) ?? new WeakMap();
  let keys = known.get(allowed);
  if (keys === undefined) {
    keys = findInheritedKeys(prototype, allowed);
    inherited.set(prototype, known.set(allowed, keys));
  }
  return keys;
}

function findInheritedKeys(first: object, allowed: ReadonlySet<string>): string[] {
  const keys: string[] = [];
  let prototype: object | null = first;
  while (prototype !== null && !isRoot(prototype)) {
    const descriptors = Object.entries(Object.getOwnPropertyDescriptors(prototype));
    for (const [key, { enumerable }] of descriptors) {
      if (allowed.has(key) || enumerable === true) keys.push(key);
    }
    prototype = Object.getPrototypeOf(prototype);
  }
  return keys;
}

/** Returns true for a built-in object whose contents are not properties. */
function hasContents(value: object): boolean {
  return (
    types.isMap(value) ||
    types.isSet(value) ||
    types.isDate(value) ||
    types.isRegExp(value) ||
    types.isBoxedPrimitive(value)
  );
}
