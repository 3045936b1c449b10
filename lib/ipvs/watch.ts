/**
 * Watching: samples of the table, one in each interval.
 * @module
 */

import { checkInteger, readOptions } from '../core/check.js';
import { checkSignal } from '../core/check-signal.js';
import { CancellableIterator } from '../core/iterator.js';
import { MAX_TIMER } from '../core/timer.js';
import { Slicer } from '../queue/slicer.js';
import { compare, type Sample } from './sample-changes.js';
import type { ServiceWithDestinations } from './service.js';
import type { Snapshot } from './snapshot.js';

/** Options of {@link Ipvs.watch}. */
export interface WatchOptions {
  /**
   * Milliseconds from one sample to the next, 1 to 2147483647. Default 1000. The kernel refreshes
   * counters every 2 seconds.
   */
  readonly interval?: number | undefined;
  /** Ends the watcher, which throws the signal's reason. */
  readonly signal?: AbortSignal | undefined;
}

const KEYS = new Set(['interval', 'signal'] as const);
const DEFAULT_INTERVAL = 1000;

/** Checks the options of watching. @internal */
export function checkWatchOptions(options: unknown): {
  interval: number;
  signal: AbortSignal | undefined;
} {
  const { interval = DEFAULT_INTERVAL, signal } = readOptions(options, KEYS);
  return {
    interval: checkInteger('options.interval', interval, 1, MAX_TIMER, 'milliseconds'),
    signal: checkSignal('options.signal', signal),
  };
}

/** The table that a watcher samples. */
interface SampleSource {
  /** Milliseconds from one sample to the next. */
  readonly interval: number;
  readonly signal: AbortSignal | undefined;
  snapshot(): Promise<Snapshot>;
}

/**
 * Samples the table periodically. It is read and ended as {@link CancellableIterator} says; a
 * consumer that is slower than the interval misses samples. Closing the handle ends it; a sample
 * that is being read is still delivered.
 *
 * It does not keep the process alive between two samples, unless {@link TableWatcher.ref} is
 * called.
 */
export class TableWatcher extends CancellableIterator<Sample> {
  readonly #source: SampleSource;
  readonly #onEnd: (watcher: TableWatcher) => void;
  /** The latest sample, until it is taken. */
  #sample: Sample | undefined;
  /** The services of the latest sample, which the next one is compared with. */
  #previous: readonly ServiceWithDestinations[] = [];
  readonly #slicer = new Slicer();
  /** The time of the latest sample, of performance.now(). */
  #sampledAt: number | undefined;
  /** The time of the next sample, of performance.now(). */
  #dueAt = 0;
  #timer: NodeJS.Timeout | undefined;
  #keepsAlive = false;
  #isReading = false;
  #isClosing = false;

  /**
   * Not for callers: use `ipvs.watch()`.
   * @internal
   */
  constructor(source: SampleSource, onEnd: (watcher: TableWatcher) => void) {
    super();
    this.#source = source;
    this.#onEnd = onEnd;
    this.observe(source.signal);
  }

  /** Keeps the process alive while a sample is awaited. */
  ref(): this {
    this.#keepsAlive = true;
    this.#timer?.ref();
    return this;
  }

  /**
   * Lets the process exit while a sample is awaited: the opposite of {@link ref}, and the default.
   */
  unref(): this {
    this.#keepsAlive = false;
    this.#timer?.unref();
    return this;
  }

  /**
   * Ends the watcher because the handle is closed, after a sample that is being read.
   * @internal
   */
  close(): void {
    this.#isClosing = true;
    if (!this.#isReading) this.end();
  }

  protected override take(): Sample | undefined {
    const sample = this.#sample;
    this.#sample = undefined;
    return sample;
  }

  protected override refill(): void {
    const now = performance.now();
    // A consumer that is slower than the interval does not get several samples at once.
    const due = Math.max(this.#dueAt, now);
    this.#dueAt = due + this.#source.interval;
    if (due === now) {
      void this.#read();
      return;
    }
    this.#timer = setTimeout(() => void this.#read(), due - now);
    if (!this.#keepsAlive) this.#timer.unref();
  }

  async #read(): Promise<void> {
    this.#isReading = true;
    try {
      const { services } = await this.#source.snapshot();
      if (this.ended) return;
      const now = performance.now();
      const elapsed = this.#sampledAt === undefined ? 0 : (now - this.#sampledAt) / 1000;
      const steps = compare(services, this.#previous, new Date(), elapsed);
      // Between the steps the event loop is free, and so the watcher may be ended.
      this.#sample = await this.#slicer.run(steps, () => this.ended);
      if (this.ended) return;
      this.#previous = services;
      this.#sampledAt = now;
    } catch (error) {
      this.fail(error);
    }
    this.#isReading = false;
    this.serve();
    if (this.#isClosing) this.end();
  }

  protected override release(): void {
    clearTimeout(this.#timer);
    this.#previous = [];
    this.#onEnd(this);
  }
}
