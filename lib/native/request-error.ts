/**
 * The error for a failed request, to IPVS or about links.
 * @module
 */
import type { Errno } from '../core/errno.js';
import {
  errnoName,
  type IpvsError,
  type IpvsErrorCode,
  type Missing,
  operationError,
} from '../core/errors.js';
import { unavailableReason } from './native-errors.js';

/** The result of a request that failed. */
export interface FailedResult<Status extends string = string> {
  readonly status: Status;
  /** Positive; 0 if the kernel was not asked. */
  readonly errno: number;
  /** The kernel's own message, or ''. */
  readonly text: string;
  /** True if an ensure was creating the object. */
  readonly creating: boolean;
  /** The failed operation of the batch that caused a request to be skipped. */
  readonly failure?: { readonly index: number; readonly cause: unknown };
}

/** A failed request, with the texts for its error. */
interface FailedRequest {
  /** The operation as users call it. */
  readonly operation: string;
  /** The object of the operation, or ''. */
  readonly target: string;
  /** The kernel's command. */
  readonly syscall: string;
  readonly result: FailedResult;
  /** True if the operation changes nothing. */
  readonly isQuery: boolean;
  /** The object that does not exist, by the errno that says so. */
  readonly missing?: Readonly<Record<string, Missing>> | undefined;
  /** Returns the meaning of an errno that holds for every operation. */
  generalMeaning(code: string): string;
  /** Returns the meaning of an errno with which the kernel refuses this operation. */
  meaning(code: string): string;
}

/** Returns the error for a failed request; that of a lost response says that nobody knows. */
export function failedRequestError(request: FailedRequest): IpvsError {
  const { operation, target, syscall, result, isQuery } = request;
  const code = errnoName(result.errno);
  const fail = (why: string, as: Errno | IpvsErrorCode, missing?: Missing) =>
    operationError(why, {
      code: as,
      // Not -0 where it is 0.
      errno: 0 - result.errno,
      syscall,
      operation,
      target,
      missing,
      cause: result.failure?.cause,
    });
  const kernelText = result.text === '' ? '' : `; the kernel says: ${result.text}`;

  switch (result.status) {
    case 'unavailable':
      return fail(unavailableReason(), 'ERR_IPVS_UNAVAILABLE');
    case 'lost':
      // A query changes nothing, so there is no outcome that could be unknown.
      if (isQuery) return fail(`${request.generalMeaning(code)} (${code})${kernelText}`, code);
      return fail(
        `the kernel's response was lost (${code}): it may have taken effect${kernelText}`,
        'ERR_IPVS_OUTCOME_UNKNOWN',
      );
    case 'skipped':
      return fail(
        `it was not sent, because batch operation ${result.failure?.index ?? 0} failed`,
        'ERR_IPVS_SKIPPED',
      );
    case 'notSent':
      return fail(`it was not sent: ${request.generalMeaning(code)} (${code})${kernelText}`, code);
    default:
      return fail(`${request.meaning(code)} (${code})${kernelText}`, code, request.missing?.[code]);
  }
}
