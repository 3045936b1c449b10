/**
 * What a call gives back, by how it is made.
 * @module
 */

declare const VALUE: unique symbol;

/**
 * The place of an operation among the results of its batch, a number. `results.at(place)` is the result, and its type is that of the
 * operation.
 */
export type Place<Value> = number & { readonly [VALUE]: Value };

/** What an operation returns that comes to `Value`. */
export interface Returns<Value> {
  /** Of a handle. */
  readonly promise: Promise<Value>;
  /** Of its synchronous twin. */
  readonly value: Value;
  /** In a batch: the operation's place among the results. */
  readonly place: Place<Value>;
}
