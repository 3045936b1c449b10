/**
 * What becomes of calls, and promises of it.
 * @module
 */
import { beginAtAwait } from '../core/stack.js';
import { STRIDE } from './turns.js';

/** What has become of a call. */
export type Outcome<Value = unknown> = PromiseSettledResult<Value>;

/** Of what comes to nothing: one for all, of which a batch may have many. */
const DONE: Outcome<undefined> = Object.freeze({ status: 'fulfilled', value: undefined });

/** The outcome of a call that comes to `value`. */
export function fulfilledWith(value: unknown): Outcome {
  return value === undefined ? DONE : { status: 'fulfilled', value };
}

/** The value of an outcome. Throws what the call was rejected with. */
export function fulfilled<Value>(outcome: Outcome<Value> | undefined): Value {
  if (outcome?.status === 'fulfilled') return outcome.value;
  throw outcome?.reason;
}

/** What picks the outcome at each place. The promises of all gates share them. A gate opens where whoever reads the answers makes a pause. */
const PICKS = Array.from({ length: STRIDE }, (_, place) => {
  function pick(outcomes: readonly Outcome[]): unknown {
    const outcome = outcomes[place];
    if (outcome?.status === 'fulfilled') return outcome.value;
    throw beginAtAwait(outcome?.reason, pick);
  }
  return pick;
});

/**
 * Promises of outcomes that come together. Each hangs on one that they share: a promise with functions of its own to settle it would
 * take twice as much memory, and there may be 100,000 that are pending.
 */
export class Gate {
  #count = 0;
  readonly #outcomes: Outcome[] = [];
  #open: (outcomes: readonly Outcome[]) => void = () => undefined;
  readonly #opened = new Promise<readonly Outcome[]>((resolve) => {
    this.#open = resolve;
  });

  /** Whether it can make no more promises. */
  get isFull(): boolean {
    return this.#count === STRIDE;
  }

  /** A promise of the next outcome. All are to be made before the last outcome is known. */
  promise(): Promise<unknown> {
    return this.#opened.then(PICKS[this.#count++]);
  }

  /** Takes the next outcome; with the last one, all promises settle, and it returns true. */
  settle(outcome: Outcome): boolean {
    const isLast = this.#outcomes.push(outcome) === this.#count;
    if (isLast) this.#open(this.#outcomes);
    return isLast;
  }
}
