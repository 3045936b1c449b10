/**
 * The error of a failed operation: a refusal of the kernel, or a condition under which the kernel
 * is not asked.
 * @module
 */
import type { Errno } from './errno.js';
import { once } from './once.js';
import { getSystemErrorMap } from './util.js';

/** A `code` of an {@link IpvsError} that is not an errno. */
export type IpvsErrorCode =
  /** Node.js, with `--permission`, or Deno refuses access. */
  | 'ERR_ACCESS_DENIED'
  /** The handle was closed. */
  | 'ERR_IPVS_CLOSED'
  /** modprobe is missing or fails. */
  | 'ERR_IPVS_MODULE'
  /** The kernel's response was lost: the operation may have taken effect. */
  | 'ERR_IPVS_OUTCOME_UNKNOWN'
  /** There is no native addon for this platform, or it cannot be loaded. */
  | 'ERR_IPVS_NO_ADDON'
  /**
   * An operation of a batch with `stopOnError` that was not sent because an operation before it
   * failed, whose error is the `cause`.
   */
  | 'ERR_IPVS_SKIPPED'
  /** A reconciliation would delete more than its `maxDeletions`. */
  | 'ERR_IPVS_TOO_MANY_DELETIONS'
  /** The kernel has no IPVS, and cannot load its module. */
  | 'ERR_IPVS_UNAVAILABLE'
  /** The platform is not Linux. */
  | 'ERR_IPVS_UNSUPPORTED_PLATFORM';

/** The properties of an {@link IpvsError}. */
export interface IpvsErrorDetails {
  /** An errno by name ('EEXIST'), or one of {@link IpvsErrorCode}. */
  readonly code: Errno | IpvsErrorCode;
  /** The negative errno, as in Node.js (-17); 0 if no system call failed. */
  readonly errno?: number | undefined;
  /** The system call or IPVS command that failed ('IPVS_CMD_NEW_SERVICE'). */
  readonly syscall?: string | undefined;
  /** The method that was called ('addService'). */
  readonly operation?: string | undefined;
  /** The object of the operation ('tcp://10.96.0.1:443'). */
  readonly target?: string | undefined;
  /** The object that does not exist, if the operation failed for that reason. */
  readonly missing?: Missing | undefined;
  /** The error that led to this one. */
  readonly cause?: unknown;
}

/** An object that does not exist. */
export type Missing = 'service' | 'destination';

/**
 * The error of an operation that the kernel refused, or that could not be sent.
 *
 * The stack begins at the caller: at the call of a synchronous operation, and at the `await` of any
 * other.
 *
 * `structuredClone()` and `postMessage()` copy only `message`, `stack` and `cause` of an error, and
 * name the copy 'Error'. `{ ...error, message: error.message }` is an object with all properties
 * that can be cloned.
 * @example
 * ```ts
 * import { Ipvs, IpvsError } from 'ipvs';
 *
 * const ipvs = await Ipvs.open();
 * try {
 *   await ipvs.updateService('tcp://10.96.0.1:80', { scheduler: 'wrr' });
 * } catch (error) {
 *   if (!(error instanceof IpvsError && error.missing === 'service')) throw error;
 *   console.error(error.code, error.target); // ESRCH tcp://10.96.0.1:80
 * } finally {
 *   await ipvs.close();
 * }
 * ```
 */
export class IpvsError extends Error {
  /** The name, which identifies the error also if a process has two copies of the package. */
  override readonly name = 'IpvsError';
  /** An errno by name ('EEXIST'), or one of {@link IpvsErrorCode}. */
  readonly code: Errno | IpvsErrorCode;
  /**
   * The negative errno, as in Node.js (-17); 0 if no system call failed.
   * `util.getSystemErrorName(error.errno)` returns its name.
   */
  readonly errno: number;
  /** The system call or IPVS command that failed ('IPVS_CMD_NEW_SERVICE'), or ''. */
  readonly syscall: string;
  /** The method that was called ('addService'). */
  readonly operation: string;
  /**
   * The object of the operation: a service ('tcp://10.96.0.1:443'), a destination
   * ('10.0.0.1:80 of tcp://10.96.0.1:443'), or ''.
   */
  readonly target: string;
  /**
   * The object that does not exist, if the operation failed for that reason. The errno is
   * ambiguous: ENOENT is a missing destination, scheduler or persistence engine.
   */
  declare readonly missing?: Missing;
  /** The place of the operation in a batch; undefined elsewhere. */
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

/** Names by positive errno. Each of the two sources lacks some errnos of the other. */
const errnoNames = once((): ReadonlyMap<number, string> => {
  const { errno } = process.getBuiltinModule('node:os').constants;
  return new Map([
    // Of two names with one number (EAGAIN, EWOULDBLOCK), the first is the usual one.
    ...Object.entries(errno)
      .reverse()
      .map(([name, number]) => [number, name] as const),
    ...[...getSystemErrorMap()].map(([number, [name]]) => [-number, name] as const),
  ]);
});

/** Returns the name of a positive errno ('EEXIST'). @internal */
export function errnoName(errno: number): Errno {
  // Errno has exactly the names of Node.js.
  return (errnoNames().get(errno) as Errno | undefined) ?? `ERRNO_${errno}`;
}

/** Returns the message of an error, or the text of another value that was thrown. @internal */
export function errorMessage(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** Returns the code of an error ('ENOENT'), if it has one. @internal */
export function codeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error ? String(error.code) : undefined;
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

/** Returns true for an IpvsError. A Proxy may throw at `instanceof`. @internal */
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
