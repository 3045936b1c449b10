/**
 * The checks that every input goes through. Each names the property, the value and the rule.
 * @module
 */
import { outOfRange, wrongType, wrongValue } from './errors.js';

/** The properties that are checked most. */
const COMMON = [
  'protocol',
  'address',
  'port',
  'family',
  'forwarding',
  'weight',
  'upperThreshold',
  'lowerThreshold',
] as const;
type CommonNames = Readonly<Record<(typeof COMMON)[number], string>>;

/** By the name of the argument, of which there are few. */
const commonNames = new Map<string, CommonNames>();

/** What messages call the common properties of `property`. Made once: most checks find nothing wrong, and their strings would be a third of what a batch allocates. */
export function propertyNames(property: string): CommonNames {
  let names = commonNames.get(property);
  if (names === undefined) {
    // One entry for each.
    names = Object.fromEntries(COMMON.map((key) => [key, `${property}.${key}`])) as CommonNames;
    commonNames.set(property, names);
  }
  return names;
}

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
  const rule = `an integer from ${min} to ${max}${unit === '' ? '' : ` ${unit}`}`;
  throw typeof value === 'number'
    ? outOfRange(property, value, rule)
    : wrongType(property, value, rule);
}

export function checkBoolean(property: string, value: unknown): boolean {
  if (typeof value !== 'boolean') throw wrongType(property, value, 'a boolean');
  return value;
}

/** An object whose own and inherited enumerable keys are all in `allowed`. */
export function checkKeys(property: string, value: unknown, allowed: ReadonlySet<string>): void {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw wrongType(property, value, 'an object');
  }
  for (const key in value) {
    if (!allowed.has(key)) throw unknownKey(property, key, allowed);
  }
  if ('then' in value) throw wrongType(property, value, 'an object: await the promise first');
}

/** A key that can stand in a message as it is. */
const PLAIN_KEY = /^[\w$-]{1,40}$/;

function unknownKey(property: string, key: string, allowed: ReadonlySet<string>): Error {
  const meant = nearest(key, [...allowed]);
  const hint = meant === undefined ? `one of ${[...allowed].join(', ')}` : `did you mean ${meant}?`;
  const name = PLAIN_KEY.test(key) ? `${property}.${key}` : property;
  return wrongValue(name, key, `is not a known property: ${hint}`);
}

/** A name out of a table; the error proposes the nearest. */
export function checkName(property: string, value: unknown, names: readonly string[]): void {
  if (typeof value !== 'string') throw wrongType(property, value, `one of ${names.join(', ')}`);
  if (names.includes(value)) return;
  const meant = nearest(value, names);
  const hint = meant === undefined ? '' : `: did you mean ${meant}?`;
  throw wrongValue(property, value, `is not one of ${names.join(', ')}${hint}`);
}

const MAX_EDITS = 2;

/** The name at most two edits away, if there is one. */
function nearest(word: string, names: readonly string[]): string | undefined {
  let best: string | undefined;
  let bestDistance = MAX_EDITS + 1;
  for (const name of names) {
    // Also keeps long words from costing anything.
    if (Math.abs(word.length - name.length) > MAX_EDITS) continue;
    const distance = editDistance(word.toLowerCase(), name.toLowerCase());
    if (distance < bestDistance) [best, bestDistance] = [name, distance];
  }
  return best;
}

/** Levenshtein's, with a swap of neighbours counted as one edit. */
function editDistance(a: string, b: string): number {
  const rows: number[][] = [Array.from({ length: b.length + 1 }, (_, j) => j)];
  const at = (i: number, j: number) => rows[i]?.[j] ?? Number.POSITIVE_INFINITY;
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    rows.push(row);
    for (let j = 1; j <= b.length; j++) {
      const changed = at(i - 1, j - 1) + (a[i - 1] === b[j - 1] ? 0 : 1);
      const swapped =
        a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1] ? at(i - 2, j - 2) + 1 : changed;
      row.push(Math.min(at(i - 1, j) + 1, at(i, j - 1) + 1, changed, swapped));
    }
  }
  return at(a.length, b.length);
}
