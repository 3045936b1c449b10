/**
 * The order in which ipvsadm prints services and real servers.
 * @module
 */
import { parseAddress } from '../core/address.js';

/** The key of a service or a destination, as snapshots and states have it. */
interface Key {
  readonly fwmark?: number | undefined;
  readonly family?: string | undefined;
  readonly protocol?: string | undefined;
  readonly address?: string | undefined;
  readonly port?: number | undefined;
}

/** An object with the numbers that decide about its place, the most important one first. */
interface Ranked<Item> {
  readonly item: Item;
  readonly rank: readonly number[];
}

const PROTOCOLS: Readonly<Record<string, number>> = { tcp: 6, udp: 17, sctp: 132 };

const addressBytes = new Uint8Array(16);
const addressView = new DataView(addressBytes.buffer);

/** Returns the four words of an address. IPv4 has one word. */
function wordsOf(address: string): readonly number[] {
  addressBytes.fill(0);
  parseAddress(address, addressBytes, 0);
  return [0, 4, 8, 12].map((at) => addressView.getUint32(at));
}

function serviceRank({ fwmark = 0, family, protocol = '', address = '', port = 0 }: Key) {
  if (fwmark !== 0) return [fwmark, family === 'ipv6' ? 1 : 0];
  const number = PROTOCOLS[protocol] ?? Number(protocol.replace('unknown-', ''));
  return [0, address.includes(':') ? 1 : 0, number, ...wordsOf(address), port];
}

const destinationRank = ({ address = '', port = 0 }: Key) => [...wordsOf(address), port];

/** Compares two numbers of 32 bits; negative: `a` comes first. */
type Compare = (a: number, b: number) => number;

const byValue: Compare = (a, b) => a - b;
/** As ipvsadm does: the difference wraps, so that numbers far apart are in the wrong order. */
const byWrappedDifference: Compare = (a, b) => (a - b) | 0;

function sortBy<Item extends Key>(
  items: readonly Item[],
  rankOf: (item: Item) => readonly number[],
  compat: boolean,
): readonly Item[] {
  const compare = compat ? byWrappedDifference : byValue;
  const ranked = items.map((item) => ({ item, rank: rankOf(item) }));
  const sorted = compat
    ? mergeSort(ranked, (a, b) => compareRanks(a, b, compare))
    : ranked.sort((a, b) => compareRanks(a, b, compare));
  return sorted.map(({ item }) => item);
}

function compareRanks<Item>(
  { rank: a }: Ranked<Item>,
  { rank: b }: Ranked<Item>,
  compare: Compare,
) {
  for (const [place, number] of a.entries()) {
    const order = compare(number, b[place] ?? 0);
    if (order !== 0) return order;
  }
  return 0;
}

/**
 * Sorts in the way of the C library's qsort(). With an order that is none, as that of differences
 * which wrap, the result depends on the way.
 */
function mergeSort<Item>(items: readonly Item[], compare: (a: Item, b: Item) => number): Item[] {
  if (items.length < 2) return [...items];
  const middle = items.length >> 1;
  const first = mergeSort(items.slice(0, middle), compare);
  const second = mergeSort(items.slice(middle), compare);
  const merged: Item[] = [];
  let next = 0;
  for (const item of second) {
    for (let each = first[next]; each !== undefined; each = first[++next]) {
      if (compare(each, item) > 0) break;
      merged.push(each);
    }
    merged.push(item);
  }
  return [...merged, ...first.slice(next)];
}

/**
 * Returns services in ipvsadm's order: by firewall mark (those without first), family, protocol,
 * address and port.
 * @param compat true: also where ipvsadm's comparison wraps. The result then depends on the order of
 *   the services, which must be the kernel's
 */
export const sortServices = <Item extends Key>(services: readonly Item[], compat = false) =>
  sortBy(services, serviceRank, compat);

/** Returns destinations in ipvsadm's order: by address and port. */
export const sortDestinations = <Item extends Key>(items: readonly Item[], compat = false) =>
  sortBy(items, destinationRank, compat);
