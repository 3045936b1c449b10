/**
 * What changes from one look at the table to the next.
 * @module
 */

import { checkInteger, readOptions } from '../core/check.js';
import { CancellableIterator } from '../core/iterator.js';
import { checkSignal } from '../core/signals.js';
import { Turns } from '../queue/turns.js';
import { compare, type Sample } from './changes.js';
import type { ServiceWithDestinations } from './service.js';
import type { Snapshot } from './snapshot.js';

/** Options of watching. */
export interface WatchOptions {
  /** Milliseconds from one sample to the next, 1 to 2147483647. Default 1000. The kernel refreshes counters every 2 seconds. */
  readonly interval?: number | undefined;
  /** Ends the watching; it throws the signal's reason. */
  readonly signal?: AbortSignal | undefined;
}

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

/** What a watcher reads, and how often. */
export interface SampleSource {
  /** Milliseconds from one sample to the next. */
  readonly interval: number;
  readonly signal: AbortSignal | undefined;
  snapshot(): Promise<Snapshot>;
}

/**
 * Samples of the table, one an interval. It is read and ended as {@link CancellableIterator} says;
 * a consumer that is slower than the interval misses samples. Closing the handle ends it; a sample
 * that is being read is still delivered.
 *
 * It does not keep the process alive between two samples, unless {@link TableWatcher.ref} asks for
 * it.
 */
export class TableWatcher extends CancellableIterator<Sample> {
  readonly #source: SampleSource;
  readonly #onEnd: () => void;
  #hasBegun = false;
  /** What was read, until it is handed out. */
  #sample: Sample | undefined;
  /** What was read before that. */
  #before: readonly ServiceWithDestinations[] = [];
  readonly #turns = new Turns();
  /** When the table was read, and when it is to be read again. In milliseconds, of performance.now(). */
  #last: number | undefined;
  #due = 0;
  #timer: NodeJS.Timeout | undefined;
  #keepsAlive = false;
  #isReading = false;
  #isClosing = false;

  /**
   * Not for callers: use `ipvs.watch()`.
   * @internal
   */
  constructor(source: SampleSource, onEnd: () => void) {
    super();
    this.#source = source;
    this.#onEnd = onEnd;
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

  /**
   * Ends it because the handle is closed, once a sample that is being read is delivered.
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
    try {
      this.#begin();
      if (!this.ended) this.#schedule();
    } catch (error) {
      this.fail(error);
    }
  }

  #begin(): void {
    if (this.#hasBegun) return;
    this.#hasBegun = true;
    this.observe(this.#source.signal);
  }

  #schedule(): void {
    const now = performance.now();
    // A consumer that is slower than the interval misses samples rather than getting many at once.
    const due = Math.max(this.#due, now);
    this.#due = due + this.#source.interval;
    if (due === now) {
      void this.#look();
      return;
    }
    this.#timer = setTimeout(() => void this.#look(), due - now);
    if (!this.#keepsAlive) this.#timer.unref();
  }

  async #look(): Promise<void> {
    this.#isReading = true;
    try {
      const { services } = await this.#source.snapshot();
      if (this.ended) return;
      const now = performance.now();
      const elapsed = this.#last === undefined ? 0 : (now - this.#last) / 1000;
      const steps = compare(services, this.#before, new Date(), elapsed);
      // Between the steps the event loop is free, and so the watcher may be ended.
      this.#sample = await this.#turns.run(steps, () => this.ended);
      if (this.ended) return;
      this.#before = services;
      this.#last = now;
    } catch (error) {
      this.fail(error);
    }
    this.#isReading = false;
    this.serve();
    if (this.#isClosing) this.end();
  }

  protected override release(): void {
    clearTimeout(this.#timer);
    this.#before = [];
    this.#onEnd();
  }
}
