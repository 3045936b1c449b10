/**
 * Hints at the end of messages: the name, value or form that the caller may have meant. They are
 * only composed after a check has failed.
 * @module
 */
import {
  BESIDE_STATE,
  NESTED_PROPERTIES,
  propertySynonyms,
  READ_ONLY,
  TUNNEL_PORTS,
  valueSynonyms,
} from './synonyms.js';
import { MAX_EDITS, nearest } from './typos.js';

/** Longer text is not a typo. */
const MAX_TEXT = 80;
/** The most names that a hint lists. */
const MAX_LISTED = 20;
/** Returns the letters and digits of a text, in lower case. */
export const plain = (text: string) =>
  text
    .slice(0, MAX_TEXT)
    .toLowerCase()
    .replace(/[^a-z\d]/g, '');

/** Returns the name that `said` may mean: the same in another case, a synonym, or a near one. */
export function meantName(
  said: string,
  names: readonly string[],
  maxEdits = MAX_EDITS,
): string | undefined {
  const word = plain(said);
  const same = word === '' ? undefined : names.find((name) => plain(name) === word);
  const synonym = valueSynonyms(word).find((name) => names.includes(name));
  return same ?? synonym ?? nearest(said, names, maxEdits);
}

/** Returns a hint about a name that is not one of `names`, or ''. */
export function nameHint(said: unknown, names: readonly string[]): string {
  if (typeof said !== 'string' && typeof said !== 'number') return '';
  if (/^unknown-\d+$/.test(String(said))) {
    return ': only objects that were read from the kernel, with their stats, may have it';
  }
  const meant = meantName(String(said), names);
  return meant === undefined ? '' : `: did you mean ${meant}?`;
}

/**
 * Returns a hint about a property that is not allowed.
 * @param value its value, which tells a list of destinations from the address of one
 */
export function propertyHint(key: string, value: unknown, allowed: ReadonlySet<string>): string {
  if (key === 'destinations' && allowed.has('scheduler')) {
    return 'leave it out, and add the destinations with addDestination';
  }
  const isOfState = allowed.size === 1 && allowed.has('services');
  if (isOfState && Object.hasOwn(BESIDE_STATE, key)) {
    return `a state has services only: use ${BESIDE_STATE[key]}`;
  }
  const isOfTable = allowed.has('scheduler') || allowed.has('weight');
  const writable = [...allowed].filter((name) => !isOfTable || !READ_ONLY.has(name));
  // The name of a parameter is the last component of its path.
  const word = plain(key.slice(0, MAX_TEXT).replace(/^.*[./]/, ''));
  const same = writable.find((name) => plain(name) === word);
  const isList = typeof value === 'object';
  const meanings = [...propertySynonyms(word), key].filter(
    (name) => isList || name !== 'destinations',
  );
  const synonym = meanings.find((name) => writable.includes(name));
  const nested = meanings.flatMap((name) => nestedProperty(name, word, writable)).at(0);
  const meant = same ?? synonym ?? nested ?? nearest(key, writable);
  if (meant !== undefined) return `did you mean ${meant}?`;
  return writable.length <= MAX_LISTED
    ? `one of ${writable.join(', ')}`
    : `none of the ${writable.length} known ones is similar`;
}

/** Returns how to write a property that belongs into the object of another one. */
function nestedProperty(name: string, word: string, writable: readonly string[]): string[] {
  if (TUNNEL_PORTS.has(word) && writable.includes('tunnel')) return ['tunnel: { type, port }'];
  return Object.entries(NESTED_PROPERTIES)
    .filter(([holder, held]) => writable.includes(holder) && held.includes(name))
    .map(([holder]) => (holder === name ? holder : `${holder}: { ${name} }`));
}

/** Returns a hint about a number that was given as text, or ''. */
export function integerHint(value: unknown, min: number, max: number): string {
  if (typeof value !== 'string' || !/^ *\d{1,15} *$/.test(value)) return '';
  const number = Number(value);
  return number < min || number > max ? '' : `: did you mean ${number}, a number?`;
}

/** Returns a hint about a text that is not an address, or ''. */
export function addressHint(text: string): string {
  const said = text.slice(0, MAX_TEXT).trim();
  const [, bracketed, port] = /^\[([\da-f:.]+)\](?::(\d+))?$/i.exec(said) ?? [];
  if (bracketed !== undefined) {
    const rest = port === undefined ? '' : `, and port: ${port}`;
    return `: drop the brackets: '${bracketed}'${rest}`;
  }
  const [, dotted, behind] = /^([\d.]{7,15}):(\d+)$/.exec(said) ?? [];
  if (dotted !== undefined) return `: did you mean address: '${dotted}' and port: ${behind}?`;
  const [, network] = /^([\da-f:.]+)\/\d{1,3}$/i.exec(said) ?? [];
  if (network !== undefined) return `: drop the prefix: '${network}'`;
  return isHostName(said) ? NO_HOST_NAMES : '';
}

/** Returns a hint about a text that is neither an address nor a network, or ''. */
export function networkHint(text: string): string {
  const said = text.slice(0, MAX_TEXT).trim();
  const [, bracketed, prefix = '', behind = ''] =
    /^\[([\da-f:.]+)(\/\d{1,3})?\](\/\d{1,3})?$/i.exec(said) ?? [];
  return bracketed === undefined ? '' : `: drop the brackets: '${bracketed}${prefix || behind}'`;
}

/** The hint for the name of a host. */
export const NO_HOST_NAMES = ': host names are not resolved; use dns.promises.lookup()';

/** Returns true for text that may be the name of a host. */
export function isHostName(text: string): boolean {
  return /^[a-z\d][\w.-]*$/i.test(text) && /[g-z]/i.test(text) && !text.startsWith('unknown-');
}
