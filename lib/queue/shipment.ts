/**
 * Batches that somebody has made up, which leave in parts.
 * @module
 */
import { placeResult } from '../core/input-errors.js';
import { reasonOf } from '../core/signals.js';
import type { Outcome } from './outcome.js';
import {
  type AnswersLike,
  answerOf,
  MAX_REQUESTS,
  type Packed,
  type Parcel,
  type Part,
  type Protocol,
  type RequestsLike,
} from './packed.js';
import { exhaust, STRIDE } from './turns.js';

/** How a batch is carried out. */
export interface Sending {
  readonly stopOnError: boolean;
  readonly signal: AbortSignal | undefined;
}

/** Requests of the first part of a batch, of the smallest and the largest. */
const FIRST_PART = 128;
const MIN_PART = 16;
/** How long the kernel may be busy with a part, in milliseconds: below the one, parts grow, and above the other they shrink. */
const SHORT = 1.5;
const LONG = 3;

/** A batch under way: a part of it leaves when the answers to the one before it have come. */
export class Shipment<Buffer extends RequestsLike, Answers extends AnswersLike> {
  readonly #protocol: Protocol<Buffer, Answers>;
  readonly #stores: readonly Packed<Buffer, Answers>[];
  readonly #sending: Sending;
  readonly #results: Outcome[] = [];
  readonly #collect = (outcome: Outcome) => {
    if (outcome.status === 'rejected') placeResult(outcome.reason, this.#results.length);
    this.#results.push(outcome);
  };
  /** The next request to leave: its store, its place there. */
  #store = 0;
  #place = 0;
  #limit = FIRST_PART;
  #isOver = false;
  #isAborted = false;
  #finish: (results: Outcome[]) => void = () => undefined;
  readonly results = new Promise<Outcome[]>((resolve) => {
    this.#finish = resolve;
  });

  constructor(
    protocol: Protocol<Buffer, Answers>,
    stores: readonly Packed<Buffer, Answers>[],
    sending: Sending,
  ) {
    this.#protocol = protocol;
    this.#stores = stores;
    this.#sending = sending;
  }

  /** The next part; undefined when nothing more is to be sent. */
  slice(): Parcel<Buffer, Answers> | undefined {
    const packed = this.#stores[this.#store];
    this.#isAborted = this.#sending.signal?.aborted === true;
    if (packed === undefined || this.#isAborted) {
      this.#isOver = true;
      return undefined;
    }
    const count = Math.min(this.#limit, packed.readers.length - this.#place);
    const part = { first: this.#place, count, stopOnError: this.#sending.stopOnError };
    this.#advance(count);
    return this.#parcel(packed, part);
  }

  #parcel(packed: Packed<Buffer, Answers>, part: Part): Parcel<Buffer, Answers> {
    let finish: () => void = () => undefined;
    const answered = new Promise<void>((resolve) => {
      finish = resolve;
    });
    let { count } = part;
    let isLast = false;
    return {
      packed,
      part,
      answered,
      next: (answers) => {
        if (answers === undefined) this.#isOver = this.#sending.stopOnError;
        else count = this.#weigh(packed, part, answers);
        const next = this.#isOver ? undefined : this.slice();
        isLast = next === undefined;
        return next;
      },
      answer: (answers) => {
        const sent = { first: part.first, count };
        return this.#tell(packed.outcomes(this.#protocol, answers, sent, this.#collect), isLast);
      },
      fail: (error) => this.#tell(packed.failures(error, part, this.#collect), isLast),
      finish,
    };
  }

  /** How many requests of a part were sent, now that its answers are there; what was not goes back, or the batch is over. */
  #weigh(packed: Packed<Buffer, Answers>, part: Part, answers: Answers): number {
    if (answers.elapsed < SHORT) this.#limit = Math.min(this.#limit * 2, MAX_REQUESTS);
    else if (answers.elapsed > LONG) this.#limit = Math.max(this.#limit >> 1, MIN_PART);
    if (!part.stopOnError) return part.count;
    let sent = 0;
    while (sent < part.count && answers.succeeded(sent)) sent++;
    if (sent === part.count) return sent;
    // What comes after it was not sent: it is now, if the failure is an answer after all.
    const reader = packed.readers[part.first + sent];
    this.#isOver = reader !== undefined && answerOf(reader, answers.verdict(sent)) === undefined;
    sent++;
    [this.#store, this.#place] = [this.#stores.indexOf(packed), part.first];
    this.#advance(sent);
    return sent;
  }

  #advance(count: number): void {
    this.#place += count;
    if (this.#place < (this.#stores[this.#store]?.readers.length ?? 0)) return;
    this.#store++;
    this.#place = 0;
  }

  /** Collects what became of a part; after the last one, hands over the results. */
  *#tell(outcomes: Generator<void, void>, isLast: boolean): Generator<void, void> {
    yield* outcomes;
    if (isLast) yield* this.#conclude();
  }

  /** Says of what was not sent why, and hands over the results. */
  *#conclude(): Generator<void, void> {
    const { signal } = this.#sending;
    const index = this.#results.findIndex(({ status }) => status === 'rejected');
    const failed = this.#results[index];
    const cause: unknown = failed?.status === 'rejected' ? failed.reason : undefined;
    const failure = { index, cause };
    const verdict = { status: 'skipped', errno: 0, text: '', creating: false, failure };
    for (; this.#store < this.#stores.length; this.#advance(1)) {
      const packed = this.#stores[this.#store];
      const reader = packed?.readers[this.#place];
      if (packed === undefined || reader === undefined) break;
      const reason: unknown = this.#isAborted
        ? signal && reasonOf(signal)
        : this.#protocol.explain(reader.operation, packed.requests, this.#place, verdict);
      // The reason of a signal is its owner's, and one for all.
      if (!this.#isAborted) placeResult(reason, this.#results.length);
      this.#results.push({ status: 'rejected', reason });
      if (this.#place % STRIDE === STRIDE - 1) yield;
    }
    for (const { requests } of this.#stores) this.#protocol.release(requests);
    this.#finish(this.#results);
  }

  /** Begins, by `push`ing the first part. */
  start(push: (parcel: Parcel<Buffer, Answers>) => void): void {
    const first = this.slice();
    if (first === undefined) exhaust(this.#conclude());
    else push(first);
  }
}
