/**
 * The error of a failed operation: a refusal of the kernel, or a condition under which the kernel
 * is not asked.
 * @module
 */
import { constants } from 'node:os';
import { getSystemErrorMap } from 'node:util';
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

/** Returns the message of an error: the operation, its target, and the reason. @internal */
export function messageOf(operation: string, target: string, reason: string): string {
  return `${[operation, target].join(' ').trim()}: ${reason}`;
}

/** Creates the error whose message is the operation, its target and `reason`. @internal */
export function operationError(
  reason: string,
  details: IpvsErrorDetails & { readonly operation: string; readonly target?: string | undefined },
): IpvsError {
  const { operation, target = '' } = details;
  return new IpvsError(messageOf(operation, target, reason), details);
}

/** Returns the message of an error without the operation and its target. @internal */
export function reasonIn({ message, operation, target }: IpvsError): string {
  const subject = messageOf(operation, target, '');
  return message.startsWith(subject) ? message.slice(subject.length) : message;
}

/** Returns the error as that of another operation, which has sent the request. @internal */
export function withOperation(error: IpvsError, operation: string): IpvsError {
  const { code, errno, syscall, target, missing, cause } = error;
  const details = { code, errno, syscall, operation, target, missing, cause };
  return operationError(reasonIn(error), details);
}

/** Returns true for an IpvsError, and false for a Proxy that throws instead of answering. @internal */
export function isIpvsError(error: unknown): error is IpvsError {
  try {
    return error instanceof IpvsError;
  } catch {
    return false;
  }
}

/** Adds properties to an error, unless a caller has frozen it. @internal */
export function amend<Amended extends Error>(error: Amended, properties: object): Amended {
  return Object.isFrozen(error) ? error : Object.assign(error, properties);
}
