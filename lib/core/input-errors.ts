/**
 * The errors of bad input: they name the property, the value and the rule.
 * @module
 */
import { amend, type IpvsError, isIpvsError, messageOf } from './errors.js';
import { show } from './show.js';

/** The `code` of an {@link InputError}. */
export type InputErrorCode =
  /** A value of the wrong type. */
  | 'ERR_INVALID_ARG_TYPE'
  /**
   * A value that is not allowed, alone or together with others; an unknown property; an argument
   * too many.
   */
  | 'ERR_INVALID_ARG_VALUE'
  /** A number outside its range. */
  | 'ERR_OUT_OF_RANGE';

/** The TypeError or RangeError of bad input, for which nothing was sent. */
export interface InputError extends Error {
  /** The kind of mistake. */
  readonly code: InputErrorCode;
  /** The method that was called ('addService'). */
  readonly operation?: string;
  /**
   * The object of the operation, as far as it is known: 'tcp://10.96.0.1:443', the bad argument in
   * short, or ''.
   */
  readonly target?: string;
  /** The place of the operation in a batch, or of the address in `reconcileAddresses()`. */
  readonly index?: number;
}

/** The origin of an input error, which its later descriptions need. */
interface Origin {
  /** The message without the operation. */
  readonly reason: string;
  /** The path of the bad property, with which the reason begins ('destination.weight'). */
  readonly property: string;
  /** 1 for the first input error of the process. */
  readonly number: number;
}

const origins = new WeakMap<Error, Origin>();

/** Counts the input errors so far, for {@link isInputErrorSince}. Only read elsewhere. @internal */
export const inputErrors = { count: 0 };

/**
 * Returns true for an input error that was created after the count was `since`. While arguments are
 * read, any other error comes from an accessor of the caller. @internal
 */
export function isInputErrorSince(since: number, error: unknown): error is InputError {
  return (originOf(error)?.number ?? 0) > since;
}

/**
 * Returns true for a TypeError or RangeError of bad input that this package has thrown, and false
 * for any other value, such as a TypeError of Node.js, an {@link IpvsError}, or an error of another
 * copy of the package.
 * @example
 * ```ts
 * import { Ipvs, isInputError } from 'ipvs';
 *
 * const ipvs = await Ipvs.open();
 * try {
 *   await ipvs.addService({ protocol: 'tcp', address: '10.96.0.1', port: 808080 });
 * } catch (error) {
 *   if (!isInputError(error)) throw error;
 *   console.error(error.code, error.message); // ERR_OUT_OF_RANGE
 * } finally {
 *   await ipvs.close();
 * }
 * ```
 */
export function isInputError(error: unknown): error is InputError {
  return originOf(error) !== undefined;
}

/** Returns true for an error that this package has created. @internal */
export function isOwnError(error: unknown): error is IpvsError | InputError {
  return isIpvsError(error) || isInputError(error);
}

function originOf(error: unknown): Origin | undefined {
  // A WeakMap has no entry for a value that is no object.
  return origins.get(error as Error);
}

/**
 * Returns the path of the property that an input error is about ('destination.weight'), and what is
 * wrong with it; undefined for any other error. @internal
 */
export function faultOf(
  error: unknown,
): { readonly property: string; readonly fault: string } | undefined {
  const origin = originOf(error);
  if (origin === undefined) return undefined;
  const { property, reason } = origin;
  return { property, fault: reason.slice(`${property}: `.length) };
}

/** Gives an input error the call that had the bad input, instead of any call before. @internal */
export function describeInput(error: InputError, operation: string, target: string): void {
  const reason = originOf(error)?.reason ?? error.message;
  amend(error, { operation, target, message: messageOf(operation, target, reason) });
}

/**
 * Gives an input error, after {@link describeInput}, the place of its operation in a batch.
 * @internal
 */
export function describePlace(error: InputError, index: number): InputError {
  return amend(error, { index, message: `batch operation ${index}: ${error.message}` });
}

/** Gives an error among the results of a batch the place of its operation. @internal */
export function placeResult(reason: unknown, index: number): void {
  if (isInputError(reason)) describePlace(reason, index);
  else if (isIpvsError(reason)) amend(reason, { index });
}

/** Creates the error for a value of the wrong type: `property: value is not RULE`. @internal */
export function wrongType(property: string, value: unknown, rule: string): InputError {
  const error = new TypeError(`${property}: ${show(value)} is not ${rule}`);
  return inputError(error, property, 'ERR_INVALID_ARG_TYPE');
}

/**
 * Creates the error for a value of the right type that is not allowed, alone or with others:
 * `property: value RULE`. @internal
 */
export function wrongValue(property: string, value: unknown, rule: string): InputError {
  const error = new TypeError(`${property}: ${show(value)} ${rule}`);
  return inputError(error, property, 'ERR_INVALID_ARG_VALUE');
}

/** Creates the error for a number outside its range: `property: value is not RULE`. @internal */
export function outOfRange(property: string, value: unknown, rule: string): InputError {
  const error = new RangeError(`${property}: ${show(value)} is not ${rule}`);
  return inputError(error, property, 'ERR_OUT_OF_RANGE');
}

function inputError(error: Error, property: string, code: InputErrorCode): InputError {
  origins.set(error, { reason: error.message, property, number: ++inputErrors.count });
  return Object.assign(error, { code });
}
