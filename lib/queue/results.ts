/**
 * Results of operations.
 * @module
 */

/** The result of every operation without a value. It is shared, because a batch may have many. */
const NO_VALUE: PromiseFulfilledResult<undefined> = Object.freeze({
  status: 'fulfilled',
  value: undefined,
});

/** Returns the result of an operation that succeeded. */
export function resultOf(value: unknown): PromiseFulfilledResult<unknown> {
  return value === undefined ? NO_VALUE : { status: 'fulfilled', value };
}

/** Returns the value of a fulfilled result, or throws the reason of a rejected one. */
export function fulfilledValue<Value>(result: PromiseSettledResult<Value> | undefined): Value {
  if (result?.status === 'fulfilled') return result.value;
  throw result?.reason;
}
