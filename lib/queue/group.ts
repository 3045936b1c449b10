/**
 * The calls of one turn of the event loop, which leave together.
 * @module
 */
import { Gate, type Outcome } from './outcome.js';
import {
  type AnswersLike,
  type Call,
  Packed,
  type Parcel,
  type Part,
  type Protocol,
  type RequestsLike,
} from './packed.js';
import type { Steps } from './turns.js';

/** Calls, each of which waits for its own answer. */
export class Group<Buffer extends RequestsLike, Answers extends AnswersLike>
  implements Parcel<Buffer, Answers>
{
  readonly packed: Packed<Buffer, Answers>;
  readonly #protocol: Protocol<Buffer, Answers>;
  /** What the calls wait for: the last takes more of them, the first gets the next outcome. */
  readonly #gates: Gate[] = [];
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
    if (this.packed.isWriting) {
      return new Promise((resolve) => {
        this.#after.push(() => resolve(this.add(call, args)));
      });
    }
    try {
      // Before the call has its place: nothing must fail between the two.
      const gate = this.#gate();
      this.packed.pack(this.#protocol, call, args);
      // What a call reads is of its type.
      return gate.promise() as Promise<Value>;
    } catch (error) {
      return Promise.reject(error);
    } finally {
      if (this.#after.length > 0) for (const start of this.#after.splice(0)) start();
    }
  }

  #gate(): Gate {
    let gate = this.#gates.at(-1);
    if (gate === undefined || gate.isFull) {
      gate = new Gate();
      this.#gates.push(gate);
    }
    return gate;
  }

  readonly #settle = (outcome: Outcome) => {
    if (this.#gates[0]?.settle(outcome) === true) this.#gates.shift();
  };

  *answer(answers: Answers): Generator<void, void> {
    const long: Generator<void, void>[] = [];
    // What is long is read when all others have their values, which would have to wait for it.
    const postpone = (steps: Steps<unknown>) =>
      new Promise<unknown>((resolve, reject) => {
        long.push(read(steps, resolve, reject));
      });
    yield* this.packed.outcomes(this.#protocol, answers, this.part, this.#settle, postpone);
    for (const each of long) yield* each;
  }

  fail(error: unknown): Generator<void, void> {
    return this.packed.failures(error, this.part, this.#settle);
  }
}

function* read(
  steps: Steps<unknown>,
  resolve: (value: unknown) => void,
  reject: (error: unknown) => void,
): Generator<void, void> {
  try {
    resolve(yield* steps);
  } catch (error) {
    reject(error);
  }
}
