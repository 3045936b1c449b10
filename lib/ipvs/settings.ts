/**
 * Reading of references, configurations and changes: objects with known keys.
 * @module
 */
import { readObject } from '../core/check.js';

/** Properties of any type, which are still to be checked. */
export type Unchecked<Key extends string> = { readonly [Name in Key]?: unknown };

/**
 * The source of settings, which decides how they are encoded:
 * - `config`: written by hand; checked for mistakes, and completed with defaults
 * - `kernel`: read from the kernel, as `stats` among them shows; encoded as they are, even where a
 *   configuration written by hand would be a mistake; completed with defaults
 * - `changes`: of an update; checked for mistakes, and not completed
 */
export type SettingsSource = 'config' | 'kernel' | 'changes';

/** Returns the source of the settings of a configuration with these `stats`. */
export function sourceOf(stats: unknown): 'config' | 'kernel' {
  return typeof stats === 'object' && stats !== null ? 'kernel' : 'config';
}

/**
 * Returns the settings in an object with no keys but the `allowed`. Only own properties count: none
 * of those returned is inherited. Destructure the result once, because an accessor may give another
 * value each time.
 */
export function checkSettings<Key extends string>(
  property: string,
  value: unknown,
  allowed: ReadonlySet<Key>,
): Unchecked<Key> {
  return isReadable(value, allowed) ? value : copySettings(property, value, allowed);
}

/** Does the same as {@link checkSettings} for a value that is not readable. @internal */
export function copySettings<Key extends string>(
  property: string,
  value: unknown,
  allowed: ReadonlySet<Key>,
): Unchecked<Key> {
  return readObject(property, value, allowed, listHint);
}

/**
 * Returns true for a plain object with no keys but the `allowed`, which inherits none of them:
 * there is nothing to say against it, and no need for a copy.
 * @internal
 */
export function isReadable<Key extends string>(
  value: unknown,
  allowed: ReadonlySet<Key>,
): value is Unchecked<Key> {
  if (typeof value !== 'object' || value === null) return false;
  if (Object.getPrototypeOf(value) !== Object.prototype) return false;
  // Properties that an empty object inherits, somebody has added to Object.prototype.
  const { protocol, address, port, fwmark, family } = EMPTY;
  const { scheduler, schedulerFlags, persistence, onePacket, inactivePersistence } = EMPTY;
  const { forwarding, weight, upperThreshold, lowerThreshold, tunnel, stats } = EMPTY;
  const key = protocol ?? address ?? port ?? fwmark ?? family ?? stats;
  const service = scheduler ?? schedulerFlags ?? persistence ?? onePacket ?? inactivePersistence;
  const destination = forwarding ?? weight ?? upperThreshold ?? lowerThreshold ?? tunnel;
  if ((key ?? service ?? destination) !== undefined) return false;
  // A key of another type is not in the set.
  for (const key in value) if (!allowed.has(key as Key)) return false;
  return true;
}

/** The arguments of which callers often have a list. */
const LISTED: ReadonlySet<string> = new Set(['service', 'destination']);

function listHint(property: string, value: unknown): string {
  const isList = Array.isArray(value) && LISTED.has(property);
  return isList ? ': it is an array; pass its members one by one' : '';
}

const EMPTY: Unchecked<string> = {};

/** Returns what errors call the properties of an object: `{ port: 'service.port' }`. */
export function pathsIn<Key extends string>(
  property: string,
  keys: readonly Key[],
): Readonly<Record<Key, string>> {
  // There is one entry for each key.
  return Object.fromEntries(keys.map((key) => [key, `${property}.${key}`])) as Record<Key, string>;
}
