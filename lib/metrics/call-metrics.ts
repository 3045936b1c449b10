/**
 * The metrics of calls: how many of each operation there were, how long they took, and their
 * errors.
 * @module
 */
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { CallMessage } from '../index.js';
import type { Column } from './columns.js';
import { define } from './definitions.js';
import { Sums } from './sums.js';

/** @internal */
const CALL_METRICS = {
  calls: define('counter', 'ipvs_calls', 'Calls that have ended.', ['operation']),
  seconds: define(
    'counter',
    'ipvs_call_seconds',
    'Time of all calls, from the call to its result.',
    ['operation'],
  ),
  errors: define('counter', 'ipvs_call_errors', 'Calls that failed, by the code of the error.', [
    'operation',
    'code',
  ]),
} as const;

const MILLISECONDS = 1000;

/** Counts the calls of all handles of this thread until it is closed. */
export class CallMetrics {
  readonly #calls = new Sums(CALL_METRICS.calls);
  readonly #seconds = new Sums(CALL_METRICS.seconds);
  readonly #errors = new Sums(CALL_METRICS.errors);
  /** The ends of calls: of those with a promise, and of the others. */
  readonly #ends = {
    'tracing:ipvs:call:asyncEnd': (message: unknown) => this.#count(message as CallMessage),
    'tracing:ipvs:call:end': (message: unknown) => {
      const call = message as CallMessage;
      if (call.isSync) this.#count(call);
    },
  };

  constructor() {
    for (const [channel, listener] of Object.entries(this.#ends)) subscribe(channel, listener);
  }

  /** Ends the counting. */
  close(): void {
    for (const [channel, listener] of Object.entries(this.#ends)) unsubscribe(channel, listener);
  }

  columns(): Column[] {
    return [this.#calls.column, this.#seconds.column, this.#errors.column];
  }

  #count({ operation, duration = 0, error }: CallMessage): void {
    this.#calls.add({ operation }, 1);
    this.#seconds.add({ operation }, duration / MILLISECONDS);
    if (error !== undefined) this.#errors.add({ operation, code: codeOf(error) }, 1);
  }
}

/** Returns the code of an error, or the name of one without a code, such as 'AbortError'. */
function codeOf(error: unknown): string {
  const { code, name } = Object(error) as { readonly code?: unknown; readonly name?: unknown };
  const [known = 'Error'] = [code, name].filter((each) => typeof each === 'string');
  return known;
}
