/**
 * Results of operations.
 * @module
 */

/** The result of every operation without a value. It is shared, because a batch may have many. */
export const NO_VALUE: PromiseFulfilledResult<undefined> = Object.freeze({
  status: 'fulfilled',
  value: undefined,
});

/** Returns the value of a fulfilled result, or throws the reason of a rejected one. */
export function fulfilledValue<Value>(result: PromiseSettledResult<Value> | undefined): Value {
  if (result?.status === 'fulfilled') return result.value;
  throw result?.reason;
}
