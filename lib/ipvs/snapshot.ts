/**
 * The whole table, read in parts.
 * @module
 */

import { IpvsError, withOperation } from '../core/errors.js';
import { fulfilled } from '../queue/outcome.js';
import { bound } from '../queue/packed.js';
import { ask, type Procedure } from '../queue/procedure.js';
import { calls } from './calls.js';
import type { RequestBuffer } from './request-buffer.js';
import type { Results } from './results.js';
import type { ServiceWithDestinations } from './service.js';
import { type Counter, checkReadOptions, type ReadOptions } from './stats.js';

/** The whole table of a network namespace. */
export interface Snapshot<Value extends Counter = number> {
  /**
   * The services in the kernel's order, which means nothing. The destinations of each are in its
   * order too, the newest first, and schedulers go by it: `fo` and `ovf` take the first of those
   * with the highest weight, `sh`, `mh` and `dh` assign clients by place, and of equally good
   * servers the others take the first. To restore it, add the last one first; README has a recipe.
   */
  readonly services: readonly ServiceWithDestinations<Value>[];
}

/** Services whose destinations are read together, at first and at most. */
const FIRST_PART = 32;
const MAX_PART = 256;
/** Destinations that a part is to bring: some milliseconds of the kernel's time. */
const AIM = 1280;

/** Reads the table for snapshot(). @internal */
export const readSnapshot = (options?: ReadOptions) => readTable('snapshot', options);

/** Reads the table, for a method of that name; a service that is deleted meanwhile is not in it. @internal */
export function* readTable(
  operation: string,
  options?: ReadOptions,
): Procedure<RequestBuffer, Results, Snapshot<Counter>> {
  try {
    return yield* readParts(options);
  } catch (error) {
    throw error instanceof IpvsError ? withOperation(error, operation) : error;
  }
}

function* readParts(
  given: ReadOptions | undefined,
): Procedure<RequestBuffer, Results, Snapshot<Counter>> {
  // Read once, although many calls get them.
  const options = { bigint: checkReadOptions(given) };
  const [list] = yield* ask([bound(calls.listServices, options)]);
  const services = fulfilled(list);
  const found: ServiceWithDestinations<Counter>[] = [];
  for (let first = 0, size = FIRST_PART; first < services.length; ) {
    const part = services.slice(first, first + size);
    const lists = yield* ask(
      part.map((service) => bound(calls.listDestinations, service, options)),
    );
    let read = 0;
    for (const [index, service] of part.entries()) {
      const outcome = lists[index];
      if (outcome?.status === 'rejected' && isGone(outcome.reason)) continue;
      const destinations = fulfilled(outcome);
      read += destinations.length;
      // Nobody else has seen the service yet.
      found.push(Object.assign(service, { destinations }));
    }
    first += part.length;
    size = Math.min(Math.max(Math.round((part.length * AIM) / Math.max(read, 1)), 1), MAX_PART);
  }
  return { services: found };
}

function isGone(error: unknown): boolean {
  return error instanceof IpvsError && error.code === 'ESRCH';
}
