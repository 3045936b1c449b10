/**
 * The rows of `ipvs top` in the order in which they are shown, without those that a filter hides.
 * Destinations are sorted when their service is shown.
 * @module
 */
import { compareOrders, endpointOrder, serviceOrder } from '../../ipvs/order.js';
import type { SortColumn } from './columns.js';
import { type DestinationRow, methodOf, nameOf, type Row, type ServiceRow } from './rows.js';

/** The order of services, and of the destinations of each. */
export interface Order {
  /** The column to sort by: the largest number first; names and equal numbers by address. */
  readonly sort: SortColumn;
  readonly reversed: boolean;
}

/** Returns true for a service whose destinations are shown, by its key. */
type IsExpanded = (service: string) => boolean;

/** A service, and the place of its row. */
export interface ServicePlace {
  readonly key: string;
  readonly place: number;
}

/** A service of a listing. */
class ListedService {
  readonly row: ServiceRow;
  /** The number of destinations that are not hidden. */
  readonly count: number;
  readonly #order: Order;
  readonly #unsorted: readonly DestinationRow[];
  #sorted: readonly DestinationRow[] | undefined;

  constructor(row: ServiceRow, destinations: readonly DestinationRow[], order: Order) {
    this.row = row;
    this.count = destinations.length;
    this.#order = order;
    this.#unsorted = destinations;
  }

  get destinations(): readonly DestinationRow[] {
    this.#sorted ??= sortRows(this.#unsorted, this.#order);
    return this.#sorted;
  }
}

/** Services and destinations in order. */
export class Listing {
  readonly services: readonly ListedService[];

  /**
   * @param filter text that a row must contain, in any case; a service is shown with its matches
   */
  constructor(services: readonly ServiceRow[], order: Order, filter: string) {
    const listed = filterServices(services, filter.toLowerCase(), order);
    const byRow = new Map(listed.map((each) => [each.row, each]));
    this.services = sortRows([...byRow.keys()], order).flatMap((row) => byRow.get(row) ?? []);
  }

  /** Returns the number of rows. */
  count(isExpanded: IsExpanded): number {
    return this.services.reduce(
      (sum, { row, count }) => sum + 1 + (isExpanded(row.key) ? count : 0),
      0,
    );
  }

  /** Returns the service of the row at `place`: its key and the place of its own row. */
  serviceAt(isExpanded: IsExpanded, place: number): ServicePlace | undefined {
    let next = 0;
    for (const { row, count } of this.services) {
      const own = next;
      next += 1 + (isExpanded(row.key) ? count : 0);
      if (place < next) return { key: row.key, place: own };
    }
    return undefined;
  }

  /** Returns `count` rows, from the one at `first` on. */
  rows(isExpanded: IsExpanded, first: number, count: number): readonly Row[] {
    const rows: Row[] = [];
    let place = 0;
    for (const service of this.services) {
      if (rows.length === count) break;
      if (place >= first) rows.push(service.row);
      place++;
      if (!isExpanded(service.row.key)) continue;
      if (place + service.count > first) {
        const from = Math.max(first - place, 0);
        for (const row of service.destinations.slice(from, from + count - rows.length)) {
          rows.push(row);
        }
      }
      place += service.count;
    }
    return rows;
  }
}

function filterServices(
  services: readonly ServiceRow[],
  filter: string,
  order: Order,
): readonly ListedService[] {
  const matches = (row: Row) => `${nameOf(row)} ${methodOf(row)}`.toLowerCase().includes(filter);
  return services.flatMap((row) => {
    if (filter === '' || matches(row)) return new ListedService(row, row.destinations, order);
    const found = row.destinations.filter(matches);
    return found.length === 0 ? [] : new ListedService(row, found, order);
  });
}

/** Returns rows in order. */
function sortRows<Each extends Row>(
  rows: readonly Each[],
  { sort, reversed }: Order,
): readonly Each[] {
  const sign = reversed ? -1 : 1;
  const sorted = rows.map((row) => ({ row, value: sort?.valueOf(row) ?? -1, order: '' }));
  const orderIn = (each: (typeof sorted)[number]) => {
    // Made only where numbers are equal.
    each.order ||= orderOf(each.row);
    return each.order;
  };
  sorted.sort((a, b) => {
    if (a.value !== b.value) return sign * (b.value - a.value);
    const byKey = compareOrders(orderIn(a), orderIn(b));
    return sort === undefined ? sign * byKey : byKey;
  });
  return sorted.map(({ row }) => row);
}

/** Returns the text that decides between rows with equal numbers. */
const orderOf = (row: Row): string =>
  row.kind === 'service' ? serviceOrder(row.service) : endpointOrder(row.destination);
