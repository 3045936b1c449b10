/**
 * How calls travel: those of one turn of the event loop leave together, and one group at a time is under way. A batch that
 * somebody has made up leaves in parts, and every other call has its turn between two of them.
 * @module
 */

import { IpvsError } from '../core/errors.js';
import { describeInput, isInputError } from '../core/input-errors.js';
import { callOnAbort, reasonOf } from '../core/signals.js';
import { beginAtCaller, handOver } from '../core/stack.js';
import { exchangeError, jobError } from '../native/native-errors.js';
import { Group } from './group.js';
import type { Outcome } from './outcome.js';
import {
  type AnswersLike,
  type Call,
  MAX_REQUESTS,
  Packed,
  type Parcel,
  type Protocol,
  type RequestsLike,
} from './packed.js';
import { follow, followSync, type Procedure } from './procedure.js';
import { type Sending, Shipment } from './shipment.js';
import { exhaust, finished, Turns } from './turns.js';

function closedError(operation: string): IpvsError {
  const details = { code: 'ERR_IPVS_CLOSED', operation } as const;
  const error = new IpvsError(`${operation}: the handle is closed`, details);
  return beginAtCaller(error, operation);
}

/** A batch that is being built. */
export interface Building<Buffer extends RequestsLike, Answers extends AnswersLike> {
  readonly built: Promise<readonly Packed<Buffer, Answers>[]>;
  /** Lets nothing more be added. */
  giveUp(): void;
}

/** What a batch is made of, or will be. */
export type Collected<Buffer extends RequestsLike, Answers extends AnswersLike> =
  | readonly Packed<Buffer, Answers>[]
  | Building<Buffer, Answers>;

/** The error of an operation that makes calls or reads files. */
function ofProcedure(error: unknown, operation: string): unknown {
  if (isInputError(error)) describeInput(error, operation, error.target ?? '');
  return jobError(error, operation);
}

/** What makes calls of its own through `run`. */
type Job<Buffer, Answers, Value> = (
  run: <Answer>(call: Call<Buffer, Answers, Answer>) => Promise<Answer>,
) => Promise<Value>;

export class Queue<Buffer extends RequestsLike, Answers extends AnswersLike> {
  readonly #protocol: Protocol<Buffer, Answers>;
  readonly #waiting: Parcel<Buffer, Answers>[] = [];
  /** The last of those that wait, while it still takes calls. */
  #gathering: Group<Buffer, Answers> | undefined;
  #underWay: Parcel<Buffer, Answers> | undefined;
  readonly #turns = new Turns();
  /** Parcels whose answers are being read. */
  #reading = 0;
  /** Jobs of more than one parcel, or beside them. */
  #aside = 0;
  /** Batches that are being built: each is ended with the reason. */
  readonly #building = new Set<(reason: unknown) => void>();
  /** Parcels that were there so far. */
  #pushed = 0;
  #closed: Promise<void> | undefined;
  #drained: (() => void) | undefined;

  constructor(protocol: Protocol<Buffer, Answers>) {
    this.#protocol = protocol;
  }

  /** @throws IpvsError ERR_IPVS_CLOSED */
  checkOpen(operation: string): void {
    if (this.#closed !== undefined) throw closedError(operation);
  }

  /** Sends `call` with the others of this turn; the promise settles with its own answer. */
  run<Value, Args extends readonly unknown[]>(
    call: Call<Buffer, Answers, Value, Args>,
    // Without arguments, the call is one that takes none.
    args: Args = [] as readonly unknown[] as Args,
  ): Promise<Value> {
    if (this.#closed !== undefined) return Promise.reject(closedError(call.operation));
    return this.#enqueue(call, args);
  }

  /** Carries out `call` at once, on this thread, whatever waits. */
  runSync<Value, Args extends readonly unknown[]>(
    call: Call<Buffer, Answers, Value, Args>,
    args: Args = [] as readonly unknown[] as Args,
  ): Value {
    this.checkOpen(call.operation);
    const packed = new Packed<Buffer, Answers>(this.#protocol.requests());
    try {
      packed.pack(this.#protocol, call, args);
      const answers = this.#carrySync(packed, call.operation);
      // What a call reads is of its type.
      return finished(packed.read(this.#protocol, answers, 0, 0)) as Value;
    } catch (error) {
      throw beginAtCaller(error, call.operation);
    } finally {
      this.#protocol.release(packed.requests);
    }
  }

  /** Follows a procedure at once, on this thread. */
  followSync<Value>(operation: string, procedure: Procedure<Buffer, Answers, Value>): Value {
    this.checkOpen(operation);
    try {
      return followSync(procedure, this.#protocol.handle, (calls) =>
        this.#runAllSync(operation, calls),
      );
    } catch (error) {
      throw beginAtCaller(ofProcedure(error, operation), operation);
    }
  }

  #runAllSync(operation: string, calls: readonly Call<Buffer, Answers, unknown>[]): Outcome[] {
    const packed = new Packed<Buffer, Answers>(this.#protocol.requests());
    try {
      for (const call of calls) packed.pack(this.#protocol, call, []);
      const answers = this.#carrySync(packed, operation);
      const outcomes: Outcome[] = [];
      const all = { first: 0, count: calls.length };
      exhaust(packed.outcomes(this.#protocol, answers, all, (each) => outcomes.push(each)));
      return outcomes;
    } finally {
      this.#protocol.release(packed.requests);
    }
  }

  #carrySync(packed: Packed<Buffer, Answers>, operation: string): Answers {
    try {
      return this.#protocol.carrySync(packed.requests);
    } catch (error) {
      throw exchangeError(error, operation);
    }
  }

  /** Sends what `collect` packs, in parts. It is told whether a call was made since it began. */
  async ship(
    collect: (hasCalled: () => boolean) => Collected<Buffer, Answers>,
    sending: Sending,
  ): Promise<Outcome[]> {
    this.checkOpen('batch');
    const before = this.#calls;
    this.#aside++;
    try {
      const collected = collect(() => this.#calls !== before);
      // What was collected at once leaves before what is called after it.
      const stores =
        'built' in collected ? await this.#await(collected, sending.signal) : collected;
      const shipment = new Shipment(this.#protocol, stores, sending);
      shipment.start((parcel) => this.#push(parcel));
      return await shipment.results;
    } finally {
      this.#aside--;
      this.#settleClosing();
    }
  }

  /**
   * Waits for a batch that is built meanwhile, unless the signal is aborted or the handle closed:
   * close() does not wait for it.
   */
  #await(
    { built, giveUp }: Building<Buffer, Answers>,
    signal: AbortSignal | undefined,
  ): Promise<readonly Packed<Buffer, Answers>[]> {
    return new Promise((resolve, reject) => {
      const settle = (action: () => void) => {
        if (!this.#building.delete(end)) return;
        forgetSignal?.();
        this.#aside++;
        action();
      };
      const end = (reason: unknown) =>
        settle(() => {
          giveUp();
          reject(reason);
        });
      this.#building.add(end);
      this.#aside--;
      const forgetSignal = signal && callOnAbort(signal, end);
      built.then(
        (stores) => settle(() => resolve(stores)),
        (error) => settle(() => reject(error)),
      );
      if (signal?.aborted) end(reasonOf(signal));
      if (this.#closed !== undefined) end(closedError('batch'));
    });
  }

  /** Grows with every call that joins a group. */
  get #calls(): number {
    return this.#pushed * (MAX_REQUESTS + 1) + (this.#gathering?.packed.readers.length ?? 0);
  }

  #enqueue<Value, Args extends readonly unknown[]>(
    call: Call<Buffer, Answers, Value, Args>,
    args: Args,
  ): Promise<Value> {
    let group = this.#gathering;
    if (group === undefined || group.packed.isFull) {
      // What comes after a full one is likely to fill it, too.
      const capacity = group === undefined ? undefined : MAX_REQUESTS;
      group = new Group(this.#protocol, this.#protocol.requests(capacity));
      this.#push(group);
      this.#gathering = group;
    }
    return group.add(call, args);
  }

  #push(parcel: Parcel<Buffer, Answers>): void {
    this.#waiting.push(parcel);
    this.#pushed++;
    // What is called from now on comes after it.
    this.#gathering = undefined;
    // The rest of this turn's calls join it before it leaves.
    if (this.#waiting.length === 1 && this.#underWay === undefined) {
      queueMicrotask(() => this.#send());
    }
  }

  /**
   * Runs a job that has no place among the groups, or more than one, and that close() waits for too: also for the calls that it makes
   * through `run`.
   */
  async aside<Value>(operation: string, job: Job<Buffer, Answers, Value>): Promise<Value> {
    this.checkOpen(operation);
    // What was called before takes effect before.
    return this.#beside(operation, job, (this.#waiting.at(-1) ?? this.#underWay)?.answered);
  }

  async #beside<Value>(
    operation: string,
    job: Job<Buffer, Answers, Value>,
    before?: Promise<unknown>,
  ): Promise<Value> {
    this.#aside++;
    try {
      if (before !== undefined) await before;
      return await job((call) => this.#enqueue(call, []));
    } catch (error) {
      throw ofProcedure(error, operation);
    } finally {
      this.#aside--;
      this.#settleClosing();
    }
  }

  /** Follows a procedure, aside, and once `before` is settled, which never rejects. */
  follow<Value>(
    operation: string,
    procedure: Procedure<Buffer, Answers, Value>,
    before?: Promise<unknown>,
  ): Promise<Value> {
    return handOver(this.#follow(operation, procedure, before));
  }

  async #follow<Value>(
    operation: string,
    procedure: Procedure<Buffer, Answers, Value>,
    before: Promise<unknown> | undefined,
  ): Promise<Value> {
    this.checkOpen(operation);
    // Up to its first question it only checks what it was given.
    const begin = () => {
      try {
        return procedure.next();
      } catch (error) {
        throw beginAtCaller(ofProcedure(error, operation), operation);
      }
    };
    const begun = begin();
    const job: Job<Buffer, Answers, Value> = async (run) => {
      if (before !== undefined) await before;
      return follow(begun, procedure, this.#protocol.handle, run);
    };
    // Calls have their place among the others.
    const asks = begun.done !== true && 'calls' in begun.value;
    return asks ? this.#beside(operation, job) : this.aside(operation, job);
  }

  /** Lets nothing in any more, waits for what is pending, and closes the handle. */
  close(): Promise<void> {
    this.#closed ??= new Promise<void>((resolve) => {
      // What has an answer settles before.
      this.#drained = () => setImmediate(resolve);
      for (const end of [...this.#building]) end(closedError('batch'));
      this.#settleClosing();
    }).then(() => this.#protocol.close());
    return this.#closed;
  }

  #settleClosing(): void {
    const busy = this.#underWay !== undefined || this.#reading > 0 || this.#aside > 0;
    if (!busy && this.#waiting.length === 0) this.#drained?.();
  }

  #send(): void {
    if (this.#underWay !== undefined) return;
    const parcel = this.#waiting.shift();
    if (parcel === this.#gathering) this.#gathering = undefined;
    if (parcel === undefined) {
      this.#settleClosing();
    } else if (parcel.part.count === 0) {
      // Every call of it was refused before it was written.
      if (parcel instanceof Group) this.#protocol.release(parcel.packed.requests);
      parcel.finish();
      this.#send();
    } else {
      this.#underWay = parcel;
      void this.#carry(parcel);
    }
  }

  async #carry(parcel: Parcel<Buffer, Answers>): Promise<void> {
    let outcomes: Generator<void, void>;
    let next: Parcel<Buffer, Answers> | undefined;
    try {
      const answers = await this.#protocol.carry(parcel.packed.requests, parcel.part);
      next = parcel.next?.(answers);
      outcomes = parcel.answer(answers);
    } catch (error) {
      next = parcel.next?.(undefined);
      outcomes = parcel.fail(error);
    }
    this.#underWay = undefined;
    this.#reading++;
    if (next !== undefined) this.#push(next);
    // First what is next, so that the kernel works while the answers are read.
    this.#send();
    this.#turns.add(this.#read(parcel, outcomes));
  }

  *#read(parcel: Parcel<Buffer, Answers>, outcomes: Generator<void, void>): Generator<void, void> {
    yield* outcomes;
    if (parcel instanceof Group) this.#protocol.release(parcel.packed.requests);
    parcel.finish();
    this.#reading--;
    this.#settleClosing();
  }
}
