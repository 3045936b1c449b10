/**
 * Calls, and the requests that they are written to.
 * @module
 */
import { checkCount } from '../core/arguments.js';
import { errnoName } from '../core/errors.js';
import { describeInput, inputErrorCount, isInputErrorSince } from '../core/input-errors.js';
import { beginAtCaller, keepStack } from '../core/stack.js';
import type { NativeHandle } from '../native/addon.js';
import { exchangeError } from '../native/native-errors.js';
import type { FailedResult } from '../native/refusal.js';
import { fulfilledWith, type Outcome } from './outcome.js';
import { STRIDE, Steps } from './turns.js';

/** Requests of one buffer. It bounds how long the thread pool is busy with them, some milliseconds. */
export const MAX_REQUESTS = 1024;

/** How the answer to a request is read. */
export interface Reader<Answers, Value> {
  readonly operation: string;
  /** The value of the answer at `index`; a long one in steps. */
  read(answers: Answers, index: number): Value | Steps<Value>;
  /** Errnos of the kernel that are an answer rather than an error: by name, the answer. */
  readonly answers?: Readonly<Record<string, Value>>;
}

/** An operation. One object serves all its calls, unless it takes no arguments because it has them. */
export interface Call<Buffer, Answers, Value, Args extends readonly unknown[] = []>
  extends Reader<Answers, Value> {
  /** How many arguments it takes, where that is not as many as `write` has behind the request. */
  readonly takes?: number;
  /** What the error for surplus arguments says besides. */
  readonly hint?: string;
  /** Fills in the request that was begun; throws on bad input, and then nothing is sent. */
  write(request: Buffer, ...args: Args): void;
  /** What reads the answer, where that depends on the arguments; throws on bad input. */
  reader?(...args: Args): Reader<Answers, Value>;
}

/** A call that has its arguments. */
export function bound<Buffer, Answers, Value, Args extends readonly unknown[]>(
  { operation, write, read, answers, reader }: Call<Buffer, Answers, Value, Args>,
  ...args: Args
): Call<Buffer, Answers, Value> {
  return {
    operation,
    write: (request) => write(request, ...args),
    read,
    ...(answers !== undefined && { answers }),
    ...(reader !== undefined && { reader: () => reader(...args) }),
  };
}

/** Requests, as {@link RequestBuffer} and its like collect them. */
export interface RequestsLike {
  readonly count: number;
  begin(operation: string): void;
  commit(): void;
}

/** Answers to a part, as {@link Results} and its like read them; the index counts from its first request. */
export interface AnswersLike {
  /** How long the kernel was busy, in milliseconds. */
  readonly elapsed: number;
  succeeded(index: number): boolean;
  verdict(index: number): FailedResult;
}

/** Some of the requests of a buffer. */
export interface Part {
  readonly first: number;
  readonly count: number;
  /** Whether nothing is to be sent after a request that failed. */
  readonly stopOnError: boolean;
}

/** What speaks to the kernel: IPVS, or links. */
export interface Protocol<Buffer, Answers> {
  /** Where the files are that a procedure reads and writes. */
  readonly handle: NativeHandle;
  /** An empty buffer; a fresh one has room for so many requests. */
  requests(capacity?: number): Buffer;
  /** Takes a buffer back that nobody needs any more. */
  release(requests: Buffer): void;
  carry(requests: Buffer, part: Part): Promise<Answers>;
  /** The same on this thread, and all of it. */
  carrySync(requests: Buffer): Answers;
  /** The error for the request at `index` of a buffer that came to `verdict`. */
  explain(operation: string, requests: Buffer, index: number, verdict: FailedResult): Error;
  /** What the request that is being written is about, as far as its arguments say; or ''. */
  target(operation: string, requests: Buffer, args: readonly unknown[]): string;
  /** Called when everything was carried out and nothing more will come. */
  close(): void | Promise<void>;
}

/** Whether a verdict is an answer of its call; with that. */
export function answerOf<Answers, Value>(
  reader: Reader<Answers, Value>,
  verdict: FailedResult,
): { readonly value: Value } | undefined {
  const code = errnoName(verdict.errno);
  const { answers } = reader;
  if (verdict.status !== 'refused' || answers === undefined || !(code in answers)) return undefined;
  // The code is one of its keys.
  return { value: answers[code] as Value };
}

/** Requests, with what reads the answers to them. */
export class Packed<Buffer extends RequestsLike, Answers extends AnswersLike> {
  readonly requests: Buffer;
  readonly readers: Reader<Answers, unknown>[] = [];
  #writing = false;

  constructor(requests: Buffer) {
    this.requests = requests;
  }

  get isFull(): boolean {
    return this.requests.count >= MAX_REQUESTS;
  }

  /** Whether a call is being written: a getter among its arguments may start another. */
  get isWriting(): boolean {
    return this.#writing;
  }

  /** Writes a call behind the others. Throws on bad input, and then nothing of it is left. */
  pack<Args extends readonly unknown[]>(
    protocol: Protocol<Buffer, Answers>,
    call: Call<Buffer, Answers, unknown, Args>,
    args: Args,
  ): void {
    this.#writing = true;
    const mark = inputErrorCount();
    try {
      this.requests.begin(call.operation);
      call.write(this.requests, ...args);
      const reader = call.reader === undefined ? call : call.reader(...args);
      const most = call.takes ?? Math.max(call.write.length - 1, 0);
      if (args.length > most) checkCount(args, { most, hint: call.hint });
      this.requests.commit();
      this.readers.push(reader);
    } catch (error) {
      if (!isInputErrorSince(mark, error)) throw keepStack(error);
      const target = protocol.target(call.operation, this.requests, args);
      describeInput(error, call.operation, target);
      throw beginAtCaller(error, call.operation);
    } finally {
      this.#writing = false;
    }
  }

  /**
   * The value of the answer at `index`, which is `first` less than its place among the calls. Throws what went wrong.
   */
  read(
    protocol: Protocol<Buffer, Answers>,
    answers: Answers,
    index: number,
    first: number,
  ): unknown {
    // As many as requests.
    const reader = this.readers[first + index] as Reader<Answers, unknown>;
    if (answers.succeeded(index)) return reader.read(answers, index);
    const verdict = answers.verdict(index);
    const answer = answerOf(reader, verdict);
    if (answer !== undefined) return answer.value;
    throw protocol.explain(reader.operation, this.requests, first + index, verdict);
  }

  /**
   * Tells what has become of the calls of a part, in order and with pauses. What is long is read in its turn, unless `postpone` takes it: the
   * promise that it returns stands for the value.
   */
  *outcomes(
    protocol: Protocol<Buffer, Answers>,
    answers: Answers,
    { first, count }: Pick<Part, 'first' | 'count'>,
    tell: (outcome: Outcome) => void,
    postpone?: (steps: Steps<unknown>) => Promise<unknown>,
  ): Generator<void, void> {
    for (let index = 0; index < count; index++) {
      let outcome: Outcome;
      try {
        let value = this.read(protocol, answers, index, first);
        if (value instanceof Steps) value = postpone?.(value) ?? (yield* value);
        outcome = fulfilledWith(value);
      } catch (reason) {
        outcome = { status: 'rejected', reason };
      }
      tell(outcome);
      if (index % STRIDE === STRIDE - 1) yield;
    }
  }

  /** The same of a part whose job has failed. */
  *failures(
    error: unknown,
    { first, count }: Pick<Part, 'first' | 'count'>,
    tell: (outcome: Outcome) => void,
  ): Generator<void, void> {
    for (const [index, { operation }] of this.readers.slice(first, first + count).entries()) {
      tell({ status: 'rejected', reason: exchangeError(error, operation) });
      if (index % STRIDE === STRIDE - 1) yield;
    }
  }
}

/** What leaves together. */
export interface Parcel<Buffer extends RequestsLike, Answers extends AnswersLike> {
  readonly packed: Packed<Buffer, Answers>;
  readonly part: Part;
  /** Settled when all of its answers were read. */
  readonly answered: Promise<void>;
  /** What is to leave after it, when its answers have come, or the job has failed, but nothing was read yet. */
  next?(answers: Answers | undefined): Parcel<Buffer, Answers> | undefined;
  /** Reads the answers. */
  answer(answers: Answers): Generator<void, void>;
  /** The job failed as a whole: nobody knows how far it had come. */
  fail(error: unknown): Generator<void, void>;
  finish(): void;
}
