/**
 * Rules of nftables while the table of IPVS changes: those of what comes are there before it, and
 * those of what goes stay until it has gone.
 * @module
 */
import { IP_FAMILIES } from '../../kubernetes/families.js';
import type { CompileResult } from '../../kubernetes/index.js';
import { setNameOf } from '../../kubernetes/sets.js';

/** The part of a result that rules of nftables come from. */
export type Rules = Pick<CompileResult, 'sets' | 'dropRules'>;

const [VIRTUAL = '', VIRTUAL6 = ''] = IP_FAMILIES.map((family) =>
  setNameOf('KUBE-IPVS-IPS', family),
);

const NONE: readonly string[] = [];

/**
 * Returns a result with the rules of the one before for those places (an address and a port, a node
 * port, an address) of which it has no rule itself. For the others, its own rules count at once.
 * Returns the result itself if nothing goes.
 */
export function withRulesOf(before: Rules, after: CompileResult): CompileResult {
  let places: ReadonlySet<string> | undefined;
  const isGone = (name: string, entry: string) => {
    places ??= placesOf(after);
    return !places.has(placeOf(name, entry));
  };
  const sets: Record<string, readonly string[]> = { ...after.sets };
  let isSame = true;
  for (const [name, entries] of Object.entries(before.sets)) {
    const own = after.sets[name] ?? NONE;
    if (entries === own) continue;
    const gone = entries.filter((entry) => isGone(name, entry));
    if (gone.length === 0) continue;
    sets[name] = [...own, ...gone];
    isSame = false;
  }
  const goneRules =
    before.dropRules === after.dropRules
      ? NONE
      : before.dropRules.filter((rule) => isGone('', rule));
  if (isSame && goneRules.length === 0) return after;
  return { ...after, sets, dropRules: [...after.dropRules, ...goneRules] };
}

/**
 * Returns a result with those virtual addresses of the one before that the node still has: their
 * services drain, and other ports of them must not reach the host.
 */
export function withVirtualAddressesOf(
  before: Rules,
  after: CompileResult,
  present: ReadonlySet<string>,
): CompileResult {
  const sets: Record<string, readonly string[]> = { ...after.sets };
  for (const name of [VIRTUAL, VIRTUAL6]) {
    const own = new Set(after.sets[name]);
    const kept = (before.sets[name] ?? NONE).filter(
      (address) => present.has(address) && !own.has(address),
    );
    if (kept.length > 0) sets[name] = [...own, ...kept];
  }
  return { ...after, sets };
}

/** Returns the rules for virtual addresses that the node has from before the agent. */
export function rulesOfAddresses(addresses: readonly string[]): Rules {
  const isIpv6 = (address: string) => address.includes(':');
  return {
    sets: {
      [VIRTUAL]: addresses.filter((address) => !isIpv6(address)),
      [VIRTUAL6]: addresses.filter(isIpv6),
    },
    dropRules: NONE,
  };
}

function placesOf({ sets, dropRules }: Rules): Set<string> {
  const places = new Set<string>();
  for (const [name, entries] of Object.entries(sets)) {
    for (const entry of entries) places.add(placeOf(name, entry));
  }
  for (const rule of dropRules) places.add(placeOf('', rule));
  return places;
}

/**
 * Returns the place of an entry: '10.96.0.10,tcp:80' of that, of '10.96.0.10,tcp:80,192.0.2.0/24'
 * and of the rule '10.96.0.10 tcp 80'; '10.96.0.10'; 'KUBE-NODE-PORT-TCP 30080'.
 */
function placeOf(name: string, entry: string): string {
  if (entry.includes(' ')) return entry.replace(' ', ',').replace(' ', ':');
  if (/^\d+$/.test(entry)) return `${name.replace('-LOCAL', '')} ${entry}`;
  return entry.split(',', 2).join();
}
