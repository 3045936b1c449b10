/**
 * The sets of a compilation as sets of nftables: their types and elements.
 * @module
 */
import { IP_FAMILIES, type IPFamily } from './families.js';
import { isWithin, type Network, readNetwork } from './networks.js';
import type { CompileResult } from './result.js';
import { fieldsOf, SET_NAMES, type SetField, type SetName, setNameOf } from './sets.js';

/** A set of nftables. */
interface NftSet {
  readonly name: string;
  /** Its type, such as `ipv4_addr . inet_proto . inet_service`. */
  readonly type: string;
  /** True if an element may be a network. */
  readonly hasNetworks: boolean;
  /** Returns the list of a result that its elements come from. */
  sourceOf(result: CompileResult): readonly string[];
  /** Returns the entries that it needs of its source. */
  entriesOf(source: readonly string[]): readonly string[];
}

/** The sets of the load balancers that the node itself must not use: they have no ipset. */
export const DROP_SET = { IPv4: 'NODE-DROP', IPv6: 'NODE-6-DROP' } as const;

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

function setOf(setName: SetName, family: IPFamily): NftSet {
  const name = setNameOf(setName, family);
  const fields = fieldsOf(setName);
  const hasNetworks = fields.includes('network');
  return {
    name,
    type: typeOf(fields, family),
    hasNetworks,
    sourceOf: ({ sets }) => sets[name] ?? NONE,
    entriesOf: hasNetworks ? withoutCovered : (source) => source,
  };
}

function dropSet(family: IPFamily): NftSet {
  return {
    name: DROP_SET[family],
    type: typeOf(['address', 'port'], family),
    hasNetworks: false,
    sourceOf: ({ dropRules }) => dropRules,
    entriesOf: (rules) => rules.filter((rule) => rule.includes(':') === (family === 'IPv6')),
  };
}

const NONE: readonly string[] = [];

/** All sets, of both families. */
export const NFT_SETS: readonly NftSet[] = IP_FAMILIES.flatMap((family) => [
  ...SET_NAMES.map((name) => setOf(name, family)),
  dropSet(family),
]);

/** Returns the elements of a set. */
export function elementsOf(set: NftSet, result: CompileResult): readonly string[] {
  return [...new Set(set.entriesOf(set.sourceOf(result)))].map(elementOf);
}

/** The elements that one result has and another one has not. */
interface ElementChanges {
  readonly gone: readonly string[];
  readonly added: readonly string[];
}

const UNCHANGED: ElementChanges = { gone: [], added: [] };

/**
 * Returns the changes of a set from one result to another. A list that both results share, as those
 * of a {@link Compiler} do until an entry of it comes or goes, is not read.
 */
export function changesOf(
  set: NftSet,
  before: CompileResult,
  after: CompileResult,
): ElementChanges {
  const [old, next] = [set.sourceOf(before), set.sourceOf(after)];
  if (old === next) return UNCHANGED;
  const [present, wanted] = [new Set(set.entriesOf(old)), new Set(set.entriesOf(next))];
  return {
    gone: [...present].filter((entry) => !wanted.has(entry)).map(elementOf),
    added: [...wanted].filter((entry) => !present.has(entry)).map(elementOf),
  };
}

/**
 * Returns an entry as nft writes it ('10.96.0.10 . tcp . 80'): one of an ipset
 * ('10.96.0.10,tcp:80'), or a drop rule ('10.96.0.10 tcp 80').
 */
function elementOf(entry: string): string {
  return entry.replace(/(tcp|udp|sctp):/, '$1,').replaceAll(/[ ,]/g, ' . ');
}

/**
 * Returns the entries but those whose network is within another one: nftables allows no overlap.
 */
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
