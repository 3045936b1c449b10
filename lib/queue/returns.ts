/**
 * What a method returns in each of the three forms of calling it.
 * @module
 */

declare const VALUE: unique symbol;

/**
 * The place of an operation among the results of its batch, a number. `results.at(place)` is its
 * result, with the type of the operation's value.
 */
export type Place<Value> = number & { readonly [VALUE]: Value };

/** What a method with a value of this type returns. */
export interface Returns<Value> {
  /** On a handle. */
  readonly promise: Promise<Value>;
  /** On its synchronous twin. */
  readonly value: Value;
  /** On a batch: the place of the operation among the results. */
  readonly place: Place<Value>;
}
