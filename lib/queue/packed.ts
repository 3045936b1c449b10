/**
 * Calls, and the requests that they are written to.
 * @module
 */
import { errnoName } from '../errors.js';
import type { Verdict } from '../explain.js';
import type { NativeHandle } from '../native.js';
import type { Steps } from './turns.js';

/** Requests of one buffer. It bounds how long the thread pool is busy with them, some milliseconds. */
export const MAX_REQUESTS = 1024;

/** One operation with its arguments. */
export interface Call<Buffer, Answers, Value> {
  readonly operation: string;
  /** Fills in the request that was begun; throws on bad input, and then nothing is sent. */
  write(request: Buffer): void;
  /** The value of the answer at `index`; a long one in steps. */
  read(answers: Answers, index: number): Value | Steps<Value>;
  /** Errnos of the kernel that are an answer rather than an error: by name, the answer. */
  readonly answers?: Readonly<Record<string, Value>>;
}

/** Requests, as {@link RequestBuffer} and its like collect them. */
export interface RequestsLike {
  readonly count: number;
  begin(operation: string): void;
  commit(): void;
  clear(): void;
}

/** Answers to a part, as {@link Results} and its like read them; the index counts from its first request. */
export interface AnswersLike {
  /** How long the kernel was busy, in milliseconds. */
  readonly elapsed: number;
  succeeded(index: number): boolean;
  verdict(index: number): Verdict<string>;
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
  /** An empty buffer, which may have room for so many requests already. */
  requests(capacity?: number): Buffer;
  carry(requests: Buffer, part: Part): Promise<Answers>;
  /** The same on this thread, and all of it. */
  carrySync(requests: Buffer): Answers;
  /** The error for the request at `index` of a buffer that came to `verdict`. */
  explain(operation: string, requests: Buffer, index: number, verdict: Verdict<string>): Error;
  /** Called when everything was carried out and nothing more will come. */
  close(): void | Promise<void>;
}

/** Whether a verdict is an answer of its call; with that. */
export function answerOf<Buffer, Answers, Value>(
  call: Call<Buffer, Answers, Value>,
  verdict: Verdict<string>,
): { readonly value: Value } | undefined {
  const code = errnoName(verdict.errno);
  if (verdict.status !== 'refused' || call.answers === undefined || !(code in call.answers)) {
    return undefined;
  }
  // The code is one of its keys.
  return { value: call.answers[code] as Value };
}

/** Requests with the calls that they are of. */
export class Packed<Buffer extends RequestsLike, Answers extends AnswersLike> {
  readonly requests: Buffer;
  readonly calls: Call<Buffer, Answers, unknown>[] = [];
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
  pack(call: Call<Buffer, Answers, unknown>): void {
    this.#writing = true;
    try {
      this.requests.begin(call.operation);
      call.write(this.requests);
      this.requests.commit();
      this.calls.push(call);
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
    // As many calls as requests.
    const call = this.calls[first + index] as Call<Buffer, Answers, unknown>;
    if (answers.succeeded(index)) return call.read(answers, index);
    const verdict = answers.verdict(index);
    const answer = answerOf(call, verdict);
    if (answer !== undefined) return answer.value;
    throw protocol.explain(call.operation, this.requests, first + index, verdict);
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
