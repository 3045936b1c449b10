/**
 * The grammar of scopes on a command line: `all`, or conditions that must all hold, such as
 * `network=10.96.0.0/12,port=1-1024,protocol=tcp`.
 * @module
 */
import { typoHint } from '../core/typos.js';
import type { Protocol, Scope } from '../index.js';
import { UsageError } from './arguments.js';

/** Every service, as scopes: by address, and by firewall mark. */
const ALL: readonly Scope[] = [{ networks: ['0.0.0.0/0', '::/0'] }, { fwmarks: [1, 2 ** 32 - 1] }];

/** A condition of a scope: its key, and how its values become a property of a {@link Scope}. */
interface ScopeCondition {
  /** An example for errors. */
  readonly example: string;
  readonly read: (texts: readonly string[]) => Scope | undefined;
}

const CONDITIONS: Readonly<Record<string, ScopeCondition>> = {
  network: { example: '10.96.0.0/12', read: (networks) => ({ networks }) },
  port: { example: '80 or 1-1024', read: (texts) => withRange(texts, (ports) => ({ ports })) },
  // The library checks the names, networks and ranges.
  protocol: { example: 'tcp', read: (names) => ({ protocols: names as readonly Protocol[] }) },
  fwmark: {
    example: '7 or 100-199',
    read: (texts) => withRange(texts, (fwmarks) => ({ fwmarks })),
  },
  link: {
    example: 'vip0',
    read: ([link, ...others]) => (others.length > 0 ? undefined : { link }),
  },
};

function withRange(
  [text = '', ...others]: readonly string[],
  scopeOf: (range: readonly [number, number]) => Scope,
): Scope | undefined {
  const [, first, last = first] = /^(\d{1,10})(?:-(\d{1,10}))?$/.exec(text) ?? [];
  if (first === undefined || others.length > 0) return undefined;
  return scopeOf([Number(first), Number(last)]);
}

/**
 * Returns the scopes that the values of an option name.
 * @param flag the option, for errors
 * @throws UsageError
 */
export function parseScopes(flag: string, texts: readonly string[]): readonly Scope[] {
  return texts.flatMap((text) => (text === 'all' ? ALL : [parseScope(flag, text)]));
}

function parseScope(flag: string, text: string): Scope {
  const fail = (reason: string) => new UsageError(`${flag} '${text}': ${reason}`);
  const values = new Map<string, string[]>();
  for (const part of text.split(',')) {
    const at = part.indexOf('=');
    const key = at < 0 ? part : part.slice(0, at);
    if (key === 'all') throw fail("'all' stands alone: it is every service");
    if (!Object.hasOwn(CONDITIONS, key)) throw fail(unknownCondition(key));
    values.set(key, [...(values.get(key) ?? []), at < 0 ? '' : part.slice(at + 1)]);
  }
  let scope: Scope = {};
  for (const [key, { example, read }] of Object.entries(CONDITIONS)) {
    const given = values.get(key);
    if (given === undefined) continue;
    const condition = read(given);
    if (condition === undefined) {
      throw fail(`${key}=${given.join(`,${key}=`)} is not one condition such as ${key}=${example}`);
    }
    scope = { ...scope, ...condition };
  }
  return scope;
}

function unknownCondition(key: string): string {
  const known = [...Object.keys(CONDITIONS), 'all'];
  const hint = typoHint(key, known) || `: one of ${known.join(', ')}`;
  return `'${key}' is not a known condition${hint}`;
}
