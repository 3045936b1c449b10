/**
 * What changes from one look at the table to the next.
 * @module
 */
import { checkInteger, readOptions } from './check.js';
import { checkSignal } from './connections.js';
import type { Destination } from './destination.js';
import { CancellableIterator } from './iterator.js';
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

/** What a watcher reads, and how often. */
export interface SampleSource {
  /** Milliseconds from one sample to the next. */
  readonly interval: number;
  readonly signal: AbortSignal | undefined;
  snapshot(): Promise<Snapshot>;
  isClosed(): boolean;
}

/**
 * Samples of the table, one an interval. It is read and ended as {@link CancellableIterator} says; a consumer that is
 * slower than the interval misses samples. Closing the handle ends it; a sample that is being read is still delivered.
 *
 * It does not keep the process alive between two samples, unless {@link TableWatcher.ref} asks for it.
 */
export class TableWatcher extends CancellableIterator<Sample> {
  readonly #open: () => SampleSource;
  /** The watchers of a handle that wait for their next sample. */
  readonly #sleeping: Set<TableWatcher>;
  #source: SampleSource | undefined;
  /** What was read, until it is handed out. */
  #sample: Sample | undefined;
  #before: Memory = new Map();
  /** When the table was read, and when it is to be read again. In milliseconds, of performance.now(). */
  #last: number | undefined;
  #due = 0;
  #timer: NodeJS.Timeout | undefined;
  #keepsAlive = false;

  /**
   * Not for callers: use `ipvs.watch()`. What `open` throws, the first next() rejects with.
   * @internal
   */
  constructor(open: () => SampleSource, sleeping: Set<TableWatcher>) {
    super();
    this.#open = open;
    this.#sleeping = sleeping;
  }

  /** Keeps the process alive while a sample is awaited. */
  ref(): this {
    this.#keepsAlive = true;
    this.#timer?.ref();
    return this;
  }

  /** Takes {@link ref} back. */
  unref(): this {
    this.#keepsAlive = false;
    this.#timer?.unref();
    return this;
  }

  /** Ends a watcher that waits for its next sample, when the handle is closed. @internal */
  wake(): void {
    this.end();
  }

  protected override take(): Sample | undefined {
    const sample = this.#sample;
    this.#sample = undefined;
    return sample;
  }

  protected override refill(): void {
    try {
      const source = this.#begin();
      if (source.isClosed()) this.end();
      if (!this.ended) this.#schedule(source);
    } catch (error) {
      this.fail(error);
    }
  }

  #begin(): SampleSource {
    if (this.#source === undefined) {
      this.#source = this.#open();
      this.observe(this.#source.signal);
    }
    return this.#source;
  }

  #schedule(source: SampleSource): void {
    const now = performance.now();
    // A consumer that is slower than the interval misses samples rather than getting many at once.
    const due = Math.max(this.#due, now);
    this.#due = due + source.interval;
    if (due === now) {
      void this.#look(source);
      return;
    }
    this.#timer = setTimeout(() => {
      this.#stopTimer();
      void this.#look(source);
    }, due - now);
    if (!this.#keepsAlive) this.#timer.unref();
    this.#sleeping.add(this);
  }

  async #look(source: SampleSource): Promise<void> {
    try {
      const { services } = await source.snapshot();
      const now = performance.now();
      const elapsed = this.#last === undefined ? 0 : (now - this.#last) / 1000;
      this.#sample = compare(services, this.#before, new Date(), elapsed);
      this.#before = remember(services);
      this.#last = now;
    } catch (error) {
      this.fail(error);
    }
    this.serve();
  }

  #stopTimer(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#sleeping.delete(this);
  }

  protected override release(): void {
    this.#stopTimer();
    this.#before = new Map();
  }
}
