/**
 * The queue of a client, which decides when requests are sent. The calls of one turn of the event
 * loop are sent together. One exchange at a time is in flight. Meanwhile, calls join the next one.
 * @module
 */

import { IpvsError } from '../core/errors.js';
import { describeInput, isInputError } from '../core/input-errors.js';
import { beginAtCaller, isKept, withAwaitStack } from '../core/stack.js';
import type { HandleState, QueueActivity } from './activity.js';
import type { Client, RequestRange } from './client.js';
import type { ClientTypes } from './client-types.js';
import { EncodedBatch, MAX_REQUESTS, type Received } from './encoded-batch.js';
import { Exchange, type OpenExchange } from './exchange.js';
import { complete, type Incremental } from './incremental.js';
import type { Call, Decoder, Operation } from './operation.js';
import { type Routine, runRoutine, runRoutineSync } from './routine.js';
import { CallPromises } from './shared-promise.js';
import { runToEnd, Slicer, settling } from './slicer.js';
import { areCallsTraced, areExchangesTraced, type CallRecord, isSyncTraced } from './trace.js';
import { settleTraced, Tracer } from './tracer.js';

function closedError(operation: string): IpvsError {
  const details = { code: 'ERR_IPVS_CLOSED', operation } as const;
  const error = new IpvsError(`${operation}: the handle is closed`, details);
  return beginAtCaller(error, operation);
}

/** An asynchronous function that makes calls with `run`. */
type Task<Types extends ClientTypes, Value> = (
  run: <Each>(call: Call<Types, Each>) => Promise<Each>,
) => Promise<Value>;

/**
 * Sends calls, routines and batches in the order in which they are made. A call that is refused, or
 * an exchange that fails, does not stop the others.
 */
export class Queue<Types extends ClientTypes> {
  /** Cuts long work on responses into slices. */
  readonly slicer = new Slicer();
  /** Sends the requests of its exchanges. */
  readonly client: Client<Types>;
  readonly #tracer: Tracer;
  readonly #queued: Exchange<Types>[] = [];
  /** The last waiting exchange, if calls can join it. */
  #open: OpenExchange<Types> | undefined;
  #inFlight: Exchange<Types> | undefined;
  /** The batch of the last synchronous call, which the next one uses. */
  #spare: EncodedBatch<Types> | undefined;
  /** The number of exchanges of calls, of tasks and of batches that close() waits for. */
  #pending = 0;
  #calls = 0;
  /** The calls of methods: not those of routines, and no chunks. */
  #ownCalls = 0;
  /** The exchanges that were sent, and the requests in them. */
  #exchanges = 0;
  #requests = 0;
  readonly #onClose = new Set<() => void>();
  #closed: Promise<void> | undefined;
  #drained: () => void = () => undefined;

  constructor(client: Client<Types>) {
    this.client = client;
    this.#tracer = new Tracer(client);
  }

  /** The number of calls, and of chunks of batches, so far. */
  get calls(): number {
    return this.#calls;
  }

  /** The state of the handle that util.inspect() shows. */
  get state(): HandleState {
    const { namespace } = this.client;
    const { inFlight, waiting } = this.activity;
    return {
      ...(namespace !== '' && { namespace }),
      state: this.#closed === undefined ? 'open' : 'closed',
      inFlight,
      waiting,
    };
  }

  /** The work of the queue, past and present. */
  get activity(): QueueActivity {
    const waiting = this.#queued.reduce((sum, { range }) => sum + range.count, 0);
    return {
      calls: this.#ownCalls,
      exchanges: this.#exchanges,
      requests: this.#requests,
      inFlight: this.#inFlight?.range.count ?? 0,
      waiting,
    };
  }

  /**
   * Checks that the queue is not closed.
   * @throws IpvsError ERR_IPVS_CLOSED
   */
  checkOpen(operation: string): void {
    if (this.#closed !== undefined) throw closedError(operation);
  }

  /**
   * Sends a call together with the other calls of this turn. The promise settles with the result of
   * this call.
   */
  readonly run = <Value, Args extends readonly unknown[]>(
    operation: Operation<Types, Value, Args>,
    // Left out only for an operation without parameters.
    args: Args = [] as readonly unknown[] as Args,
  ): Promise<Value> => {
    this.#ownCalls++;
    if (this.#closed !== undefined) return this.#refuse(operation.name);
    return this.#join(operation, args, true);
  };

  #refuse(operation: string): Promise<never> {
    const error = closedError(operation);
    if (areCallsTraced()) this.#tracer.failure(operation, error, false);
    return Promise.reject(error);
  }

  /**
   * Adds a call to the open exchange.
   * @param isOwn false for a call of a routine, which is traced as a whole
   */
  #join<Value, Args extends readonly unknown[]>(
    operation: Operation<Types, Value, Args>,
    args: Args,
    isOwn: boolean,
  ): Promise<Value> {
    this.#calls++;
    const last = this.#open;
    const open = last?.batch.hasRoom === true ? last : this.#openExchange();
    if (open.spans !== undefined) return this.#joinTraced(open, operation, args, isOwn);
    const { batch, promises } = open;
    try {
      promises.reserve();
      batch.add(operation, args);
      // The operation decodes values of this type.
      return promises.next() as Promise<Value>;
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /** Adds a call to the open exchange, and traces it if it is not a routine's. */
  #joinTraced<Value, Args extends readonly unknown[]>(
    { batch, promises, spans }: OpenExchange<Types>,
    operation: Operation<Types, Value, Args>,
    args: Args,
    isOwn: boolean,
  ): Promise<Value> {
    const span = isOwn ? this.#tracer.call(operation.name, false) : undefined;
    const first = batch.count;
    try {
      promises.reserve();
      batch.add(operation, args);
    } catch (error) {
      if (isOwn && areCallsTraced()) this.#tracer.failure(operation.name, error, false);
      return Promise.reject(error);
    }
    spans?.push(span);
    // Before the events: a subscriber may make a call, which joins the exchange after this one.
    // The operation decodes values of this type.
    const promise = promises.next() as Promise<Value>;
    if (span === undefined) return promise;
    span.message.target = this.client.target(operation.request, batch.requests, first);
    return span.begin(() => promise);
  }

  #openExchange(): OpenExchange<Types> {
    // An exchange that follows a full one is likely to be full too.
    const batch = new EncodedBatch(this.client, this.#open && MAX_REQUESTS);
    const promises = new CallPromises();
    // Checked once for all calls of the exchange.
    const spans = areCallsTraced() ? [] : undefined;
    const exchange = new Exchange(batch);
    const open: OpenExchange<Types> = { batch, promises, spans };
    this.begin();
    void exchange.received.then((received) => this.slicer.add(this.#settle(open, received)));
    this.#enqueue(exchange);
    this.#open = open;
    return open;
  }

  #enqueue(exchange: Exchange<Types>): void {
    const isFirst = this.#queued.push(exchange) === 1;
    // The other calls of this turn join the exchange, and synchronous calls of this turn are
    // executed, before the microtask sends it.
    if (isFirst && this.#inFlight === undefined) queueMicrotask(() => this.#sendNext());
  }

  /** Settles the promises of calls. Long lists are decoded after all other results. */
  *#settle(
    { batch, promises, spans }: OpenExchange<Types>,
    received: Received<Types>,
  ): Generator<void, void> {
    const lists: Generator<void, void>[] = [];
    const postpone = (value: Incremental<unknown>) =>
      new Promise<unknown>((resolve, reject) => lists.push(settling(value, resolve, reject)));
    const take = spans === undefined ? promises.settle : settleTraced(spans, promises);
    yield* batch.results(received, 0, batch.count, take, postpone);
    for (const list of lists) yield* list;
    batch.release();
    this.end();
  }

  /** Sends a call at once, on this thread, before anything that waits. */
  readonly runSync = <Value, Args extends readonly unknown[]>(
    operation: Operation<Types, Value, Args>,
    args: Args = [] as readonly unknown[] as Args,
  ): Value => {
    this.#ownCalls++;
    if (this.#closed !== undefined) {
      const error = closedError(operation.name);
      if (areCallsTraced()) this.#tracer.failure(operation.name, error, true);
      throw error;
    }
    const batch = this.#spare ?? new EncodedBatch(this.client);
    // A getter among the arguments may make another call.
    this.#spare = undefined;
    try {
      batch.add(operation, args);
      if (isSyncTraced()) return this.#runSyncTraced(batch, operation) as Value;
      const response = this.#sendSync(batch, operation.name);
      // The operation decodes values of this type.
      return complete(batch.decode(response, 0, 0)) as Value;
    } catch (error) {
      const own = beginAtCaller(error, operation.name);
      if (batch.count === 0 && areCallsTraced()) this.#tracer.failure(operation.name, own, true);
      throw own;
    } finally {
      batch.requests.clear();
      this.#spare = batch;
    }
  };

  /** Sends the only call of a batch at once, and traces the call and its exchange. */
  #runSyncTraced(batch: EncodedBatch<Types>, { name, request }: Decoder<Types, unknown>): unknown {
    const send = () => complete(batch.decode(this.#sendSyncTraced(batch, name), 0, 0));
    if (!areCallsTraced()) return send();
    const target = this.client.target(request, batch.requests, 0);
    return this.#tracer.call(name, true, target).runSync(send);
  }

  #sendSync(batch: EncodedBatch<Types>, operation: string): Types['response'] {
    this.#exchanges++;
    this.#requests += batch.count;
    try {
      return this.client.sendSync(batch.requests);
    } catch (error) {
      throw this.client.exchangeError(error, operation);
    }
  }

  #sendSyncTraced(batch: EncodedBatch<Types>, operation: string): Types['response'] {
    if (!areExchangesTraced()) return this.#sendSync(batch, operation);
    return this.#tracer.exchange(batch.count, true).runSync(() => this.#sendSync(batch, operation));
  }

  /**
   * Runs a routine. If it begins with calls, they join the other calls of this turn. Otherwise it
   * waits for the responses to all calls that were made before.
   * @param target the name of its object, for tracing
   * @param before a promise that settles before the routine sends or reads anything
   */
  runRoutine<Value>(
    operation: string,
    routine: Routine<Types, Value>,
    target = '',
    before?: Promise<unknown>,
  ): Promise<Value> {
    return withAwaitStack(
      this.trace(operation, target, () => this.#runRoutine(operation, routine, before)),
    );
  }

  /** Runs a call of several exchanges, and traces it if there are subscribers. */
  trace<Value>(
    operation: string,
    target: string,
    run: (message: CallRecord | undefined) => Promise<Value>,
  ): Promise<Value> {
    this.#ownCalls++;
    if (!areCallsTraced()) return run(undefined);
    const span = this.#tracer.call(operation, false, target);
    return span.run(() => run(span.message));
  }

  async #runRoutine<Value>(
    operation: string,
    routine: Routine<Types, Value>,
    before: Promise<unknown> | undefined,
  ): Promise<Value> {
    this.checkOpen(operation);
    // A routine only checks its arguments before its first step.
    const begun = this.#begin(operation, routine);
    const isCalling = begun.done !== true && 'calls' in begun.value;
    const task = async () => {
      if (before !== undefined) await before;
      return runRoutine(begun, routine, this.client.files, this.#runCall);
    };
    return isCalling ? this.task(operation, task) : this.taskInOrder(operation, task);
  }

  /** Runs a routine up to its first step. */
  #begin<Value>(operation: string, routine: Routine<Types, Value>) {
    try {
      return routine.next();
    } catch (error) {
      throw beginAtCaller(this.#routineError(error, operation), operation);
    }
  }

  #routineError(error: unknown, operation: string): unknown {
    if (isInputError(error) && !isKept(error)) describeInput(error, operation, error.target ?? '');
    return this.client.routineError(error, operation);
  }

  /** Sends a call of a task. Works after close() too. */
  readonly #runCall = <Value>({ operation, args }: Call<Types, Value>): Promise<Value> =>
    this.#join(operation, args, false);

  /** Runs a routine at once, on this thread. */
  runRoutineSync<Value>(operation: string, routine: Routine<Types, Value>, target = ''): Value {
    this.#ownCalls++;
    const run = () => this.#runRoutineSync(operation, routine);
    return areCallsTraced() ? this.#tracer.call(operation, true, target).runSync(run) : run();
  }

  #runRoutineSync<Value>(operation: string, routine: Routine<Types, Value>): Value {
    this.checkOpen(operation);
    try {
      return runRoutineSync(routine, this.client.files, (calls) =>
        this.#runAllSync(operation, calls),
      );
    } catch (error) {
      throw beginAtCaller(this.#routineError(error, operation), operation);
    }
  }

  /** Sends the calls of a routine together. Returns their results in the same order. */
  #runAllSync(
    operation: string,
    calls: readonly Call<Types, unknown>[],
  ): PromiseSettledResult<unknown>[] {
    const batch = new EncodedBatch(this.client);
    try {
      for (const { operation, args } of calls) batch.add(operation, args);
      return this.exchangeSync(operation, batch);
    } finally {
      batch.release();
    }
  }

  /** Sends all requests of a batch at once, on this thread. Returns their results. */
  exchangeSync(operation: string, batch: EncodedBatch<Types>): PromiseSettledResult<unknown>[] {
    const received = {
      status: 'fulfilled',
      value: this.#sendSyncTraced(batch, operation),
    } as const;
    const results: PromiseSettledResult<unknown>[] = [];
    runToEnd(batch.results(received, 0, batch.count, (result) => results.push(result)));
    return results;
  }

  /** Runs a task. close() waits for it. The task may make calls through `run` after close(). */
  async task<Value>(operation: string, task: Task<Types, Value>): Promise<Value> {
    this.checkOpen(operation);
    this.begin();
    try {
      return await task(this.#runCall);
    } catch (error) {
      throw this.#routineError(error, operation);
    } finally {
      this.end();
    }
  }

  /** Runs a task after the responses to all calls that were made before. */
  taskInOrder<Value>(operation: string, task: Task<Types, Value>): Promise<Value> {
    const last = (this.#queued.at(-1) ?? this.#inFlight)?.received;
    return this.task(operation, async (run) => {
      if (last !== undefined) await last;
      return task(run);
    });
  }

  /**
   * Sends a range of requests of a batch after all exchanges that wait. Later calls are sent after
   * it.
   */
  exchange(batch: EncodedBatch<Types>, range: RequestRange): Promise<Received<Types>> {
    const exchange = new Exchange(batch, range);
    this.#open = undefined;
    this.#calls++;
    this.#enqueue(exchange);
    return exchange.received;
  }

  /** Sends the next exchange that waits, if none is in flight. */
  #sendNext(): void {
    while (this.#inFlight === undefined) {
      const exchange = this.#queued.shift();
      if (exchange === undefined) return;
      if (exchange.batch === this.#open?.batch) this.#open = undefined;
      if (exchange.range.count === 0) {
        // All calls of the exchange had bad input.
        exchange.resolve({ status: 'rejected', reason: undefined });
      } else {
        this.#inFlight = exchange;
        void this.#send(exchange);
      }
    }
  }

  async #send(exchange: Exchange<Types>): Promise<void> {
    let received: Received<Types>;
    try {
      const value = await this.#sendTraced(exchange);
      received = { status: 'fulfilled', value };
    } catch (reason) {
      received = { status: 'rejected', reason };
    }
    this.#inFlight = undefined;
    // The kernel executes the next exchange while the results of this one are decoded.
    exchange.resolve(received);
    this.#sendNext();
  }

  /** Sends an exchange, and traces it if there are subscribers. */
  #sendTraced({ batch: { requests }, range }: Exchange<Types>): Promise<Types['response']> {
    this.#exchanges++;
    this.#requests += range.count;
    if (!areExchangesTraced()) return this.client.send(requests, range);
    return this.#tracer.exchange(range.count, false).run(() => this.client.send(requests, range));
  }

  /** Begins something that close() waits for until {@link end} is called. */
  begin(): void {
    this.#pending++;
  }

  /** Ends something that was begun with {@link begin}. */
  end(): void {
    this.#pending--;
    if (this.#pending === 0 && this.#closed !== undefined) this.#drained();
  }

  /**
   * Calls `end` with the error of a closed handle when the queue is closed, or at once if it is
   * closed already. Returns a function that cancels this.
   */
  onClose(operation: string, end: (error: IpvsError) => void): () => void {
    const endClosed = () => end(closedError(operation));
    if (this.#closed === undefined) this.#onClose.add(endClosed);
    else endClosed();
    return () => this.#onClose.delete(endClosed);
  }

  /** Refuses further calls, waits for pending calls and tasks, and closes the client. */
  close(): Promise<void> {
    this.#closed ??= new Promise<void>((resolve) => {
      // The reactions of promises that are settled already run first.
      this.#drained = () => setImmediate(resolve);
      for (const end of [...this.#onClose]) end();
      if (this.#pending === 0) this.#drained();
    }).then(() => {
      this.#spare?.release();
      return this.client.close();
    });
    return this.#closed;
  }
}
