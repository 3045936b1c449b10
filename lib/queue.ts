/**
 * How calls travel: those of one turn of the event loop leave together as one batch, and one batch at a time is under way.
 * @module
 */
import type { Call } from './calls.js';
import { errnoName, IpvsError } from './errors.js';
import { explain, explainFailedJob, explainNative } from './explain.js';
import type { Layout, NativeHandle } from './native.js';
import { RequestBuffer } from './records.js';
import { Results } from './results.js';

/**
 * Requests that one batch takes. It bounds how long the thread pool is busy with one of them, some milliseconds, and how long
 * the event loop with its answers.
 */
const MAX_BATCH = 1024;

/** A call that waits for its answer. */
class PendingCall<Value> {
  readonly #call: Call<Value>;
  readonly #resolve: (value: Value) => void;
  readonly #reject: (error: unknown) => void;

  constructor(
    call: Call<Value>,
    resolve: (value: Value) => void,
    reject: (error: unknown) => void,
  ) {
    this.#call = call;
    this.#resolve = resolve;
    this.#reject = reject;
  }

  /** Settles with the answer at `index`, to the request that stands there. */
  answer(requests: RequestBuffer, results: Results, index: number): void {
    try {
      this.#resolve(readAnswer(this.#call, requests, results, index));
    } catch (error) {
      this.#reject(error);
    }
  }

  fail(error: unknown): void {
    this.#reject(explainFailedJob(error, this.#call.operation));
  }
}

/** The value of the answer at `index`. Throws what went wrong. */
function readAnswer<Value>(
  call: Call<Value>,
  requests: RequestBuffer,
  results: Results,
  index: number,
): Value {
  if (results.succeeded(index)) return call.read(results, index);
  const verdict = results.verdict(index);
  const code = errnoName(verdict.errno);
  if (verdict.status === 'refused' && call.answers !== undefined && code in call.answers) {
    // The code is one of its keys.
    return call.answers[code] as Value;
  }
  throw explain(call.operation, requests, index, verdict);
}

/** Calls that leave together. */
class Batch {
  readonly requests: RequestBuffer;
  readonly #pending: Pick<PendingCall<unknown>, 'answer' | 'fail'>[] = [];
  #writing = false;
  #finish: () => void = () => undefined;
  /** Settled when every call of the batch has its answer. */
  readonly answered = new Promise<void>((resolve) => {
    this.#finish = resolve;
  });
  readonly #after: (() => void)[] = [];

  constructor(layout: Layout) {
    this.requests = new RequestBuffer(layout);
  }

  get full(): boolean {
    return this.requests.count >= MAX_BATCH;
  }

  add<Value>(call: Call<Value>): Promise<Value> {
    return new Promise((resolve, reject) => {
      // A getter among the arguments may start another call while this one is being written: that one comes after it.
      if (this.#writing) {
        this.#after.push(() => this.add(call).then(resolve, reject));
        return;
      }
      this.#writing = true;
      try {
        // What write() throws rejects the promise, and leaves the request uncommitted.
        this.requests.begin(call.operation);
        call.write(this.requests);
        this.requests.commit();
        this.#pending.push(new PendingCall(call, resolve, reject));
      } finally {
        this.#writing = false;
        for (const start of this.#after.splice(0)) start();
      }
    });
  }

  answer(results: Results): void {
    this.#pending.forEach((pending, index) => {
      pending.answer(this.requests, results, index);
    });
  }

  /** The job failed as a whole: nobody knows how far it had come. */
  fail(error: unknown): void {
    for (const pending of this.#pending) pending.fail(error);
  }

  finish(): void {
    this.#finish();
  }
}

function closedError(operation: string): IpvsError {
  return new IpvsError(`${operation}: the handle is closed`, {
    code: 'ERR_IPVS_CLOSED',
    operation,
  });
}

export class Queue {
  readonly #handle: NativeHandle;
  readonly #layout: Layout;
  /** Waiting batches; the last one still takes calls. */
  readonly #waiting: Batch[] = [];
  #underWay: Batch | undefined;
  /** Jobs beside the batches. */
  #aside = 0;
  #closed: Promise<void> | undefined;
  #drained: (() => void) | undefined;

  constructor(handle: NativeHandle, layout: Layout) {
    this.#handle = handle;
    this.#layout = layout;
  }

  /** @throws IpvsError ERR_IPVS_CLOSED */
  checkOpen(operation: string): void {
    if (this.#closed !== undefined) throw closedError(operation);
  }

  /** Sends `call` with the others of this turn; the promise settles with its own answer. */
  run<Value>(call: Call<Value>): Promise<Value> {
    if (this.#closed !== undefined) return Promise.reject(closedError(call.operation));
    return this.#enqueue(call);
  }

  #enqueue<Value>(call: Call<Value>): Promise<Value> {
    let batch = this.#waiting.at(-1);
    if (batch === undefined || batch.full) {
      batch = new Batch(this.#layout);
      this.#waiting.push(batch);
      // The rest of this turn's calls join it before it leaves.
      if (this.#waiting.length === 1 && this.#underWay === undefined)
        queueMicrotask(() => this.#send());
    }
    return batch.add(call);
  }

  /**
   * Runs a job that has no place in the batches, or more than one, and that close() waits for too: also for the calls that it makes
   * through `run`.
   */
  async aside<Value>(
    operation: string,
    job: (run: <Answer>(call: Call<Answer>) => Promise<Answer>) => Promise<Value>,
  ): Promise<Value> {
    this.checkOpen(operation);
    this.#aside++;
    try {
      // What was called before takes effect before.
      await (this.#waiting.at(-1) ?? this.#underWay)?.answered;
      return await job((call) => this.#enqueue(call));
    } catch (error) {
      throw explainNative(error, operation);
    } finally {
      this.#aside--;
      this.#settleClosing();
    }
  }

  /** Lets nothing in any more, waits for what is pending, and closes the handle. */
  close(): Promise<void> {
    this.#closed ??= new Promise<void>((resolve) => {
      this.#drained = resolve;
      this.#settleClosing();
    }).then(() => this.#handle.close());
    return this.#closed;
  }

  #settleClosing(): void {
    if (this.#underWay === undefined && this.#aside === 0 && this.#waiting.length === 0)
      this.#drained?.();
  }

  #send(): void {
    const batch = this.#waiting.shift();
    if (batch === undefined) {
      this.#settleClosing();
    } else if (batch.requests.count === 0) {
      // Every call of it was refused before it was written.
      batch.finish();
      this.#send();
    } else {
      this.#underWay = batch;
      void this.#carry(batch);
    }
  }

  async #carry(batch: Batch): Promise<void> {
    let settle: () => void;
    try {
      const native = await this.#handle.run(batch.requests.bytes());
      const results = new Results(native, this.#layout);
      settle = () => batch.answer(results);
    } catch (error) {
      settle = () => batch.fail(error);
    }
    this.#underWay = undefined;
    // First the next batch, so that the kernel works while the answers are read.
    this.#send();
    settle();
    batch.finish();
    this.#settleClosing();
  }
}
