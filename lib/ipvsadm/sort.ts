/**
 * Services and destinations in order: that of lib/ipvs/order.ts, or the one that ipvsadm makes of it.
 * @module
 */
import { compareOrders, endpointOrder, serviceOrder } from '../ipvs/order.js';

/** An object with the text that decides about its place. */
interface Ranked<Item> {
  readonly item: Item;
  readonly order: string;
}

function sortBy<Item>(
  items: readonly Item[],
  orderOf: (item: Item) => string,
  compat: boolean,
): readonly Item[] {
  const ranked = items.map((item) => ({ item, order: orderOf(item) }));
  const sorted = compat
    ? mergeSort(ranked, (a, b) => compareWrapped(a.order, b.order))
    : ranked.sort((a, b) => compareOrders(a.order, b.order));
  return sorted.map(({ item }) => item);
}

/**
 * Compares as ipvsadm does, by the first numbers of 32 bits that differ: their difference wraps, so
 * that numbers far apart are in the wrong order.
 */
function compareWrapped(a: string, b: string): number {
  for (let at = 0; at < a.length; at += 2) {
    const difference = (numberAt(a, at) - numberAt(b, at)) | 0;
    if (difference !== 0) return difference;
  }
  return 0;
}

/** Returns the number in two code units; 0 behind the end. */
const numberAt = (order: string, at: number) =>
  (order.charCodeAt(at) << 16) | order.charCodeAt(at + 1);

/**
 * Sorts in the way of the C library's qsort(). With an order that is none, as that of differences
 * which wrap, the result depends on the way.
 */
function mergeSort<Item>(
  items: readonly Ranked<Item>[],
  compare: (a: Ranked<Item>, b: Ranked<Item>) => number,
): Ranked<Item>[] {
  if (items.length < 2) return [...items];
  const middle = items.length >> 1;
  const first = mergeSort(items.slice(0, middle), compare);
  const second = mergeSort(items.slice(middle), compare);
  const merged: Ranked<Item>[] = [];
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
 * Returns services in order: those with an address by family, protocol, address and port; then those
 * by firewall mark.
 * @param compat true: also where ipvsadm's comparison wraps. The result then depends on the order of
 *   the services, which must be the kernel's
 */
export const sortServices = <Item extends Parameters<typeof serviceOrder>[0]>(
  services: readonly Item[],
  compat = false,
) => sortBy(services, serviceOrder, compat);

/** Returns destinations in order: by address and port. */
export const sortDestinations = <Item extends Parameters<typeof endpointOrder>[0]>(
  items: readonly Item[],
  compat = false,
) => sortBy(items, endpointOrder, compat);
