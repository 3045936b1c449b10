/**
 * What the queue needs of a client: the code that sends requests to the kernel, for IPVS or for
 * links.
 * @module
 */
import type { NativeHandle } from '../native/addon.js';
import type { ClientTypes } from './client-types.js';
import type { Decoder } from './operation.js';

/** Some requests of a buffer. */
export interface RequestRange {
  readonly first: number;
  readonly count: number;
  /** True: no request is sent after one that failed. */
  readonly stopOnError: boolean;
}

/** A failed operation of a batch, for the errors of the operations that were skipped after it. */
export interface BatchFailure {
  /** The place in the batch. */
  readonly index: number;
  readonly cause: unknown;
}

/** Sends requests to the kernel. */
export interface Client<Types extends ClientTypes> {
  /** Reads and writes the files that routines need. */
  readonly files: Pick<
    NativeHandle,
    'readFiles' | 'readFilesSync' | 'writeFiles' | 'writeFilesSync'
  >;
  /** Returns an empty buffer, with room for `capacity` requests if it is a new one. */
  requests(capacity?: number): Types['requests'];
  /** Takes back a buffer that is no longer used. */
  release(requests: Types['requests']): void;
  send(requests: Types['requests'], range: RequestRange): Promise<Types['response']>;
  /** Sends all requests of a buffer on this thread. */
  sendSync(requests: Types['requests']): Types['response'];
  /** The error for a request that failed; `place` is its place in the response. */
  requestError(
    decoder: Decoder<Types, unknown>,
    requests: Types['requests'],
    index: number,
    response: Types['response'],
    place: number,
  ): Error;
  /** The error for a request that was skipped, because another operation of its batch failed. */
  skippedError(
    decoder: Decoder<Types, unknown>,
    requests: Types['requests'],
    index: number,
    failure: BatchFailure,
  ): Error;
  /** The error for an operation whose exchange failed as a whole. */
  exchangeError(error: unknown, operation: string): Error;
  /** The error for a routine; an error that is not native is returned as it is. */
  routineError(error: unknown, operation: string): unknown;
  /** Names the object of the request that is being encoded, as far as it is known; or ''. */
  target(request: string, requests: Types['requests'], args: readonly unknown[]): string;
  /** Called when nothing is pending and nothing more will be sent. */
  close(): void | Promise<void>;
}
