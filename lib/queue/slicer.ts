/**
 * Long work on the event loop, cut into slices between which the event loop runs.
 * @module
 */

/** The length of a slice in milliseconds. Several slices in a row are too short to be noticed. */
const SLICE = 2;
/** The number of items between two yields. Each yield reads the clock, which can be expensive. */
export const YIELD_INTERVAL = 256;

/** Runs work to its end in one go, and returns its value. */
export function runToEnd<Value>(work: Generator<void, Value>): Value {
  let step = work.next();
  while (step.done !== true) step = work.next();
  return step.value;
}

/** Wraps work so that it throws nothing: its value or error is passed on instead. */
export function* settling<Value>(
  work: Iterable<void, Value>,
  resolve: (value: Value) => void,
  reject: (error: unknown) => void,
): Generator<void, void> {
  try {
    resolve(yield* work);
  } catch (error) {
    reject(error);
  }
}

/** Wraps work so that it ends early, with undefined, once `isStale` returns true. */
function* unlessStale<Value>(
  work: Generator<void, Value>,
  isStale: () => boolean,
): Generator<void, Value | undefined> {
  while (!isStale()) {
    const step = work.next();
    if (step.done === true) return step.value;
    yield;
  }
  return undefined;
}

/** Runs work in the order in which it is added, one slice in each turn of the event loop. */
export class Slicer {
  readonly #works: Generator<void, void>[] = [];
  readonly #runSlice = () => this.#run();

  /** Adds work, which must not throw. Begins it at once if no other work is before it. */
  add(work: Generator<void, void>): void {
    this.#works.push(work);
    if (this.#works.length === 1) this.#run();
  }

  /**
   * Adds work. Resolves to its value, or rejects with its error. Once `isStale` returns true, the
   * work is abandoned, and the promise resolves to undefined.
   */
  run<Value>(work: Generator<void, Value>): Promise<Value>;
  run<Value>(work: Generator<void, Value>, isStale: () => boolean): Promise<Value | undefined>;
  run<Value>(work: Generator<void, Value>, isStale = () => false): Promise<Value | undefined> {
    return new Promise((resolve, reject) => {
      this.add(settling(unlessStale(work, isStale), resolve, reject));
    });
  }

  /** Runs one slice. */
  #run(): void {
    const end = performance.now() + SLICE;
    for (let work = this.#works[0]; work !== undefined; ) {
      if (work.next().done === true) {
        this.#works.shift();
        work = this.#works[0];
      } else if (performance.now() >= end) {
        setImmediate(this.#runSlice);
        return;
      }
    }
  }
}
