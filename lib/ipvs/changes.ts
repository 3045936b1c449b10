/**
 * Changes of counters from one reading of the table to the next.
 * @module
 */

import { STRIDE } from '../queue/turns.js';
import type { Destination } from './destination.js';
import { formatDestinationKey, formatServiceKey } from './keys.js';
import type { Service, ServiceWithDestinations } from './service.js';
import type { Stats } from './stats.js';

/** The counters of {@link Stats}. */
export type CounterName = 'connections' | 'inPackets' | 'outPackets' | 'inBytes' | 'outBytes';

/** What the counters have gained since the sample before, and how fast. */
export interface Change {
  /**
   * Gained. After counters went backwards, because they were zeroed or the object was made anew,
   * what they have since.
   */
  readonly delta: Readonly<Record<CounterName, number>>;
  /** Gained per second. */
  readonly rate: Readonly<Record<CounterName, number>>;
}

/** A service of a sample. `change` is null where it was not in the sample before. */
export type WatchedService = Service & {
  readonly change: Change | null;
  readonly destinations: readonly WatchedDestination[];
};

/** A destination of a sample. `change` is null where it was not in the sample before. */
export type WatchedDestination = Destination & { readonly change: Change | null };

/** One look at the table. */
export interface Sample {
  /** When the table was read. */
  readonly time: Date;
  /** Seconds since the sample before; 0 in the first. */
  readonly elapsed: number;
  /** All services with their destinations, and what each has gained. */
  readonly services: readonly WatchedService[];
  /** References of the services that were in the sample before and are gone. */
  readonly gone: readonly string[];
}

/** What was gained from `before` to `now` within `elapsed` seconds. @internal */
export function changeBetween(before: Stats, now: Stats, elapsed: number): Change {
  const restarted =
    now.connections < before.connections ||
    now.inPackets < before.inPackets ||
    now.outPackets < before.outPackets ||
    now.inBytes < before.inBytes ||
    now.outBytes < before.outBytes;
  const delta = {
    connections: now.connections - (restarted ? 0 : before.connections),
    inPackets: now.inPackets - (restarted ? 0 : before.inPackets),
    outPackets: now.outPackets - (restarted ? 0 : before.outPackets),
    inBytes: now.inBytes - (restarted ? 0 : before.inBytes),
    outBytes: now.outBytes - (restarted ? 0 : before.outBytes),
  };
  const perSecond = (gained: number) => (elapsed > 0 ? gained / elapsed : 0);
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
 * Finds the items of a list in an earlier list. The kernel's order hardly changes: usually the next
 * item is the one that is sought, and nothing needs a name. Otherwise all items are named, once.
 */
class Earlier<Item> {
  readonly #items: readonly Item[];
  readonly #isSame: (a: Item, b: Item) => boolean;
  readonly #nameOf: (item: Item) => string;
  readonly #found: Uint8Array;
  #next = 0;
  #places: Map<string, number> | undefined;

  constructor(
    items: readonly Item[],
    isSame: (a: Item, b: Item) => boolean,
    nameOf: (item: Item) => string,
  ) {
    this.#items = items;
    this.#isSame = isSame;
    this.#nameOf = nameOf;
    this.#found = new Uint8Array(items.length);
  }

  /** The item that follows the last one found, if it is the one that is sought. */
  next(sought: Item): Item | undefined {
    const item = this.#items[this.#next];
    return item !== undefined && this.#isSame(item, sought) ? this.#take(this.#next) : undefined;
  }

  /** The item, wherever it is. */
  *search(sought: Item): Generator<void, Item | undefined> {
    if (this.#items.length === 0) return undefined;
    this.#places ??= yield* this.#name();
    const place = this.#places.get(this.#nameOf(sought));
    return place === undefined ? undefined : this.#take(place);
  }

  /** The items that were not found. */
  rest(): readonly Item[] {
    return this.#items.filter((_, place) => this.#found[place] === 0);
  }

  #take(place: number): Item | undefined {
    this.#found[place] = 1;
    this.#next = place + 1;
    return this.#items[place];
  }

  *#name(): Generator<void, Map<string, number>> {
    const places = new Map<string, number>();
    for (const [place, item] of this.#items.entries()) {
      places.set(this.#nameOf(item), place);
      if (places.size % STRIDE === 0) yield;
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

/** A sample of `services`, compared with those of the sample before, in steps. @internal */
export function* compare(
  services: readonly ServiceWithDestinations[],
  before: readonly ServiceWithDestinations[],
  time: Date,
  elapsed: number,
): Generator<void, Sample> {
  let compared = 0;
  const earlier = new Earlier(before, isSameService, formatServiceKey);
  const watched: WatchedService[] = [];
  for (const service of services) {
    const then = earlier.next(service) ?? (yield* earlier.search(service));
    const earlierDestinations = new Earlier(
      then?.destinations ?? NONE,
      isSameDestination,
      formatDestinationKey,
    );
    const destinations: WatchedDestination[] = [];
    for (const destination of service.destinations) {
      const known =
        earlierDestinations.next(destination) ?? (yield* earlierDestinations.search(destination));
      const change = known ? changeBetween(known.stats, destination.stats, elapsed) : null;
      destinations.push({ ...destination, change });
      if (++compared % STRIDE === 0) yield;
    }
    const change = then ? changeBetween(then.stats, service.stats, elapsed) : null;
    watched.push({ ...service, change, destinations });
    if (++compared % STRIDE === 0) yield;
  }
  return { time, elapsed, services: watched, gone: earlier.rest().map(formatServiceKey) };
}
