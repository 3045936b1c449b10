/**
 * The records that answer a batch.
 * @module
 */

import type {
  Layout,
  NativeAnswers,
  NativeResults,
  RecordLayout,
  StatusName,
} from '../native/addon.js';
import { type Records, recordsOf } from '../native/records.js';
import type { FailedResult } from '../native/refusal.js';
import { STRIDE, Steps } from '../queue/turns.js';
import { type Destination, decodeDestinationEntry } from './destination.js';
import { decodeServiceEntry, type Service } from './service.js';
import type { Counter, DecodeCounter } from './stats.js';
import { decodeSyncDaemon, type SyncDaemon } from './sync-daemon.js';
import { decodeTimeouts, type Timeouts } from './timeouts.js';

/** A list; a long one is made in steps. */
export type Listed<Item> = Item[] | Steps<Item[]>;

type VerdictField = 'error' | 'status' | 'text' | 'created';

/** What every protocol's answers tell of a request; `index` is its place in the batch. */
export class Outcomes<Name extends string, Status extends string> {
  /** How long the kernel was busy, in milliseconds. */
  readonly elapsed: number;
  protected readonly outcomes: Records;
  /** Whether all are done, and nothing more. */
  readonly #isPlain: boolean;
  readonly #record: RecordLayout<Name | VerdictField>;
  readonly #numbers: Readonly<Record<Status | 'done', number>>;
  readonly #texts: readonly string[];

  constructor(
    native: NativeAnswers,
    record: RecordLayout<Name | VerdictField>,
    statuses: Readonly<Record<Status | 'done', number>>,
  ) {
    this.outcomes = recordsOf(native.outcomes);
    this.#isPlain = native.outcomes === undefined;
    this.#record = record;
    this.#numbers = statuses;
    this.#texts = native.texts ?? [];
    this.elapsed = native.elapsed;
  }

  outcome(index: number, field: Name | VerdictField): number {
    if (this.#isPlain) return 0;
    return this.outcomes.number(index * this.#record.size, this.#record.fields[field]);
  }

  succeeded(index: number): boolean {
    return this.#isPlain || this.outcome(index, 'status') === this.#numbers.done;
  }

  verdict(index: number): FailedResult<Status> {
    const text = this.outcome(index, 'text');
    return {
      status: this.#nameOf(this.outcome(index, 'status')),
      errno: this.outcome(index, 'error'),
      text: text === 0 ? '' : (this.#texts[text - 1] ?? ''),
      creating: this.outcome(index, 'created') !== 0,
    };
  }

  #nameOf(number: number): Status | 'lost' {
    // Object.entries() widens the keys to string.
    const entries = Object.entries<number>(this.#numbers) as [Status, number][];
    return entries.find(([, each]) => each === number)?.[0] ?? 'lost';
  }

  protected list<Item>(first: number, count: number, read: (place: number) => Item): Listed<Item> {
    if (count <= STRIDE) {
      const items: Item[] = [];
      for (let place = first; place < first + count; place++) items.push(read(place));
      return items;
    }
    return new Steps(function* () {
      const items: Item[] = [];
      for (let place = first; place < first + count; place++) {
        items.push(read(place));
        if (items.length % STRIDE === 0) yield;
      }
      return items;
    });
  }
}

/** Results of a batch of IPVS. */
export class Results extends Outcomes<keyof Layout['outcome']['fields'], StatusName> {
  readonly #layout: Layout;
  readonly #services: Records;
  readonly #destinations: Records;
  readonly #daemons: Records;

  constructor(native: NativeResults, layout: Layout) {
    super(native, layout.outcome, layout.statuses);
    this.#layout = layout;
    this.#services = recordsOf(native.services);
    this.#destinations = recordsOf(native.destinations);
    this.#daemons = recordsOf(native.daemons);
  }

  /** The one service of a request's answer. */
  service<Value extends Counter>(index: number, read: DecodeCounter<Value>): Service<Value> {
    return this.#service(this.outcome(index, 'firstService'), read);
  }

  /** The services of a request's answer. */
  services<Value extends Counter>(
    index: number,
    read: DecodeCounter<Value>,
  ): Listed<Service<Value>> {
    const first = this.outcome(index, 'firstService');
    return this.list(first, this.outcome(index, 'services'), (place) => this.#service(place, read));
  }

  /** The one destination of a request's answer. */
  destination<Value extends Counter>(
    index: number,
    read: DecodeCounter<Value>,
  ): Destination<Value> {
    return this.#destination(this.outcome(index, 'firstDestination'), read);
  }

  /** The destinations of a request's answer. */
  destinations<Value extends Counter>(
    index: number,
    read: DecodeCounter<Value>,
  ): Listed<Destination<Value>> {
    const first = this.outcome(index, 'firstDestination');
    return this.list(first, this.outcome(index, 'destinations'), (place) =>
      this.#destination(place, read),
    );
  }

  daemons(index: number): Listed<SyncDaemon> {
    const first = this.outcome(index, 'firstDaemon');
    const { size } = this.#layout.daemon;
    return this.list(first, this.outcome(index, 'daemons'), (place) =>
      decodeSyncDaemon(this.#daemons, place * size),
    );
  }

  timeouts(index: number): Timeouts {
    const { size, fields } = this.#layout.outcome;
    return decodeTimeouts(this.outcomes, index * size + fields.timeouts.offset);
  }

  #service<Value extends Counter>(place: number, read: DecodeCounter<Value>): Service<Value> {
    return decodeServiceEntry(this.#services, place * this.#layout.serviceEntry.size, read);
  }

  #destination<Value extends Counter>(
    place: number,
    read: DecodeCounter<Value>,
  ): Destination<Value> {
    const base = place * this.#layout.destinationEntry.size;
    return decodeDestinationEntry(this.#destinations, base, read);
  }
}
