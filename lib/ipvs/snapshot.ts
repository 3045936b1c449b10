/**
 * Snapshots of the whole table, read in chunks.
 * @module
 */

import { layout } from '../native/layout.js';
import type { Records } from '../native/records.js';
import { Incremental } from '../queue/incremental.js';
import { call } from '../queue/operation.js';
import { fulfilledValue } from '../queue/results.js';
import { type Routine, send } from '../queue/routine.js';
import { YIELD_INTERVAL } from '../queue/slicer.js';
import type { IpvsTypes } from './client.js';
import { decodeDestinationEntry } from './decode-destination.js';
import { decodeServiceEntry } from './decode-service.js';
import type { Destination } from './destination.js';
import type { IpvsOperation } from './operations.js';
import type { IpvsResponse } from './response.js';
import type { Service, ServiceWithDestinations } from './service.js';
import {
  asBigint,
  asNumber,
  type Counter,
  checkReadOptions,
  type DecodeStats,
  type ReadOptions,
} from './stats.js';

/** The whole table of a network namespace. */
export interface Snapshot<Value extends Counter = number> {
  /**
   * The services in the kernel's order, which has no meaning. The destinations of each service are
   * in the kernel's order too, the newest first. That order matters to schedulers: `fo` and `ovf`
   * choose the first of the destinations with the highest weight, `sh`, `mh` and `dh` assign
   * clients by position, and the other schedulers choose the first of equally good destinations. To
   * restore the order, add the last destination first; README has a recipe.
   */
  readonly services: readonly ServiceWithDestinations<Value>[];
}

/** The number of services whose destinations are requested together: at first, and at most. */
const FIRST_CHUNK = 32;
const MAX_CHUNK = 256;
/** The number of destinations a chunk should have. The kernel lists them in some milliseconds. */
const DESTINATIONS_PER_CHUNK = 1280;

/** Services as the kernel listed them: some of the ServiceEntry records of a response. */
interface ServiceRange {
  readonly records: Records;
  readonly first: number;
  readonly count: number;
}

/** Reads the table for `snapshot()`. @internal */
export const readSnapshot = (options?: ReadOptions) => readTable('snapshot', options);

/**
 * Reads the table for the method `name`. Leaves out services that are deleted meanwhile.
 * @throws IpvsError the kernel refuses a request, for any reason but a deleted service
 * @internal
 */
export function* readTable(
  name: string,
  options?: ReadOptions,
): Routine<IpvsTypes, Snapshot<Counter>> {
  const decodeStats = checkReadOptions(options) ? asBigint : asNumber;
  const listed = yield* sendOne(listServices(name));
  const services: ServiceWithDestinations<Counter>[] = [];
  for (let first = 0, size = FIRST_CHUNK; first < listed.count; ) {
    const chunk = rangeOf(listed, first, size);
    const found = yield* sendOne(listDestinations(name, chunk, decodeStats));
    let read = 0;
    for (const service of found) {
      services.push(service);
      read += service.destinations.length;
    }
    first += chunk.count;
    const next = Math.round((chunk.count * DESTINATIONS_PER_CHUNK) / Math.max(read, 1));
    size = Math.min(Math.max(next, 1), MAX_CHUNK);
  }
  return { services };
}

/** Returns at most `count` services of a range, from `index` on. */
const rangeOf = ({ records, first, count: all }: ServiceRange, index: number, count: number) => ({
  records,
  first: first + index,
  count: Math.min(count, all - index),
});

/** Sends one call. Returns its value, or throws its error. */
function* sendOne<Value>(operation: IpvsOperation<Value>): Routine<IpvsTypes, Value> {
  const [result] = yield* send([call(operation)]);
  return fulfilledValue(result);
}

/** Returns the operation that lists all services, for the method `name`. Decodes none of them. */
const listServices = (name: string): IpvsOperation<ServiceRange> => ({
  name,
  request: 'listServices',
  arity: 0,
  encode: () => undefined,
  decode: (response, index) => ({
    records: response.serviceRecords,
    first: response.number(index, 'firstService'),
    count: response.number(index, 'services'),
  }),
});

/**
 * Returns the operation that lists the destinations of services, for the method `name`. Its value
 * is the services that exist.
 */
const listDestinations = (
  name: string,
  services: ServiceRange,
  decodeStats: DecodeStats<Counter>,
): IpvsOperation<readonly ServiceWithDestinations<Counter>[]> => ({
  name,
  request: 'listDestinations',
  arity: 0,
  requests: services.count,
  encode: (requests) => {
    for (let index = 0; index < services.count; index++) {
      if (index > 0) requests.next('listDestinations');
      requests.copyService(services.records, baseOf(services, index) + SERVICE);
    }
  },
  decode: (response, first, errorOf) =>
    new Incremental(() => decodeServices(response, first, services, decodeStats, errorOf)),
});

const { serviceEntry, destinationEntry } = layout;
const SERVICE = serviceEntry.fields.service.offset;

/** Returns the offset of the service entry at `index` of a range. */
const baseOf = ({ first }: ServiceRange, index: number) => (first + index) * serviceEntry.size;

/**
 * Decodes services with the destinations that the kernel listed.
 * @param first the place in the response of the request for the first service
 */
function* decodeServices(
  response: IpvsResponse,
  first: number,
  services: ServiceRange,
  decodeStats: DecodeStats<Counter>,
  errorOf: ((place: number) => Error) | undefined,
): Generator<void, readonly ServiceWithDestinations<Counter>[]> {
  const found: ServiceWithDestinations<Counter>[] = [];
  const { destinationRecords } = response;
  let decoded = 0;
  for (let index = 0; index < services.count; index++) {
    const place = first + index;
    if (!response.succeeded(place)) {
      if (response.refusedWith(place) === 'ESRCH') continue;
      throw errorOf?.(place);
    }
    const destinations = new Array<Destination<Counter>>(response.number(place, 'destinations'));
    let base = response.number(place, 'firstDestination') * destinationEntry.size;
    for (let each = 0; each < destinations.length; each++) {
      destinations[each] = decodeDestinationEntry(destinationRecords, base, decodeStats);
      base += destinationEntry.size;
      if (++decoded % YIELD_INTERVAL === 0) yield;
    }
    const service = decodeServiceEntry(services.records, baseOf(services, index), decodeStats);
    found.push(withDestinations(service, destinations));
  }
  return found;
}

/** Adds the destinations to a service, which no other code has a reference to yet. */
const withDestinations = <Value extends Counter>(
  service: Service<Value>,
  destinations: readonly Destination<Value>[],
): ServiceWithDestinations<Value> => Object.assign(service, { destinations });
