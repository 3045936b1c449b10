/**
 * How calls travel: those of one turn of the event loop leave together as one batch, and one batch at a time is under way.
 * @module
 */
import { errnoName, IpvsError } from './errors.js';
import { explain, explainFailedJob, explainNative, type Verdict } from './explain.js';
import type { Layout, NativeHandle, OperationName } from './native.js';
import { RequestBuffer } from './records.js';
import { Results } from './results.js';

/**
 * Requests that one batch takes. It bounds how long the thread pool is busy with one of them, some milliseconds, and how long
 * the event loop with its answers.
 */
const MAX_BATCH = 1024;

/** One operation with its arguments. */
export interface Call<Buffer, Answers, Value> {
  readonly operation: string;
  /** Fills in the request that was begun; throws on bad input, and then nothing is sent. */
  write(request: Buffer): void;
  /** The value of the answer at `index`. */
  read(answers: Answers, index: number): Value;
  /** Errnos of the kernel that are an answer rather than an error: by name, the answer. */
  readonly answers?: Readonly<Record<string, Value>>;
}

/** Requests of a batch, as {@link RequestBuffer} and its like collect them. */
interface RequestsLike {
  readonly count: number;
  begin(operation: string): void;
  commit(): void;
}

/** Answers of a batch, as {@link Results} and its like read them. */
interface AnswersLike {
  succeeded(index: number): boolean;
  verdict(index: number): Verdict<string>;
}

/** What speaks to the kernel: IPVS, or links. */
export interface Protocol<Buffer, Answers> {
  /** An empty buffer. */
  requests(): Buffer;
  carry(requests: Buffer): Promise<Answers>;
  /** The error for the request at `index` that came to `verdict`. */
  explain(operation: string, requests: Buffer, index: number, verdict: Verdict<string>): Error;
  /** Called when everything was carried out and nothing more will come. */
  close(): void | Promise<void>;
}

/** The protocol of IPVS, on a handle. */
export function ipvsProtocol(
  handle: NativeHandle,
  layout: Layout,
  close = () => handle.close() as void | Promise<void>,
): Protocol<RequestBuffer, Results> {
  return {
    requests: () => new RequestBuffer(layout),
    carry: async (requests) => new Results(await handle.run(requests.bytes()), layout),
    explain: (operation, requests, index, verdict) =>
      // The operations of its calls are those of IPVS, and the verdicts those of its results.
      explain(operation as OperationName, requests, index, verdict as Verdict),
    close,
  };
}

/** A call that waits for its answer. */
class PendingCall<Buffer, Answers extends AnswersLike, Value> {
  readonly #call: Call<Buffer, Answers, Value>;
  readonly #resolve: (value: Value) => void;
  readonly #reject: (error: unknown) => void;

  constructor(
    call: Call<Buffer, Answers, Value>,
    resolve: (value: Value) => void,
    reject: (error: unknown) => void,
  ) {
    this.#call = call;
    this.#resolve = resolve;
    this.#reject = reject;
  }

  /** Settles with the answer at `index`, to the request that stands there. */
  answer(
    protocol: Protocol<Buffer, Answers>,
    requests: Buffer,
    answers: Answers,
    index: number,
  ): void {
    try {
      this.#resolve(readAnswer(protocol, this.#call, requests, answers, index));
    } catch (error) {
      this.#reject(error);
    }
  }

  fail(error: unknown): void {
    this.#reject(explainFailedJob(error, this.#call.operation));
  }
}

/** The value of the answer at `index`. Throws what went wrong. */
function readAnswer<Buffer, Answers extends AnswersLike, Value>(
  protocol: Protocol<Buffer, Answers>,
  call: Call<Buffer, Answers, Value>,
  requests: Buffer,
  answers: Answers,
  index: number,
): Value {
  if (answers.succeeded(index)) return call.read(answers, index);
  const verdict = answers.verdict(index);
  const code = errnoName(verdict.errno);
  if (verdict.status === 'refused' && call.answers !== undefined && code in call.answers) {
    // The code is one of its keys.
    return call.answers[code] as Value;
  }
  throw protocol.explain(call.operation, requests, index, verdict);
}

/** Calls that leave together. */
class Batch<Buffer extends RequestsLike, Answers extends AnswersLike> {
  readonly requests: Buffer;
  readonly #protocol: Protocol<Buffer, Answers>;
  readonly #pending: Pick<PendingCall<Buffer, Answers, unknown>, 'answer' | 'fail'>[] = [];
  #writing = false;
  #finish: () => void = () => undefined;
  /** Settled when every call of the batch has its answer. */
  readonly answered = new Promise<void>((resolve) => {
    this.#finish = resolve;
  });
  readonly #after: (() => void)[] = [];

  constructor(protocol: Protocol<Buffer, Answers>) {
    this.#protocol = protocol;
    this.requests = protocol.requests();
  }

  get full(): boolean {
    return this.requests.count >= MAX_BATCH;
  }

  add<Value>(call: Call<Buffer, Answers, Value>): Promise<Value> {
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

  answer(answers: Answers): void {
    this.#pending.forEach((pending, index) => {
      pending.answer(this.#protocol, this.requests, answers, index);
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

/** The queue of a handle's operations of IPVS. */
export type IpvsQueue = Queue<RequestBuffer, Results>;

export class Queue<Buffer extends RequestsLike, Answers extends AnswersLike> {
  readonly #protocol: Protocol<Buffer, Answers>;
  /** Waiting batches; the last one still takes calls. */
  readonly #waiting: Batch<Buffer, Answers>[] = [];
  #underWay: Batch<Buffer, Answers> | undefined;
  /** Jobs beside the batches. */
  #aside = 0;
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
  run<Value>(call: Call<Buffer, Answers, Value>): Promise<Value> {
    if (this.#closed !== undefined) return Promise.reject(closedError(call.operation));
    return this.#enqueue(call);
  }

  #enqueue<Value>(call: Call<Buffer, Answers, Value>): Promise<Value> {
    let batch = this.#waiting.at(-1);
    if (batch === undefined || batch.full) {
      batch = new Batch(this.#protocol);
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
    job: (run: <Answer>(call: Call<Buffer, Answers, Answer>) => Promise<Answer>) => Promise<Value>,
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
    }).then(() => this.#protocol.close());
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

  async #carry(batch: Batch<Buffer, Answers>): Promise<void> {
    let settle: () => void;
    try {
      const answers = await this.#protocol.carry(batch.requests);
      settle = () => batch.answer(answers);
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
