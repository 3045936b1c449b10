/**
 * The checks of all input. Their errors name the property, the value and the rule.
 *
 * Only own properties of objects are read, each one once, so that a getter cannot change a value
 * after its check.
 * @module
 */
import { checkInstance, pathOf } from './check-instance.js';
import { integerHint, nameHint, propertyHint } from './hints.js';
import { outOfRange, wrongType, wrongValue } from './input-errors.js';

/** Returns an integer from `min` to `max`. */
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
  const range = `an integer from ${min} to ${max} ${unit}`.trim();
  const rule = `${range}${integerHint(value, min, max)}`;
  throw typeof value === 'number'
    ? outOfRange(property, value, rule)
    : wrongType(property, value, rule);
}

/** Returns a boolean. */
export function checkBoolean(property: string, value: unknown): boolean {
  if (typeof value !== 'boolean') throw wrongType(property, value, 'a boolean');
  return value;
}

/** Returns a hint about a value that is not an object, or ''. */
type ObjectHint = (property: string, value: unknown) => string;
const noHint: ObjectHint = () => '';

/**
 * Checks that a value is an object without own properties but the `allowed`. Plain objects and
 * instances of classes are accepted. Objects that would look empty are refused: a Map, a Date, an
 * instance whose class has the getters.
 */
function checkKeys(
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
    if (!allowed.has(key) && Object.hasOwn(value, key))
      throw unknownKey(property, key, value, allowed);
  }
}

/** Returns true for an object that is not an instance of a class of its own. */
function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

/** Returns the value of an own property; undefined if there is none. */
export function own(object: object, key: string): unknown {
  // An own property is one of the object's type.
  return Object.hasOwn(object, key) ? (object as Record<string, unknown>)[key] : undefined;
}

/**
 * Checks the keys of an object with {@link checkKeys}, and returns a copy of its own properties,
 * which are undefined if the object does not have them. They are read in the order of `keys`. The
 * caller checks the values.
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

/** Reads an object of options like {@link readObject}. The object may be left out. */
export function readOptions<Key extends string>(
  options: unknown,
  keys: ReadonlySet<Key>,
): Readonly<Record<Key, unknown>> {
  return options === undefined ? copyOwn({}, keys) : readObject('options', options, keys);
}

/** Returns a copy of the own properties with these keys. */
export function copyOwn<Key extends string>(
  object: object,
  keys: ReadonlySet<Key>,
): Readonly<Record<Key, unknown>> {
  // Without a prototype, since setters of Object.prototype would receive the values.
  const copy: Record<Key, unknown> = Object.create(null);
  for (const key of keys) copy[key] = own(object, key);
  return copy;
}

/**
 * Returns a copy of an array, whose items are read once and checked.
 * @param rule the rule in the error for a value that is not an array
 * @param check returns a checked item
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

function unknownKey(
  property: string,
  key: string,
  object: object,
  allowed: ReadonlySet<string>,
): Error {
  // Without a call of its accessor.
  const { value } = Object.getOwnPropertyDescriptor(object, key) ?? {};
  const hint = propertyHint(key, value, allowed);
  return wrongValue(pathOf(property, key), key, `is not a known property: ${hint}`);
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
