/**
 * The rows of `ipvs top` in the order in which they are shown, without those that a filter hides.
 * Destinations are sorted when their service is shown.
 * @module
 */
import { parseAddress } from '../../core/address.js';
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

  /** @param filter text that a row must contain, in any case; a service is shown with its matches */
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
        rows.push(...service.destinations.slice(from, from + count - rows.length));
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
  const sorted = rows.map((row) => ({ row, value: sort?.valueOf(row) ?? -1, address: '' }));
  const addressOf = (each: (typeof sorted)[number]) => {
    // Made only where numbers are equal.
    each.address ||= addressKey(each.row);
    return each.address;
  };
  sorted.sort((a, b) => {
    if (a.value !== b.value) return sign * (b.value - a.value);
    const byAddress = addressOf(a) < addressOf(b) ? -1 : 1;
    return sort === undefined ? sign * byAddress : byAddress;
  });
  return sorted.map(({ row }) => row);
}

/**
 * Returns a text whose code units are in the order of services: by protocol, address and port, and
 * then by firewall mark; or of destinations, by address and port. Addresses are compared as numbers.
 */
function addressKey(row: Row): string {
  if (row.kind === 'destination') {
    return endpointKey(row.destination.address, row.destination.port);
  }
  const { service } = row;
  if (service.fwmark === undefined) {
    return service.protocol + endpointKey(service.address, service.port ?? 0);
  }
  const { fwmark, family } = service;
  return `~${String.fromCharCode(fwmark >>> 16, fwmark & 0xffff)}${family}`;
}

const bytes = new Uint8Array(16);

function endpointKey(address: string, port: number): string {
  bytes.fill(0);
  const family = parseAddress(address, bytes, 0);
  let key = String.fromCharCode(family);
  for (let at = 0; at < bytes.length; at += 2) {
    key += String.fromCharCode(((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0));
  }
  return key + String.fromCharCode(port);
}
