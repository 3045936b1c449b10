/**
 * Long work on the event loop, cut into slices between which other work gets its turn.
 * @module
 */

/** The length of a slice in milliseconds: short enough that several in a row go unnoticed. */
const SLICE = 2;
/** Items between two yields. Reading the clock is expensive on some machines. */
export const YIELD_INTERVAL = 256;

/** A value that takes long to decode: decoding it yields now and then. */
export class Incremental<Value> {
  readonly #decode: () => Generator<void, Value>;

  constructor(decode: () => Generator<void, Value>) {
    this.#decode = decode;
  }

  [Symbol.iterator](): Generator<void, Value> {
    return this.#decode();
  }
}

/** Returns a value; decodes an incremental one without a pause. */
export function complete<Value>(value: Value | Incremental<Value>): Value {
  return value instanceof Incremental ? runToEnd(value[Symbol.iterator]()) : value;
}

/** Runs work to its end without a pause, and returns its value. */
export function runToEnd<Value>(work: Generator<void, Value>): Value {
  let step = work.next();
  while (step.done !== true) step = work.next();
  return step.value;
}

/** A list; a long one is decoded incrementally. */
export type List<Item> = Item[] | Incremental<Item[]>;

/** Decodes the items of a list, whose records begin at place `first`. */
export function listOf<Item>(
  first: number,
  count: number,
  decode: (place: number) => Item,
): List<Item> {
  if (count <= YIELD_INTERVAL) {
    const items: Item[] = [];
    for (let place = first; place < first + count; place++) items.push(decode(place));
    return items;
  }
  return new Incremental(function* () {
    const items: Item[] = [];
    for (let place = first; place < first + count; place++) {
      items.push(decode(place));
      if (items.length % YIELD_INTERVAL === 0) yield;
    }
    return items;
  });
}

/** Work that passes on its value or error, and throws nothing. */
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

/** Work that ends early, with undefined, when nobody needs its value any more. */
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

/** Runs work in the order in which it is added, a slice at a time. */
export class Slicer {
  readonly #works: Generator<void, void>[] = [];
  readonly #runSlice = () => this.#run();

  /** Adds work, which must throw nothing. Starts it at once if no other work is before it. */
  add(work: Generator<void, void>): void {
    this.#works.push(work);
    if (this.#works.length === 1) this.#run();
  }

  /**
   * Runs work, and resolves to its value or rejects with its error. Once `isStale` returns true,
   * the work is abandoned, and the promise resolves to undefined.
   */
  run<Value>(work: Generator<void, Value>, isStale = () => false): Promise<Value | undefined> {
    return new Promise((resolve, reject) => {
      this.add(settling(unlessStale(work, isStale), resolve, reject));
    });
  }

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
