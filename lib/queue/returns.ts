/**
 * The return types of a method on a handle, on its synchronous form and on a batch.
 * @module
 */

declare const VALUE: unique symbol;

/**
 * The place of an operation among the results of its batch, a number. `results.at(place)` is its
 * result, with the type of the operation's value.
 */
export type Place<Value> = number & { readonly [VALUE]: Value };

/** The return types of a method whose operation has a value of this type. */
export interface Returns<Value> {
  /** The return type on a handle. */
  readonly promise: Promise<Value>;
  /** The return type on the synchronous form of a handle. */
  readonly value: Value;
  /** The return type on a batch: the place of the operation among the results. */
  readonly place: Place<Value>;
}
