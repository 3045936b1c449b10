/**
 * The sets of a compilation as sets of nftables: their types and elements.
 * @module
 */
import { IP_FAMILIES, type IPFamily } from './families.js';
import { type Network, readNetwork } from './networks.js';
import type { CompileResult } from './result.js';
import { fieldsOf, SET_NAMES, type SetField, setNameOf } from './sets.js';

/** A set of nftables. */
export interface NftSet {
  readonly name: string;
  /** Its type, such as `ipv4_addr . inet_proto . inet_service`. */
  readonly type: string;
  /** True if an element may be a network. */
  readonly hasNetworks: boolean;
}

/** The set of the load balancers that the node itself must not use: it has no ipset. */
const DROP_SET = { IPv4: 'NODE-DROP', IPv6: 'NODE-6-DROP' } as const;

const ADDRESS_TYPE = { IPv4: 'ipv4_addr', IPv6: 'ipv6_addr' } as const;

function typeOf(fields: readonly SetField[], family: IPFamily): string {
  const types: Readonly<Record<SetField, string>> = {
    address: ADDRESS_TYPE[family],
    port: 'inet_proto . inet_service',
    number: 'inet_service',
    source: ADDRESS_TYPE[family],
    network: ADDRESS_TYPE[family],
  };
  return fields.map((field) => types[field]).join(' . ');
}

/** Returns the name of the set of what the node itself must not use. */
export function dropSetOf(family: IPFamily): string {
  return DROP_SET[family];
}

/** All sets, of both families. */
export const NFT_SETS: readonly NftSet[] = IP_FAMILIES.flatMap((family) => [
  ...SET_NAMES.map((name) => ({
    name: setNameOf(name, family),
    type: typeOf(fieldsOf(name), family),
    hasNetworks: fieldsOf(name).includes('network'),
  })),
  { name: DROP_SET[family], type: typeOf(['address', 'port'], family), hasNetworks: false },
]);

/** The elements of each set, by its name. */
export type NftElements = ReadonlyMap<string, ReadonlySet<string>>;

/** Returns the elements of all sets. */
export function elementsOf({ sets, dropRules }: CompileResult): NftElements {
  const elements = new Map<string, Set<string>>();
  for (const { name, hasNetworks } of NFT_SETS) {
    const entries = sets[name] ?? [];
    const needed = hasNetworks ? withoutCovered(entries) : entries;
    elements.set(name, new Set(needed.map(elementOf)));
  }
  for (const rule of dropRules) {
    const family = rule.includes(':') ? 'IPv6' : 'IPv4';
    elements.get(DROP_SET[family])?.add(rule.replaceAll(' ', ' . '));
  }
  return elements;
}

/** Returns an entry of an ipset ('10.96.0.10,tcp:80') as nft writes it ('10.96.0.10 . tcp . 80'). */
function elementOf(entry: string): string {
  return entry
    .split(',')
    .map((field) => field.replace(/^(tcp|udp|sctp):/, '$1 . '))
    .join(' . ');
}

/** Returns the entries but those whose network is within another one: nftables allows no overlap. */
function withoutCovered(entries: readonly string[]): readonly string[] {
  const networks = new Map<string, { readonly entry: string; readonly network: Network }[]>();
  for (const entry of entries) {
    const at = entry.lastIndexOf(',');
    const others = networks.get(entry.slice(0, at)) ?? [];
    networks.set(entry.slice(0, at), others);
    others.push({ entry, network: readNetwork('network', entry.slice(at + 1)) });
  }
  return [...networks.values()].flatMap((group) =>
    group
      .filter(({ network }) => !group.some((other) => isWithin(network, other.network)))
      .map(({ entry }) => entry),
  );
}

/** Returns true if a network is a part of another one. */
function isWithin(network: Network, other: Network): boolean {
  if (network.family !== other.family || network.prefixLength <= other.prefixLength) return false;
  const rest = BigInt((network.family === 'IPv4' ? 32 : 128) - other.prefixLength);
  return network.value >> rest === other.value >> rest;
}
