/**
 * The order in which ipvsadm prints services and real servers: that of lib/ipvs/order.ts, or what a
 * mistake of ipvsadm makes of it.
 * @module
 */
import {
  type Endpoint,
  endpointOrder,
  type ServiceEndpoint,
  serviceOrder,
  sortDestinations,
  sortServices,
} from '../ipvs/order.js';

/**
 * Returns services in ipvsadm's order.
 * @param compat true: also where ipvsadm's comparison wraps. The result then depends on the order
 *   of the services, which must be the kernel's
 */
export const printedServices = <Item extends ServiceEndpoint>(
  services: readonly Item[],
  compat: boolean,
) => (compat ? sortWrapped(services, serviceOrder) : sortServices(services));

/** Returns destinations in ipvsadm's order. */
export const printedDestinations = <Item extends Endpoint>(
  destinations: readonly Item[],
  compat: boolean,
) => (compat ? sortWrapped(destinations, endpointOrder) : sortDestinations(destinations));

/** An object with the text that decides about its place. */
interface Ranked<Item> {
  readonly item: Item;
  readonly order: string;
}

function sortWrapped<Item>(
  items: readonly Item[],
  orderOf: (item: Item) => string,
): readonly Item[] {
  const ranked = items.map((item) => ({ item, order: orderOf(item) }));
  return mergeSort(ranked, compareWrapped).map(({ item }) => item);
}

/**
 * Compares as ipvsadm does, by the first numbers of 32 bits that differ: their difference wraps, so
 * that numbers far apart are in the wrong order.
 */
function compareWrapped<Item>({ order: a }: Ranked<Item>, { order: b }: Ranked<Item>): number {
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
 * Sorts with the algorithm of the C library's qsort(). A comparison that wraps is no consistent
 * order, so the result depends on the algorithm.
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
