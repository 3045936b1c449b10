/**
 * Rules of nftables while the table of IPVS changes: those of what comes are there before it, and
 * those of what goes stay until it has gone.
 * @module
 */

import { IP_FAMILIES } from '../../kubernetes/families.js';
import type { CompileResult } from '../../kubernetes/index.js';
import { setNameOf } from '../../kubernetes/sets.js';

const VIRTUAL_SETS = IP_FAMILIES.map((family) => setNameOf('KUBE-IPVS-IPS', family));

const NONE: readonly string[] = [];

/** Returns the entries of both lists: the second list itself if it has all of the first one. */
function union(before: readonly string[], after: readonly string[]): readonly string[] {
  if (before === after) return after;
  const all = new Set(after);
  for (const entry of before) all.add(entry);
  return all.size === after.length ? after : [...all];
}

/** Returns a result with the rules of the one before, too: the result itself if it has them all. */
export function withRulesOf(before: CompileResult, after: CompileResult): CompileResult {
  const names = new Set([...Object.keys(before.sets), ...Object.keys(after.sets)]);
  const sets = Object.fromEntries(
    [...names].map((name) => [name, union(before.sets[name] ?? NONE, after.sets[name] ?? NONE)]),
  );
  const dropRules = union(before.dropRules, after.dropRules);
  const isSame =
    dropRules === after.dropRules &&
    Object.entries(sets).every(([name, entries]) => entries === (after.sets[name] ?? NONE));
  return isSame ? after : { ...after, sets, dropRules };
}

/**
 * Returns a result with those virtual addresses of the one before that the node still has: their
 * services drain, and other ports of them must not reach the host.
 */
export function withVirtualAddressesOf(
  before: CompileResult,
  after: CompileResult,
  present: ReadonlySet<string>,
): CompileResult {
  const sets = { ...after.sets };
  for (const name of VIRTUAL_SETS) {
    const kept = (before.sets[name] ?? NONE).filter((address) => present.has(address));
    const entries = union(kept, after.sets[name] ?? NONE);
    if (entries.length > 0) sets[name] = entries;
  }
  return { ...after, sets };
}
