/**
 * Snapshots of the whole table, read in chunks.
 * @module
 */

import { IpvsError } from '../core/errors.js';
import { call, named } from '../queue/operation.js';
import { fulfilledValue } from '../queue/results.js';
import { type Routine, send } from '../queue/routine.js';
import type { IpvsTypes } from './client.js';
import { operations } from './operations.js';
import type { ServiceWithDestinations } from './service.js';
import { type Counter, checkReadOptions, type ReadOptions } from './stats.js';

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
  // The options are read once, although many calls use them.
  const counters = { bigint: checkReadOptions(options) };
  const listServices = named(operations.listServices, name);
  const listDestinations = named(operations.listDestinations, name);
  const [list] = yield* send([call(listServices, counters)]);
  const services = fulfilledValue(list);
  const found: ServiceWithDestinations<Counter>[] = [];
  for (let first = 0, size = FIRST_CHUNK; first < services.length; ) {
    const chunk = services.slice(first, first + size);
    const lists = yield* send(chunk.map((service) => call(listDestinations, service, counters)));
    let read = 0;
    for (const [index, service] of chunk.entries()) {
      const result = lists[index];
      if (result?.status === 'rejected' && isGone(result.reason)) continue;
      const destinations = fulfilledValue(result);
      read += destinations.length;
      // No other code has a reference to the service yet, so that it can be changed in place.
      found.push(Object.assign(service, { destinations }));
    }
    first += chunk.length;
    const next = Math.round((chunk.length * DESTINATIONS_PER_CHUNK) / Math.max(read, 1));
    size = Math.min(Math.max(next, 1), MAX_CHUNK);
  }
  return { services: found };
}

function isGone(error: unknown): boolean {
  return error instanceof IpvsError && error.code === 'ESRCH';
}
