/**
 * The checks that every input goes through. Each names the property, the value and the rule.
 * @module
 */
import { types } from 'node:util';
import { integerHint, nameHint, propertyHint } from './hints.js';
import { outOfRange, wrongType, wrongValue } from './input-errors.js';

/** An integer from `min` to `max`. */
export function checkInteger(
  property: string,
  value: unknown,
  min: number,
  max: number,
  unit = '',
): number {
  if (typeof value === 'number' && Number.isInteger(value) && value >= min && value <= max) {
    return value;
  }
  const rule = `an integer from ${min} to ${max}${unit === '' ? '' : ` ${unit}`}${integerHint(value, min, max)}`;
  throw typeof value === 'number'
    ? outOfRange(property, value, rule)
    : wrongType(property, value, rule);
}

export function checkBoolean(property: string, value: unknown): boolean {
  if (typeof value !== 'boolean') throw wrongType(property, value, 'a boolean');
  return value;
}

/** Returns a hint about a value that is not an object, or ''. */
export type ObjectHint = (property: string, value: unknown) => string;
const noHint: ObjectHint = () => '';

/**
 * Checks that a value is an object without own properties but the `allowed`. Plain objects and
 * instances of classes are accepted. Objects that would look empty are refused: a Map, a Date, an
 * instance whose class has the getters.
 */
export function checkKeys(
  property: string,
  value: unknown,
  allowed: ReadonlySet<string>,
  hintFor = noHint,
): asserts value is Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw wrongType(property, value, `an object${hintFor(property, value)}`);
  }
  if (!isPlain(value)) checkInstance(property, value, allowed);
  for (const key in value) {
    // Properties that somebody has added to Object.prototype are ignored.
    if (!allowed.has(key) && Object.hasOwn(value, key)) throw unknownKey(property, key, allowed);
  }
}

/** Returns true for an object that is not an instance of a class of its own. */
export function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

/** The value of an own property; undefined if there is none. */
export function own(object: object, key: string): unknown {
  // An own property is one of the object's type.
  return Object.hasOwn(object, key) ? (object as Record<string, unknown>)[key] : undefined;
}

/**
 * A copy of the own properties of an object, each read once and in the order of `keys`; undefined where it has none. It may have no other
 * keys: see {@link checkKeys}. This is how options and settings are read; their values are for the caller to check.
 */
export function readObject<Key extends string>(
  property: string,
  value: unknown,
  keys: ReadonlySet<Key>,
  hintFor?: ObjectHint,
): Readonly<Record<Key, unknown>> {
  checkKeys(property, value, keys, hintFor);
  return copyOwn(value, keys);
}

/** {@link readObject} for options, all of which may be left out. */
export function readOptions<Key extends string>(
  options: unknown,
  keys: ReadonlySet<Key>,
): Readonly<Record<Key, unknown>> {
  return options === undefined ? copyOwn({}, keys) : readObject('options', options, keys);
}

/** A copy of the own properties of these keys. */
export function copyOwn<Key extends string>(
  object: object,
  keys: ReadonlySet<Key>,
): Readonly<Record<Key, unknown>> {
  // Without a prototype, whose setters would take the values.
  const copy: Record<Key, unknown> = Object.create(null);
  for (const key of keys) copy[key] = own(object, key);
  return copy;
}

/**
 * A copy of an array, each item read once and checked by `check`, which is told of its place.
 * @param rule what the value should be, if it is no array
 */
export function readArray<Item>(
  property: string,
  value: unknown,
  rule: string,
  check: (item: unknown, index: number) => Item,
): Item[] {
  if (!Array.isArray(value)) throw wrongType(property, value, rule);
  const items: Item[] = [];
  const { length } = value;
  for (let index = 0; index < length; index++) items.push(check(value[index], index));
  return items;
}

/** Whether all objects of a realm inherit from `prototype`. */
function isRoot(prototype: object): boolean {
  return (
    Object.getPrototypeOf(prototype) === null && Object.hasOwn(prototype, 'propertyIsEnumerable')
  );
}

/** Of objects that are no plain ones of this realm: refuses what would be ignored, because it is no own property. */
function checkInstance(property: string, value: object, allowed: ReadonlySet<string>): void {
  if ('then' in value) throw wrongType(property, value, 'an object: await the promise first');
  const prototype: object | null = Object.getPrototypeOf(value);
  // A plain object of another realm.
  if (prototype !== null && isRoot(prototype)) return;
  // Bytes have as many keys as there are of them.
  const isEmpty = ArrayBuffer.isView(value) || Object.keys(value).length === 0;
  if (isEmpty || hasContents(value)) {
    throw wrongType(property, value, 'an object with properties of its own');
  }
  for (const key of inheritedKeys(prototype, allowed)) {
    if (Object.hasOwn(value, key)) continue;
    throw wrongValue(nameOf(property, key), key, 'is inherited: only own properties are read');
  }
}

/** By the prototype of an instance and what it may have: keys that it must not inherit. */
const inherited = new WeakMap<object, WeakMap<ReadonlySet<string>, readonly string[]>>();

/** Looked for once for a prototype: that takes longer than encoding an instance. */
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

/** Whether a built-in object keeps something besides its properties. */
function hasContents(value: object): boolean {
  return (
    types.isMap(value) ||
    types.isSet(value) ||
    types.isDate(value) ||
    types.isRegExp(value) ||
    types.isBoxedPrimitive(value)
  );
}

/** A key that can stand in a message as it is. */
const PLAIN_KEY = /^[\w$-]{1,40}$/;

function unknownKey(property: string, key: string, allowed: ReadonlySet<string>): Error {
  const hint = propertyHint(key, allowed);
  return wrongValue(nameOf(property, key), key, `is not a known property: ${hint}`);
}

function nameOf(property: string, key: string): string {
  return PLAIN_KEY.test(key) ? `${property}.${key}` : property;
}

/** Checks a name of a table; the error proposes the one that may be meant. */
export function checkName<Name extends string>(
  property: string,
  value: unknown,
  names: readonly Name[],
): asserts value is Name {
  const known: readonly string[] = names;
  if (typeof value === 'string' && known.includes(value)) return;
  const rule = `one of ${names.join(', ')}${nameHint(value, names)}`;
  throw typeof value === 'string'
    ? wrongValue(property, value, `is not ${rule}`)
    : wrongType(property, value, rule);
}
