/**
 * The types that clients differ in: their buffers of requests, and their responses.
 * @module
 */

/** A buffer of encoded requests. */
export interface RequestsLike {
  readonly count: number;
  /** Starts a request, which is discarded unless commit() follows. */
  begin(request: string): void;
  commit(): void;
}

/** The response to some requests of a buffer. Indexes count from the first of these requests. */
export interface ResponseLike {
  /** How long the kernel worked, in milliseconds. */
  readonly elapsed: number;
  succeeded(index: number): boolean;
  /** The name of the errno with which the kernel refused a request; undefined if it did not. */
  refusedWith(index: number): string | undefined;
}

/** The types that clients differ in. */
export interface ClientTypes {
  readonly requests: RequestsLike;
  readonly response: ResponseLike;
}
