/**
 * The calls of one turn of the event loop, which leave together.
 * @module
 */
import { explainFailedJob } from '../explain.js';
import {
  type AnswersLike,
  type Call,
  Packed,
  type Parcel,
  type Part,
  type Protocol,
  type RequestsLike,
} from './packed.js';
import { STRIDE, Steps } from './turns.js';

/** Calls, each of which waits for its own answer. */
export class Group<Buffer extends RequestsLike, Answers extends AnswersLike>
  implements Parcel<Buffer, Answers>
{
  readonly packed: Packed<Buffer, Answers>;
  readonly #protocol: Protocol<Buffer, Answers>;
  readonly #resolves: ((value: unknown) => void)[] = [];
  readonly #rejects: ((error: unknown) => void)[] = [];
  /** Calls that were made while another was written: they come after it. */
  readonly #after: (() => void)[] = [];
  finish: () => void = () => undefined;
  readonly answered = new Promise<void>((resolve) => {
    this.finish = resolve;
  });

  constructor(protocol: Protocol<Buffer, Answers>, requests: Buffer) {
    this.#protocol = protocol;
    this.packed = new Packed(requests);
  }

  get part(): Part {
    return { first: 0, count: this.packed.requests.count, stopOnError: false };
  }

  add<Value, Args extends readonly unknown[]>(
    call: Call<Buffer, Answers, Value, Args>,
    args: Args,
  ): Promise<Value> {
    return new Promise<Value>((resolve, reject) => {
      if (this.packed.isWriting) {
        this.#after.push(() => this.add(call, args).then(resolve, reject));
        return;
      }
      try {
        // What it throws rejects the promise.
        this.packed.pack(call, args);
        // What a call reads is of its type.
        this.#resolves.push(resolve as (value: unknown) => void);
        this.#rejects.push(reject);
      } finally {
        if (this.#after.length > 0) for (const start of this.#after.splice(0)) start();
      }
    });
  }

  *answer(answers: Answers): Generator<void, void> {
    const { packed } = this;
    for (let index = 0; index < packed.readers.length; index++) {
      try {
        const value = packed.read(this.#protocol, answers, index, 0);
        this.#resolves[index]?.(value instanceof Steps ? yield* value : value);
      } catch (error) {
        this.#rejects[index]?.(error);
      }
      if (index % STRIDE === STRIDE - 1) yield;
    }
  }

  *fail(error: unknown): Generator<void, void> {
    for (const [index, { operation }] of this.packed.readers.entries()) {
      this.#rejects[index]?.(explainFailedJob(error, operation));
      if (index % STRIDE === STRIDE - 1) yield;
    }
  }
}
