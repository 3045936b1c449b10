/**
 * Changes of counters from one sample of the table to the next.
 * @module
 */

import { YIELD_INTERVAL } from '../queue/slicer.js';
import type { Destination } from './destination.js';
import { formatDestinationKey, formatServiceKey } from './keys.js';
import type { Service, ServiceWithDestinations } from './service.js';
import type { Stats } from './stats.js';

/** The name of a counter of {@link Stats}. */
export type CounterName = 'connections' | 'inPackets' | 'outPackets' | 'inBytes' | 'outBytes';

/** The increase of the counters since the previous sample. */
export interface Change {
  /**
   * The increase. If counters went backwards, because they were zeroed or the object was created
   * again, their value.
   */
  readonly delta: Readonly<Record<CounterName, number>>;
  /** The increase per second; 0 if no time has passed. */
  readonly rate: Readonly<Record<CounterName, number>>;
}

/** A service of a sample. `change` is null if the previous sample did not have it. */
export type WatchedService = Service & {
  readonly change: Change | null;
  readonly destinations: readonly WatchedDestination[];
};

/** A destination of a sample. `change` is null if the previous sample did not have it. */
export type WatchedDestination = Destination & { readonly change: Change | null };

/** A sample of the table. */
export interface Sample {
  /** The time at which the table was read. */
  readonly time: Date;
  /** Seconds since the previous sample; 0 in the first one. */
  readonly elapsed: number;
  /** All services with their destinations, each with its change. */
  readonly services: readonly WatchedService[];
  /** References of the services that the previous sample had, and that are gone. */
  readonly gone: readonly string[];
}

/** Returns the change from `before` to `now`, with `elapsed` seconds between them. @internal */
export function changeBetween(before: Stats, now: Stats, elapsed: number): Change {
  const isRestarted =
    now.connections < before.connections ||
    now.inPackets < before.inPackets ||
    now.outPackets < before.outPackets ||
    now.inBytes < before.inBytes ||
    now.outBytes < before.outBytes;
  const delta = {
    connections: now.connections - (isRestarted ? 0 : before.connections),
    inPackets: now.inPackets - (isRestarted ? 0 : before.inPackets),
    outPackets: now.outPackets - (isRestarted ? 0 : before.outPackets),
    inBytes: now.inBytes - (isRestarted ? 0 : before.inBytes),
    outBytes: now.outBytes - (isRestarted ? 0 : before.outBytes),
  };
  const perSecond = (increase: number) => (elapsed > 0 ? increase / elapsed : 0);
  const rate = {
    connections: perSecond(delta.connections),
    inPackets: perSecond(delta.inPackets),
    outPackets: perSecond(delta.outPackets),
    inBytes: perSecond(delta.inBytes),
    outBytes: perSecond(delta.outBytes),
  };
  return { delta, rate };
}

/**
 * Finds the items of a list in a previous list. The order of the kernel hardly changes, so the next
 * item is usually the one that is sought, and no key is needed. Otherwise a map by key is made,
 * once.
 */
class PreviousItems<Item> {
  readonly #items: readonly Item[];
  readonly #isSame: (a: Item, b: Item) => boolean;
  readonly #keyOf: (item: Item) => string;
  readonly #found: Uint8Array;
  #next = 0;
  #places: Map<string, number> | undefined;

  constructor(
    items: readonly Item[],
    isSame: (a: Item, b: Item) => boolean,
    keyOf: (item: Item) => string,
  ) {
    this.#items = items;
    this.#isSame = isSame;
    this.#keyOf = keyOf;
    this.#found = new Uint8Array(items.length);
  }

  /** Returns the item behind the last one that was found, if it is the one that is sought. */
  next(sought: Item): Item | undefined {
    const item = this.#items[this.#next];
    return item !== undefined && this.#isSame(item, sought) ? this.#take(this.#next) : undefined;
  }

  /** Finds the item by its key, and yields now and then. */
  *search(sought: Item): Generator<void, Item | undefined> {
    if (this.#items.length === 0) return undefined;
    this.#places ??= yield* this.#mapPlaces();
    const place = this.#places.get(this.#keyOf(sought));
    return place === undefined ? undefined : this.#take(place);
  }

  /** Returns the items that were not found. */
  rest(): readonly Item[] {
    return this.#items.filter((_, place) => this.#found[place] === 0);
  }

  #take(place: number): Item | undefined {
    this.#found[place] = 1;
    this.#next = place + 1;
    return this.#items[place];
  }

  *#mapPlaces(): Generator<void, Map<string, number>> {
    const places = new Map<string, number>();
    for (const [place, item] of this.#items.entries()) {
      places.set(this.#keyOf(item), place);
      if (places.size % YIELD_INTERVAL === 0) yield;
    }
    return places;
  }
}

const isSameService = (a: Service, b: Service) =>
  a.address === b.address &&
  a.port === b.port &&
  a.protocol === b.protocol &&
  a.fwmark === b.fwmark &&
  a.family === b.family;

const isSameDestination = (a: Destination, b: Destination) =>
  a.address === b.address && a.port === b.port;

const NONE: readonly Destination[] = [];

/**
 * Compares the services of a sample with those of the previous one, and yields now and then.
 * @internal
 */
export function* compare(
  services: readonly ServiceWithDestinations[],
  before: readonly ServiceWithDestinations[],
  time: Date,
  elapsed: number,
): Generator<void, Sample> {
  let compared = 0;
  const previous = new PreviousItems(before, isSameService, formatServiceKey);
  const watched: WatchedService[] = [];
  for (const service of services) {
    const then = previous.next(service) ?? (yield* previous.search(service));
    const previousDestinations = new PreviousItems(
      then?.destinations ?? NONE,
      isSameDestination,
      formatDestinationKey,
    );
    const destinations: WatchedDestination[] = [];
    for (const destination of service.destinations) {
      const known =
        previousDestinations.next(destination) ?? (yield* previousDestinations.search(destination));
      const change = known ? changeBetween(known.stats, destination.stats, elapsed) : null;
      destinations.push({ ...destination, change });
      if (++compared % YIELD_INTERVAL === 0) yield;
    }
    const change = then ? changeBetween(then.stats, service.stats, elapsed) : null;
    watched.push({ ...service, change, destinations });
    if (++compared % YIELD_INTERVAL === 0) yield;
  }
  return { time, elapsed, services: watched, gone: previous.rest().map(formatServiceKey) };
}
