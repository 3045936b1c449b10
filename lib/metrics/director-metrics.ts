/**
 * The metrics of a director: what it changes, repairs, drains and cannot change.
 * @module
 */
import type { DirectorChanges, DirectorEvent, DirectorEvents } from '../index.js';
import { type Column, single } from './columns.js';
import { define } from './definitions.js';
import type { DirectorSource } from './options.js';
import { Sums } from './sums.js';

const ACTIONS = ['add', 'update', 'delete'] as const;
const OBJECTS = ['service', 'destination', 'address'] as const;
const REASONS = ['idle', 'timeout'] as const;

/** The actions on addresses, by the lists of changes. */
const ADDRESS_LISTS = [
  ['added', 'add'],
  ['updated', 'update'],
  ['removed', 'delete'],
] as const;

const CHANGE_LABELS = ['object', 'action'];

/** @internal */
const DIRECTOR_METRICS = {
  changes: define('counter', 'ipvs_director_changes', 'Changes to reach a state.', CHANGE_LABELS),
  drifted: define(
    'counter',
    'ipvs_director_drifted_changes',
    'Changes that repaired what another program had changed.',
    CHANGE_LABELS,
  ),
  draining: define('gauge', 'ipvs_director_draining_destinations', 'Destinations that drain.'),
  drained: define('counter', 'ipvs_director_drained_destinations', 'Destinations that drained.', [
    'reason',
  ]),
  refused: define('gauge', 'ipvs_director_refused_changes', 'Changes refused in the last step.'),
  steps: define('counter', 'ipvs_director_steps', 'Steps: comparisons with the kernel.'),
  failures: define('counter', 'ipvs_director_failed_steps', 'Steps that did not reach the state.'),
  seconds: define('counter', 'ipvs_director_step_seconds', 'Time of all steps.'),
  lastSync: define(
    'gauge',
    'ipvs_director_last_sync_timestamp_seconds',
    'When the kernel was last as wanted; absent if it never was.',
  ),
} as const;

// Every combination of labels is there from the start.
const CHANGES = OBJECTS.flatMap((object) => ACTIONS.map((action) => ({ object, action })));

/** Counts the events of a director until it is closed. */
export class DirectorMetrics {
  readonly #director: DirectorSource;
  readonly #events: DirectorEvents;
  readonly #changes = new Sums(DIRECTOR_METRICS.changes, CHANGES);
  readonly #drifted = new Sums(DIRECTOR_METRICS.drifted, CHANGES);
  readonly #drained = new Sums(
    DIRECTOR_METRICS.drained,
    REASONS.map((reason) => ({ reason })),
  );

  /** @throws IpvsError ERR_IPVS_CLOSED: the director is closed */
  constructor(director: DirectorSource) {
    this.#director = director;
    this.#events = director.events();
    void this.#follow();
  }

  /** Ends the counting. */
  close(): void {
    void this.#events.return();
  }

  columns(): Column[] {
    const { draining, refused, lastSync, steps } = this.#director.state();
    const metrics = DIRECTOR_METRICS;
    return [
      this.#changes.column,
      this.#drifted.column,
      single(metrics.draining, draining.length),
      this.#drained.column,
      single(metrics.refused, refused.length),
      single(metrics.steps, steps.count),
      single(metrics.failures, steps.failures),
      single(metrics.seconds, steps.duration / 1000),
      single(metrics.lastSync, lastSync === undefined ? undefined : lastSync.getTime() / 1000),
    ];
  }

  async #follow(): Promise<void> {
    for await (const event of this.#events) this.#count(event);
  }

  #count(event: DirectorEvent): void {
    switch (event.type) {
      case 'changed':
        countChanges(this.#changes, event);
        break;
      case 'drifted':
        countChanges(this.#drifted, event);
        break;
      case 'drained':
        for (const { reason } of event.destinations) this.#drained.add({ reason }, 1);
    }
  }
}

function countChanges(counts: Sums, { changes, addresses }: DirectorChanges): void {
  for (const { action, destination } of changes) {
    counts.add({ object: destination === undefined ? 'service' : 'destination', action }, 1);
  }
  for (const [list, action] of ADDRESS_LISTS) {
    counts.add({ object: 'address', action }, addresses[list].length);
  }
}
