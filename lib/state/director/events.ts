/**
 * The events of a director, for any number of consumers.
 * @module
 */
import { readOptions } from '../../core/check.js';
import { checkSignal } from '../../core/check-signal.js';
import { IterableWeakSet } from '../../core/iterable-weak-set.js';
import { CancellableIterator } from '../../core/iterator.js';
import { MAX_TIMER } from '../../core/timer.js';
import type { DirectorEvent } from './types.js';

/** Options of {@link Director.events}. */
export interface DirectorEventsOptions {
  /** Ends the iterator, which throws the signal's reason. */
  readonly signal?: AbortSignal | undefined;
}

const KEYS = new Set(['signal'] as const);
/** The events that are kept for a consumer that does not read them. */
const MAX_EVENTS = 1000;

/** Checks the options of `Director.events()`. */
export function checkEventsOptions(options: unknown): AbortSignal | undefined {
  const { signal } = readOptions(options, KEYS);
  return checkSignal('options.signal', signal);
}

/** Iterators that keep the process alive. */
const keepers = new Set<DirectorEvents>();

/**
 * The events of a director since `director.events()` returned. For reading and ending it see
 * {@link CancellableIterator}; closing the director ends it, too, after the events that were not
 * read by then.
 *
 * It keeps 1000 events that were not yet read. When there are more, it drops the oldest ones, and
 * the next event is of type 'overrun'.
 *
 * It does not keep the process alive unless {@link DirectorEvents.ref} is called.
 */
export class DirectorEvents extends CancellableIterator<DirectorEvent> {
  readonly #onEnd: (events: DirectorEvents) => void;
  #events: DirectorEvent[] = [];
  #lost = 0;
  #isClosing = false;
  #timer: NodeJS.Timeout | undefined;

  /**
   * Not for callers: use `director.events()`.
   * @internal
   */
  constructor(signal: AbortSignal | undefined, onEnd: (events: DirectorEvents) => void) {
    super();
    this.#onEnd = onEnd;
    this.observe(signal);
  }

  /** Keeps the process alive until the iterator ends. */
  ref(): this {
    if (this.ended || this.#isClosing) return this;
    // Only a timer or a handle keeps a process alive, not a promise.
    this.#timer ??= setInterval(() => undefined, MAX_TIMER);
    keepers.add(this);
    return this;
  }

  /** Reverts {@link ref}. */
  unref(): this {
    clearInterval(this.#timer);
    this.#timer = undefined;
    keepers.delete(this);
    return this;
  }

  /** Adds an event. @internal */
  push(event: DirectorEvent): void {
    if (this.ended) return;
    this.#events.push(event);
    if (this.#events.length > MAX_EVENTS) {
      this.#events.shift();
      this.#lost++;
    }
    this.serve();
  }

  /** Ends the iterator, after its last event, because the director is closed. @internal */
  close(): void {
    this.unref();
    this.#isClosing = true;
    // A next() that is pending has taken the last one.
    if (this.#events.length === 0 && this.#lost === 0) this.end();
  }

  protected override take(): DirectorEvent | undefined {
    if (this.#lost > 0) {
      const lost = this.#lost;
      this.#lost = 0;
      return { type: 'overrun', lost };
    }
    const event = this.#events.shift();
    if (event === undefined && this.#isClosing) this.end();
    return event;
  }

  /** Does nothing: the director adds events. */
  protected override refill(): void {}

  protected override release(): void {
    this.unref();
    this.#events = [];
    this.#onEnd(this);
  }
}

/** The consumers of a director's events. */
export class EventHub {
  /** Held weakly, so that an iterator that is no longer used can be collected. */
  readonly #consumers = new IterableWeakSet<DirectorEvents>();

  /** Returns a new consumer. */
  open(signal: AbortSignal | undefined): DirectorEvents {
    const events = new DirectorEvents(signal, (ended) => this.#consumers.delete(ended));
    // If the signal is aborted already, the iterator has ended: its first next() throws.
    if (!signal?.aborted) this.#consumers.add(events);
    return events;
  }

  /** Reports an event to all consumers. */
  emit(event: DirectorEvent): void {
    for (const consumer of this.#consumers.list()) consumer.push(event);
  }

  /** Ends all consumers. */
  close(): void {
    for (const consumer of this.#consumers.list()) consumer.close();
  }
}
