/**
 * The errors of this package: bad input, and refusals of the kernel.
 * @module
 */
import { constants } from 'node:os';
import { getSystemErrorMap, inspect } from 'node:util';

/** The `code` of an {@link IpvsError} that is no errno of the kernel. */
export type IpvsErrorCode =
  /** The handle was closed. */
  | 'ERR_IPVS_CLOSED'
  /** modprobe is missing, or fails. */
  | 'ERR_IPVS_MODULE'
  /** The kernel's answer was lost: the operation may have happened. */
  | 'ERR_IPVS_OUTCOME_UNKNOWN'
  /** The package has no native addon for this platform, and none was built. */
  | 'ERR_IPVS_NO_ADDON'
  /** An operation of a batch that was not sent, because one before it failed and `stopOnError` is set. */
  | 'ERR_IPVS_SKIPPED'
  /** The kernel has no IPVS, and could not load its module. */
  | 'ERR_IPVS_UNAVAILABLE'
  /** The platform is not Linux. */
  | 'ERR_IPVS_UNSUPPORTED_PLATFORM';

/** What an {@link IpvsError} is made of. */
export interface IpvsErrorDetails {
  /** An errno by name ('EEXIST'), or one of {@link IpvsErrorCode}. */
  readonly code: string;
  /** The errno as Node.js gives it, negative (-17); 0 where no system call failed. */
  readonly errno?: number | undefined;
  /** The system call or IPVS command that failed ('IPVS_CMD_NEW_SERVICE'). */
  readonly syscall?: string | undefined;
  /** The method that was called ('addService'). */
  readonly operation?: string | undefined;
  /** What it was called on ('tcp://10.96.0.1:443'). */
  readonly target?: string | undefined;
  /** The error that led to this one. */
  readonly cause?: unknown;
}

/** A refusal of the kernel, or a condition under which there is nobody to ask. */
export class IpvsError extends Error {
  /** Tells it from other errors where `instanceof` cannot, as with two copies of the package. */
  override readonly name = 'IpvsError';
  /** An errno by name ('EEXIST'), or one of {@link IpvsErrorCode}. */
  readonly code: string;
  /** The errno as Node.js gives it, negative (-17): `util.getSystemErrorName(error.errno)` names it. 0 where no system call failed. */
  readonly errno: number;
  /** The system call or IPVS command that failed ('IPVS_CMD_NEW_SERVICE'), or ''. */
  readonly syscall: string;
  /** The method that was called ('addService'). */
  readonly operation: string;
  /** What it was called on: a service ('tcp://10.96.0.1:443'), a destination ('10.0.0.1:80 of tcp://10.96.0.1:443'), or ''. */
  readonly target: string;

  constructor(message: string, details: IpvsErrorDetails) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.code = details.code;
    this.errno = details.errno ?? 0;
    this.syscall = details.syscall ?? '';
    this.operation = details.operation ?? '';
    this.target = details.target ?? '';
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
export function errnoName(errno: number): string {
  return ERRNO_NAMES.get(errno) ?? `ERRNO_${errno}`;
}

type InputError<Kind extends Error> = Kind & { code: string };

function inputError<Kind extends Error>(error: Kind, code: string): InputError<Kind> {
  return Object.assign(error, { code });
}

/** As short as it can be and still be recognised. */
function show(value: unknown): string {
  const options = { depth: 0, compact: true, breakLength: Number.POSITIVE_INFINITY };
  const text = inspect(value, options).replace(/\s*\n\s*/g, ' ');
  return text.length <= 80 ? text : `${text.slice(0, 77)}...`;
}

/** A value of the wrong type: `property: 'value' is not RULE`. @internal */
export function wrongType(property: string, value: unknown, rule: string): InputError<TypeError> {
  const error = new TypeError(`${property}: ${show(value)} is not ${rule}`);
  return inputError(error, 'ERR_INVALID_ARG_TYPE');
}

/** A value of the right type that is not allowed, here or beside the others: `property: 'value' RULE`. @internal */
export function wrongValue(property: string, value: unknown, rule: string): InputError<TypeError> {
  const error = new TypeError(`${property}: ${show(value)} ${rule}`);
  return inputError(error, 'ERR_INVALID_ARG_VALUE');
}

/** A number outside its range: `property: value is not RULE`. @internal */
export function outOfRange(property: string, value: unknown, rule: string): InputError<RangeError> {
  const error = new RangeError(`${property}: ${show(value)} is not ${rule}`);
  return inputError(error, 'ERR_OUT_OF_RANGE');
}
