/**
 * Long work on the event loop, cut into slices between which others have their turn.
 * @module
 */

/** How long a slice takes, in milliseconds: a few of them may come together before anybody notices. */
const SLICE = 2;
/** Items between two looks at the clock, which is a dear one in some places; and promises that settle together. */
export const STRIDE = 256;

/** A value that takes long to be made: it yields where others may have their turn. */
export class Steps<Value> {
  readonly #make: () => Generator<void, Value>;

  constructor(make: () => Generator<void, Value>) {
    this.#make = make;
  }

  [Symbol.iterator](): Generator<void, Value> {
    return this.#make();
  }
}

/** What a value comes to that may be made in steps, without a pause. */
export function finished<Value>(value: Value | Steps<Value>): Value {
  if (!(value instanceof Steps)) return value;
  return exhaust(value[Symbol.iterator]());
}

/** What steps come to, without a pause. */
export function exhaust<Value>(steps: Generator<void, Value>): Value {
  let step = steps.next();
  while (step.done !== true) step = steps.next();
  return step.value;
}

/** Steps that hand over what they come to, and throw nothing. */
function* settling<Value>(
  steps: Generator<void, Value>,
  isStale: () => boolean,
  resolve: (value: Value | undefined) => void,
  reject: (error: unknown) => void,
): Generator<void, void> {
  try {
    while (!isStale()) {
      const step = steps.next();
      if (step.done === true) {
        resolve(step.value);
        return;
      }
      yield;
    }
    resolve(undefined);
  } catch (error) {
    reject(error);
  }
}

/** Works off what it is given, in order. */
export class Turns {
  readonly #works: Generator<void, void>[] = [];
  readonly #slice = () => this.#run();

  /** Begins at once where nothing is before it. Nothing must be thrown by `work`. */
  add(work: Generator<void, void>): void {
    this.#works.push(work);
    if (this.#works.length === 1) this.#run();
  }

  /**
   * Resolves to what `steps` come to, and rejects with what they throw. Once `isStale` says that
   * nobody needs them any more, they are left where they are, and the promise resolves to
   * undefined.
   */
  run<Value>(steps: Generator<void, Value>, isStale: () => boolean): Promise<Value | undefined> {
    return new Promise((resolve, reject) => {
      this.add(settling(steps, isStale, resolve, reject));
    });
  }

  #run(): void {
    const end = performance.now() + SLICE;
    for (let work = this.#works[0]; work !== undefined; ) {
      if (work.next().done === true) {
        this.#works.shift();
        work = this.#works[0];
      } else if (performance.now() >= end) {
        setImmediate(this.#slice);
        return;
      }
    }
  }
}
