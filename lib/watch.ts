/**
 * What changes from one look at the table to the next.
 * @module
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { checkInteger, readOptions } from './check.js';
import { checkSignal } from './connections.js';
import type { Destination } from './destination.js';
import { destinationText, serviceText } from './reference.js';
import type { Service, ServiceWithDestinations } from './service.js';
import type { Snapshot } from './snapshot.js';
import type { Stats } from './stats.js';

/** Options of watching. */
export interface WatchOptions {
  /** Milliseconds from one sample to the next, 1 to 2147483647. Default 1000. The kernel refreshes counters every 2 seconds. */
  readonly interval?: number | undefined;
  /** Ends the watching; it throws the signal's reason. */
  readonly signal?: AbortSignal | undefined;
}

/** The counters of {@link Stats}. */
export type CounterName = 'connections' | 'inPackets' | 'outPackets' | 'inBytes' | 'outBytes';

/** What the counters have gained since the sample before, and how fast. */
export interface Change {
  /** Gained. After counters went backwards, because they were zeroed or the object was made anew, what they have since. */
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

const COUNTERS: readonly CounterName[] = [
  'connections',
  'inPackets',
  'outPackets',
  'inBytes',
  'outBytes',
];
const KEYS = new Set(['interval', 'signal'] as const);
const DEFAULT_INTERVAL = 1000;
const MAX_INTERVAL = 2 ** 31 - 1;

/** Checks the options of watching. @internal */
export function checkWatchOptions(options: unknown): {
  interval: number;
  signal: AbortSignal | undefined;
} {
  const { interval = DEFAULT_INTERVAL, signal } = readOptions(options, KEYS);
  return {
    interval: checkInteger('options.interval', interval, 1, MAX_INTERVAL, 'milliseconds'),
    signal: checkSignal('options.signal', signal),
  };
}

/** Statistics by reference: services by theirs, destinations by the service's and theirs. */
type Memory = ReadonlyMap<string, Stats>;

const destinationKey = (service: string, destination: Destination) =>
  `${service} ${destinationText(destination)}`;

function remember(services: readonly ServiceWithDestinations[]): Memory {
  const memory = new Map<string, Stats>();
  for (const service of services) {
    const reference = serviceText(service);
    memory.set(reference, service.stats);
    for (const destination of service.destinations) {
      memory.set(destinationKey(reference, destination), destination.stats);
    }
  }
  return memory;
}

/** What was gained from `before` to `now` within `elapsed` seconds. @internal */
export function changeBetween(before: Stats, now: Stats, elapsed: number): Change {
  const restarted = COUNTERS.some((name) => now[name] < before[name]);
  const delta = { connections: 0, inPackets: 0, outPackets: 0, inBytes: 0, outBytes: 0 };
  const rate = { ...delta };
  for (const name of COUNTERS) {
    delta[name] = restarted ? now[name] : now[name] - before[name];
    rate[name] = elapsed > 0 ? delta[name] / elapsed : 0;
  }
  return { delta, rate };
}

/** A sample of `services`, compared with the memory of the one before. @internal */
export function compare(
  services: readonly ServiceWithDestinations[],
  before: Memory,
  time: Date,
  elapsed: number,
): Sample {
  const change = (key: string, now: Stats) => {
    const then = before.get(key);
    return then === undefined ? null : changeBetween(then, now, elapsed);
  };
  const seen = new Set<string>();
  const watched = services.map((service): WatchedService => {
    const reference = serviceText(service);
    seen.add(reference);
    return {
      ...service,
      change: change(reference, service.stats),
      destinations: service.destinations.map((destination) => ({
        ...destination,
        change: change(destinationKey(reference, destination), destination.stats),
      })),
    };
  });
  // The keys of destinations have a blank in them.
  const gone = [...before.keys()].filter((key) => !key.includes(' ') && !seen.has(key));
  return { time, elapsed, services: watched, gone };
}

/** Waits some milliseconds; throws the reason of a signal that is aborted meanwhile. */
async function pause(milliseconds: number, signal: AbortSignal | undefined): Promise<void> {
  try {
    await sleep(Math.max(0, milliseconds), undefined, { signal });
  } catch (error) {
    throw signal?.aborted ? signal.reason : error;
  }
}

/** Looks at the table through `snapshot` every `interval` milliseconds. @internal */
export async function* watch(
  snapshot: () => Promise<Snapshot>,
  interval: number,
  signal: AbortSignal | undefined,
): AsyncGenerator<Sample, void, undefined> {
  let before: Memory = new Map();
  let last: number | undefined;
  for (let next = performance.now(); ; next += interval) {
    signal?.throwIfAborted();
    const { services } = await snapshot();
    const now = performance.now();
    const elapsed = last === undefined ? 0 : (now - last) / 1000;
    const sample = compare(services, before, new Date(), elapsed);
    before = remember(services);
    last = now;
    yield sample;
    // A consumer that is slower than the interval misses samples rather than getting them in a heap.
    next = Math.max(next, performance.now() - interval);
    await pause(next + interval - performance.now(), signal);
  }
}
