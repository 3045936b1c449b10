/**
 * The types that clients differ in: their buffers of requests, and their responses.
 * @module
 */
import type { FailedResult } from '../native/request-error.js';

/** A buffer of encoded requests. */
interface RequestsLike {
  readonly count: number;
  /** Begins a request. */
  begin(request: string): void;
  /** Adds the request that was begun. */
  commit(): void;
  /** Forgets the request that was begun, and those that were committed after the first `count`. */
  discard(count: number): void;
  /** Removes all requests. */
  clear(): void;
}

/** The response to a range of requests. Indexes count from the first request of the range. */
interface ResponseLike {
  /** The CPU time that the kernel took, in milliseconds; 0 unless it was asked for. */
  readonly elapsed: number;
  /** True if all requests succeeded without a value. */
  readonly isEmpty: boolean;
  /** Returns true if the kernel has executed a request. */
  succeeded(index: number): boolean;
  /** Returns the name of the errno of a refused request, or undefined if it was not refused. */
  refusedWith(index: number): string | undefined;
  /** Returns the result of a request that failed. */
  result(index: number): FailedResult;
}

/** The types that differ between clients. */
export interface ClientTypes {
  /** The names of the requests in the addon. */
  readonly requestName: string;
  readonly requests: RequestsLike;
  readonly response: ResponseLike;
}
