/**
 * The loop of a director: merges states, takes steps, and decides when to take the next one.
 * @module
 */
import { checkArguments } from '../../core/arguments.js';
import { IpvsError, isIpvsError } from '../../core/errors.js';
import { ReconcileError } from '../../core/reconcile-error.js';
import { beginAtCaller } from '../../core/stack.js';
import { describeChanges, type Ending, splitDrift } from './changes.js';
import type { Drain } from './drains.js';
import { checkEventsOptions, type DirectorEvents, EventHub } from './events.js';
import type { DirectorSettings } from './options.js';
import { nextDelay } from './schedule.js';
import { type DirectorAccess, DirectorSteps, type StepResult } from './step.js';
import type { DirectorChanges, DirectorDraining, DirectorState } from './types.js';
import { type Wanted, wantedOf } from './wanted.js';

/** A clock that was set by fewer milliseconds moves no deadline: two readings may be far apart. */
const CLOCK_TOLERANCE = 1000;

/** A pending call of apply(). */
interface Waiter {
  resolve(): void;
  reject(error: unknown): void;
}

/** The work of an open {@link Director}, whose methods have the documentation. */
export class DirectorLoop {
  readonly #access: DirectorAccess;
  readonly #settings: DirectorSettings;
  readonly #now: () => number;
  readonly #steps: DirectorSteps;
  readonly #hub = new EventHub();
  /** The newest state. */
  #wanted: Wanted | undefined;
  /** The calls of apply() that no step has begun to serve. */
  readonly #waiters: Waiter[] = [];
  /** The state that the kernel was brought to, apart from draining. */
  #reached: Wanted | undefined;
  /** The steps that failed one after another, for this state. */
  #failures = 0;
  #refused: readonly Error[] = [];
  #lastSync: Date | undefined;
  readonly #totals = { count: 0, failures: 0, duration: 0 };
  /** The milliseconds from the monotonic clock to that of people. */
  #clockOffset = 0;
  #timer: NodeJS.Timeout | undefined;
  #running: Promise<void> | undefined;
  #closed: Promise<void> | undefined;

  /** @param now returns the time in milliseconds of a monotonic clock */
  constructor(access: DirectorAccess, settings: DirectorSettings, now = () => performance.now()) {
    this.#access = access;
    this.#settings = settings;
    this.#now = now;
    this.#steps = new DirectorSteps(access, settings, now);
  }

  /** See {@link Director.apply}. */
  async apply(args: readonly unknown[]): Promise<void> {
    this.#checkOpen('apply');
    const wanted = wantedOf(args, (encoded) => this.#access.check(encoded));
    // An accessor of the state may have closed the director.
    this.#checkOpen('apply');
    this.#wanted = wanted;
    const done = new Promise<void>((resolve, reject) => this.#waiters.push({ resolve, reject }));
    this.#wake();
    return done;
  }

  /** See {@link Director.events}. */
  events(args: readonly unknown[]): DirectorEvents {
    const signal = checkArguments('events', args, 1, checkEventsOptions);
    this.#checkOpen('events');
    return this.#hub.open(signal);
  }

  /** See {@link Director.state}. */
  state(): DirectorState {
    const wanted = this.#wanted;
    const draining = this.#datesOf(this.#steps.drains.values());
    return {
      get wanted() {
        return wanted?.state;
      },
      draining,
      refused: this.#refused,
      lastSync: this.#lastSync,
      steps: { ...this.#totals },
    };
  }

  /** See {@link Director.close}. */
  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    clearTimeout(this.#timer);
    for (const { reject } of this.#waiters.splice(0)) reject(closedError('apply'));
    await this.#running;
    this.#hub.close();
    await this.#access.close();
  }

  #checkOpen(operation: string): void {
    if (this.#closed !== undefined) throw beginAtCaller(closedError(operation), operation);
  }

  /** Takes steps now, unless that happens already. */
  #wake(): void {
    clearTimeout(this.#timer);
    this.#running ??= this.#run();
  }

  async #run(): Promise<void> {
    // The calls of one turn are merged before the first step.
    await undefined;
    while (this.#wanted !== undefined && this.#closed === undefined) {
      const wanted = this.#wanted;
      await this.#step(wanted);
      if (this.#wanted === wanted) break;
    }
    this.#running = undefined;
    if (this.#closed === undefined) this.#schedule();
  }

  #schedule(): void {
    this.#timer = setTimeout(() => this.#wake(), this.#nextDelay());
    // A director does not keep the process alive: see DirectorEvents.ref().
    this.#timer.unref();
  }

  /** Returns the milliseconds until the next step. */
  #nextDelay(): number {
    const { resync } = this.#settings;
    const deadlines = [...this.#steps.drains.values()].map(({ deadline }) => deadline);
    return nextDelay({ resync, failures: this.#failures, deadlines }, this.#now());
  }

  async #step(wanted: Wanted): Promise<void> {
    const waiters = this.#waiters.splice(0);
    // Changes that were refused for another state do not delay this one.
    if (waiters.length > 0) this.#failures = 0;
    const { ending } = this.#steps;
    const begun = this.#now();
    const outcome = await this.#steps.run(wanted);
    const error = errorOf(outcome);
    this.#totals.count++;
    if (error !== undefined) this.#totals.failures++;
    this.#totals.duration += this.#now() - begun;
    this.#reportChanges(outcome, this.#reached === wanted ? ending : undefined);
    this.#reportDrains(outcome);
    if (error === undefined) {
      if (this.#refused.length > 0) this.#hub.emit({ type: 'recovered' });
      this.#failures = 0;
      this.#refused = [];
      this.#reached = wanted;
      this.#lastSync = new Date();
      for (const { resolve } of waiters) resolve();
    } else {
      this.#failures++;
      this.#refused = outcome.failure === undefined ? outcome.errors : [error];
      const retryIn = this.#nextDelay();
      this.#hub.emit({ type: 'refused', error, attempt: this.#failures, retryIn });
      for (const { reject } of waiters) reject(error);
    }
  }

  /** @param ending what may end by draining, if the state was reached before */
  #reportChanges({ changes, addresses }: StepResult, ending: Ending | undefined): void {
    if (ending === undefined) {
      this.#emitChanges('changed', describeChanges(changes, addresses));
      return;
    }
    const { expected, drift } = splitDrift(changes, addresses, ending);
    this.#emitChanges('changed', expected);
    this.#emitChanges('drifted', drift);
  }

  #emitChanges(type: 'changed' | 'drifted', changes: DirectorChanges): void {
    // Every change is a line of the text.
    if (changes.diff !== '') this.#hub.emit({ type, ...changes });
  }

  #reportDrains({ begun, drained }: StepResult): void {
    if (begun.length > 0) this.#hub.emit({ type: 'draining', destinations: this.#datesOf(begun) });
    if (drained.length > 0) this.#hub.emit({ type: 'drained', destinations: drained });
  }

  /** Returns drains with deadlines on the clock of people: the same ones until that is set. */
  #datesOf(drains: Iterable<Drain>): DirectorDraining[] {
    const offset = Date.now() - this.#now();
    if (Math.abs(offset - this.#clockOffset) > CLOCK_TOLERANCE) this.#clockOffset = offset;
    return [...drains].map((drain) => ({
      ...drain,
      deadline: new Date(drain.deadline + this.#clockOffset),
    }));
  }
}

function closedError(operation: string): IpvsError {
  const details = { code: 'ERR_IPVS_CLOSED', operation } as const;
  return new IpvsError(`${operation}: the director is closed`, details);
}

/** Returns the error of a step; undefined if it made all changes. */
function errorOf({ changes, addresses, errors, failure }: StepResult): Error | undefined {
  if (failure !== undefined) {
    if (isIpvsError(failure)) return failure;
    return failure instanceof Error ? failure : new Error(String(failure));
  }
  const [first] = errors;
  if (first === undefined) return undefined;
  const many = errors.length === 1 ? 'a change was' : `${errors.length} changes were`;
  const message = `apply: ${many} not made: ${first.message}`;
  return new ReconcileError('apply', message, errors, describeChanges(changes, addresses));
}
