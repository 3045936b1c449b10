/**
 * What a call gives back, by how it is made.
 * @module
 */

/** What an operation returns that comes to `Value`. */
export interface Returns<Value> {
  /** Of a handle. */
  readonly promise: Promise<Value>;
  /** Of its synchronous twin. */
  readonly value: Value;
  /** In a batch: the operation's place among the results. */
  readonly place: number;
}
