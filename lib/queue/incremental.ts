/**
 * Values that take long to decode, and are therefore decoded in slices.
 * @module
 */
import { runToEnd, YIELD_INTERVAL } from './slicer.js';

/** A value that is decoded in slices. Each iteration decodes it anew. */
export class Incremental<Value> {
  readonly #decode: () => Generator<void, Value>;

  constructor(decode: () => Generator<void, Value>) {
    this.#decode = decode;
  }

  [Symbol.iterator](): Generator<void, Value> {
    return this.#decode();
  }
}

/** Returns a value. Decodes an incremental value in one go. */
export function complete<Value>(value: Value | Incremental<Value>): Value {
  return value instanceof Incremental ? runToEnd(value[Symbol.iterator]()) : value;
}

/** A list. A list of more than 256 items is decoded incrementally. */
export type List<Item> = Item[] | Incremental<Item[]>;

/** Decodes a list of `count` items, whose records begin at place `first`. */
export function listOf<Item>(
  first: number,
  count: number,
  decode: (place: number) => Item,
): List<Item> {
  if (count <= YIELD_INTERVAL) {
    const items = new Array<Item>(count);
    for (let index = 0; index < count; index++) items[index] = decode(first + index);
    return items;
  }
  return new Incremental(function* () {
    // Of full length from the beginning: an array that grows is copied again and again.
    const items = new Array<Item>(count);
    for (let index = 0; index < count; index++) {
      items[index] = decode(first + index);
      if (index % YIELD_INTERVAL === YIELD_INTERVAL - 1) yield;
    }
    return items;
  });
}
