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

/** Works off what it is given, in order. */
export class Turns {
  readonly #works: Generator<void, void>[] = [];
  readonly #slice = () => this.#run();

  /** Begins at once where nothing is before it. Nothing must be thrown by `work`. */
  add(work: Generator<void, void>): void {
    this.#works.push(work);
    if (this.#works.length === 1) this.#run();
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
