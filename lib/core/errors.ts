/**
 * The errors of this package: bad input, and refusals of the kernel.
 * @module
 */
import { constants } from 'node:os';
import { getSystemErrorMap, inspect } from 'node:util';
import type { Errno } from './errno.js';

/** The `code` of an {@link IpvsError} that is no errno of the kernel. */
export type IpvsErrorCode =
  /** Node.js runs with `--permission` and refuses it. */
  | 'ERR_ACCESS_DENIED'
  /** The handle was closed. */
  | 'ERR_IPVS_CLOSED'
  /** modprobe is missing, or fails. */
  | 'ERR_IPVS_MODULE'
  /** The kernel's answer was lost: the operation may have happened. */
  | 'ERR_IPVS_OUTCOME_UNKNOWN'
  /** The package has no native addon for this platform, and none was built. */
  | 'ERR_IPVS_NO_ADDON'
  /** An operation of a batch that was not sent, because one before it failed, its `cause`, and `stopOnError` is set. */
  | 'ERR_IPVS_SKIPPED'
  /** The kernel has no IPVS, and could not load its module. */
  | 'ERR_IPVS_UNAVAILABLE'
  /** The platform is not Linux. */
  | 'ERR_IPVS_UNSUPPORTED_PLATFORM';

/** What an {@link IpvsError} is made of. */
export interface IpvsErrorDetails {
  /** An errno by name ('EEXIST'), or one of {@link IpvsErrorCode}. */
  readonly code: Errno | IpvsErrorCode;
  /** The errno as Node.js gives it, negative (-17); 0 where no system call failed. */
  readonly errno?: number | undefined;
  /** The system call or IPVS command that failed ('IPVS_CMD_NEW_SERVICE'). */
  readonly syscall?: string | undefined;
  /** The method that was called ('addService'). */
  readonly operation?: string | undefined;
  /** What it was called on ('tcp://10.96.0.1:443'). */
  readonly target?: string | undefined;
  /** What is not there, where that is why. */
  readonly missing?: Missing | undefined;
  /** The error that led to this one. */
  readonly cause?: unknown;
}

/** What an operation did not find. */
export type Missing = 'service' | 'destination';

/**
 * A refusal of the kernel, or a condition under which there is nobody to ask.
 *
 * Its stack begins at the caller: at the call of a synchronous operation, at the `await` of another.
 *
 * A copy by `structuredClone()` or `postMessage()` is an Error with `message`, `stack` and `cause`, but with the name 'Error' and without
 * the other properties, since that is all that the algorithm copies of an error. `{ ...error, message: error.message }` is an object that
 * keeps them.
 */
export class IpvsError extends Error {
  /** Tells it from other errors where `instanceof` cannot, as with two copies of the package. */
  override readonly name = 'IpvsError';
  /** An errno by name ('EEXIST'), or one of {@link IpvsErrorCode}. */
  readonly code: Errno | IpvsErrorCode;
  /** The errno as Node.js gives it, negative (-17): `util.getSystemErrorName(error.errno)` names it. 0 where no system call failed. */
  readonly errno: number;
  /** The system call or IPVS command that failed ('IPVS_CMD_NEW_SERVICE'), or ''. */
  readonly syscall: string;
  /** The method that was called ('addService'). */
  readonly operation: string;
  /** What it was called on: a service ('tcp://10.96.0.1:443'), a destination ('10.0.0.1:80 of tcp://10.96.0.1:443'), or ''. */
  readonly target: string;
  /**
   * What the kernel does not have: 'service' or 'destination', where the operation failed for that reason. The errno does not tell them apart:
   * ENOENT is an absent destination, an absent scheduler or an absent persistence engine.
   */
  declare readonly missing?: Missing;
  /** In the results of a batch, the place of the operation; undefined elsewhere. */
  declare readonly index?: number;

  constructor(message: string, details: IpvsErrorDetails) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.code = details.code;
    this.errno = details.errno ?? 0;
    this.syscall = details.syscall ?? '';
    this.operation = details.operation ?? '';
    this.target = details.target ?? '';
    if (details.missing !== undefined) this.missing = details.missing;
  }
}

/** Each of the two knows some errnos that the other does not. */
const ERRNO_NAMES: ReadonlyMap<number, string> = new Map([
  // Where two names share a number (EAGAIN, EWOULDBLOCK), the first is the usual one.
  ...Object.entries(constants.errno)
    .reverse()
    .map(([name, number]) => [number, name] as const),
  ...[...getSystemErrorMap()].map(([number, [name]]) => [-number, name] as const),
]);

/** The name of a positive errno ('EEXIST'). @internal */
export function errnoName(errno: number): Errno {
  // The names that Node.js has are those of Errno.
  return (ERRNO_NAMES.get(errno) as Errno | undefined) ?? `ERRNO_${errno}`;
}

/** The `code` of an {@link InputError}. */
export type InputErrorCode =
  /** A value of the wrong type. */
  | 'ERR_INVALID_ARG_TYPE'
  /** A value that is not allowed, here or beside the others; an unknown property; an argument too many. */
  | 'ERR_INVALID_ARG_VALUE'
  /** A number outside its range. */
  | 'ERR_OUT_OF_RANGE';

/** The TypeError or RangeError of bad input: nothing was sent. */
export interface InputError extends Error {
  /** Which kind of mistake it is. */
  readonly code: InputErrorCode;
  /** The method that was called ('addService'). */
  readonly operation?: string;
  /** What it was called on, as far as that can be told: 'tcp://10.96.0.1:443', or the bad argument in short; or ''. */
  readonly target?: string;
  /** In a batch, the place of the operation; with `reconcileAddresses`, that of the address. */
  readonly index?: number;
}

/** The messages of input errors, without what describeInput() puts before them. */
const messages = new WeakMap<Error, string>();

/** How many input errors were made so far, and the number of each. */
let made = 0;
const numbers = new WeakMap<Error, number>();

/** A mark for {@link isMadeSince}. @internal */
export function errorsSoFar(): number {
  return made;
}

/**
 * Whether an error is an input error that was made since `mark`, as arguments were read. Any other
 * one comes from an accessor among them, and is its owner's. @internal
 */
export function isMadeSince(mark: number, error: unknown): error is InputError {
  return (numbers.get(error as Error) ?? 0) > mark;
}

function inputError<Kind extends Error>(error: Kind, code: InputErrorCode): Kind & InputError {
  messages.set(error, error.message);
  numbers.set(error, ++made);
  return Object.assign(error, { code });
}

function isIpvsError(error: unknown): error is IpvsError {
  try {
    return error instanceof IpvsError;
  } catch {
    // A Proxy that does not tell its prototype.
    return false;
  }
}

/** Whether this package has made the error. @internal */
export function isOwnError(error: unknown): error is IpvsError | InputError {
  return isIpvsError(error) || isInputError(error);
}

/**
 * True for a TypeError or RangeError of bad input that this package has thrown, which has the
 * properties of an {@link InputError}; false for any other value, such as a TypeError of Node.js, an
 * {@link IpvsError}, or an error of another copy of the package.
 */
export function isInputError(error: unknown): error is InputError {
  return messages.has(error as Error);
}

/** Says of an input error which call had the bad input, in place of what was said before. @internal */
export function describeInput(error: InputError, operation: string, target: string): void {
  const subject = [operation, target].join(' ').trim();
  describe(error, { operation, target, message: `${subject}: ${messages.get(error)}` });
}

/** Leaves an error that a caller has frozen as it is. */
function describe<Described extends Error>(error: Described, said: object): Described {
  return Object.isFrozen(error) ? error : Object.assign(error, said);
}

/** Says of an input error, which was described, that its operation is one of a batch. @internal */
export function describePlace(error: InputError, index: number): InputError {
  const message = `batch operation ${index}: ${error.message}`;
  return describe(error, { index, message });
}

/** Gives an error among the results of a batch the place of its operation. @internal */
export function placeResult(reason: unknown, index: number): void {
  if (isInputError(reason)) describePlace(reason, index);
  else if (isIpvsError(reason)) describe(reason, { index });
}

/** Characters of a value in a message, and of a name. */
const MAX_VALUE = 80;
const MAX_NAME = 200;

/** A text that may be a long one, at most so many characters of it. @internal */
export function cut(text: string, max = MAX_NAME): string {
  return text.length <= max ? text : `${text.slice(0, max - 3)}...`;
}

/** A value on one line, as short as it can be and still be recognised. Runs no code of the value's. @internal */
export function show(value: unknown): string {
  return cut(inspectShortly(value).replace(/\s*\n\s*/g, ' '), MAX_VALUE);
}

const INSPECTION = {
  depth: 0,
  compact: true,
  breakLength: Number.POSITIVE_INFINITY,
  customInspect: false,
  getters: false,
  maxArrayLength: 10,
  maxStringLength: MAX_VALUE,
} as const;
/** Bits of a BigInt that is written out; that of a longer one takes long. */
const MAX_BITS = 512;

function inspectShortly(value: unknown): string {
  switch (typeof value) {
    case 'string':
      return inspect(value.slice(0, MAX_VALUE));
    case 'bigint':
      return BigInt.asIntN(MAX_BITS, value) === value
        ? `${value}n`
        : `a BigInt of more than ${MAX_BITS} bits`;
    case 'symbol':
      return `Symbol(${cut(value.description ?? '', MAX_VALUE)})`;
    default:
      try {
        return inspect(value, INSPECTION);
      } catch {
        // A getter that inspect() asks, such as that of Symbol.toStringTag.
        return typeof value === 'function' ? 'a function' : 'an object';
      }
  }
}

/** A value of the wrong type: `property: 'value' is not RULE`. @internal */
export function wrongType(property: string, value: unknown, rule: string): InputError {
  const error = new TypeError(`${property}: ${show(value)} is not ${rule}`);
  return inputError(error, 'ERR_INVALID_ARG_TYPE');
}

/** A value of the right type that is not allowed, here or beside the others: `property: 'value' RULE`. @internal */
export function wrongValue(property: string, value: unknown, rule: string): InputError {
  const error = new TypeError(`${property}: ${show(value)} ${rule}`);
  return inputError(error, 'ERR_INVALID_ARG_VALUE');
}

/** A number outside its range: `property: value is not RULE`. @internal */
export function outOfRange(property: string, value: unknown, rule: string): InputError {
  const error = new RangeError(`${property}: ${show(value)} is not ${rule}`);
  return inputError(error, 'ERR_OUT_OF_RANGE');
}
