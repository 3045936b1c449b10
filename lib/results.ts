/**
 * The records that answer a batch.
 * @module
 */
import { readDaemon, type SyncDaemon } from './daemon.js';
import { type Destination, readDestination } from './destination.js';
import type { Verdict } from './explain.js';
import type { Layout, NativeResults, StatusName } from './native.js';
import { Records } from './records.js';
import { readService, type Service, type ServiceWithDestinations } from './service.js';
import type { Counter, ReadCounter } from './stats.js';
import { readTimeouts, type Timeouts } from './timeouts.js';

type OutcomeField = keyof Layout['outcome']['fields'];

/** Results of a batch; `index` is the place of a request in it. */
export class Results {
  readonly #layout: Layout;
  readonly #outcomes: Records;
  readonly #services: Records;
  readonly #destinations: Records;
  readonly #daemons: Records;
  readonly #texts: readonly string[];
  readonly #statuses: readonly StatusName[];

  constructor(native: NativeResults, layout: Layout) {
    this.#layout = layout;
    this.#outcomes = new Records(native.outcomes);
    this.#services = new Records(native.services);
    this.#destinations = new Records(native.destinations);
    this.#daemons = new Records(native.daemons);
    this.#texts = native.texts;
    this.#statuses = statusNames(layout);
  }

  outcome(index: number, field: OutcomeField): number {
    const { size, fields } = this.#layout.outcome;
    return this.#outcomes.number(index * size, fields[field]);
  }

  succeeded(index: number): boolean {
    return this.outcome(index, 'status') === this.#layout.statuses.done;
  }

  verdict(index: number): Verdict {
    const text = this.outcome(index, 'text');
    return {
      status: this.#statuses[this.outcome(index, 'status')] ?? 'lost',
      errno: this.outcome(index, 'error'),
      text: text === 0 ? '' : (this.#texts[text - 1] ?? ''),
      creating: this.outcome(index, 'created') !== 0,
    };
  }

  /** The services of a request's answer. */
  services<Value extends Counter>(index: number, read: ReadCounter<Value>): Service<Value>[] {
    const first = this.outcome(index, 'firstService');
    return this.#list(first, this.outcome(index, 'services'), (place) =>
      this.#service(place, read),
    );
  }

  /** The destinations of a request's answer. */
  destinations<Value extends Counter>(
    index: number,
    read: ReadCounter<Value>,
  ): Destination<Value>[] {
    const first = this.outcome(index, 'firstDestination');
    return this.#list(first, this.outcome(index, 'destinations'), (place) =>
      this.#destination(place, read),
    );
  }

  daemons(index: number): SyncDaemon[] {
    const first = this.outcome(index, 'firstDaemon');
    const { size } = this.#layout.daemon;
    return this.#list(first, this.outcome(index, 'daemons'), (place) =>
      readDaemon(this.#daemons, place * size, this.#layout),
    );
  }

  timeouts(index: number): Timeouts {
    const { size, fields } = this.#layout.outcome;
    return readTimeouts(this.#outcomes, index * size + fields.timeouts.offset, this.#layout);
  }

  /** The services of a request's answer, each with its destinations. */
  tree<Value extends Counter>(
    index: number,
    read: ReadCounter<Value>,
  ): ServiceWithDestinations<Value>[] {
    const first = this.outcome(index, 'firstService');
    return this.#list(first, this.outcome(index, 'services'), (place) => {
      const { size, fields } = this.#layout.serviceEntry;
      const from = this.#services.number(place * size, fields.firstDestination);
      const count = this.#services.number(place * size, fields.destinations);
      const destinations = this.#list(from, count, (each) => this.#destination(each, read));
      return { ...this.#service(place, read), destinations };
    });
  }

  #list<Item>(first: number, count: number, read: (place: number) => Item): Item[] {
    const items: Item[] = [];
    for (let place = first; place < first + count; place++) items.push(read(place));
    return items;
  }

  #service<Value extends Counter>(place: number, read: ReadCounter<Value>): Service<Value> {
    return readService(this.#services, place * this.#layout.serviceEntry.size, this.#layout, read);
  }

  #destination<Value extends Counter>(place: number, read: ReadCounter<Value>): Destination<Value> {
    const base = place * this.#layout.destinationEntry.size;
    return readDestination(this.#destinations, base, this.#layout, read);
  }
}

function statusNames(layout: Layout): StatusName[] {
  const names: StatusName[] = [];
  // Object.entries() widens the keys of a Record<StatusName, number> to string.
  for (const [name, number] of Object.entries(layout.statuses)) names[number] = name as StatusName;
  return names;
}
