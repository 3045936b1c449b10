/**
 * The interface of the clients that a queue uses to send requests to the kernel: one for IPVS, one
 * for links.
 * @module
 */
import type { NativeHandle } from '../native/addon.js';
import type { FailedResult } from '../native/request-error.js';
import type { ClientTypes } from './client-types.js';
import type { Decoder } from './operation.js';

/** A range of the requests of a buffer. */
export interface RequestRange {
  readonly first: number;
  readonly count: number;
  /** If true, stops after the first request that fails. */
  readonly stopOnError: boolean;
  /** If true, the response has the CPU time that the kernel took. */
  readonly isTimed: boolean;
}

/** Sends requests to the kernel. */
export interface Client<Types extends ClientTypes> {
  /** The protocol of the requests. */
  readonly protocol: 'ipvs' | 'links';
  /** The network namespace in messages; '' for that of the process. */
  readonly namespace: string;
  /** The functions that read and write files for routines. */
  readonly files: Pick<
    NativeHandle,
    'readFiles' | 'readFilesSync' | 'writeFiles' | 'writeFilesSync'
  >;
  /** Returns an empty buffer. A new buffer has room for `capacity` requests. */
  requests(capacity?: number): Types['requests'];
  /** Takes back a buffer that is no longer used. */
  release(requests: Types['requests']): void;
  /** Sends a range of requests, on the thread pool. Rejects if the exchange fails as a whole. */
  send(requests: Types['requests'], range: RequestRange): Promise<Types['response']>;
  /** Sends all requests of a buffer, on this thread. Throws if the exchange fails as a whole. */
  sendSync(requests: Types['requests']): Types['response'];
  /** Returns the error for the request at `index` of a buffer, which failed with `result`. */
  requestError(
    decoder: Decoder<Types, unknown>,
    requests: Types['requests'],
    index: number,
    result: FailedResult,
  ): Error;
  /** Returns the error for an operation whose exchange failed as a whole. */
  exchangeError(error: unknown, operation: string): Error;
  /** Returns the error for a routine. Errors that are not native are returned as they are. */
  routineError(error: unknown, operation: string): unknown;
  /**
   * Returns the name of the object of the request at `index`; '' if it has none.
   * @param args the arguments, if the request may be encoded in part: they name the rest
   */
  target(
    request: Types['requestName'],
    requests: Types['requests'],
    index: number,
    args?: readonly unknown[],
  ): string;
  /** Closes the client. Called when nothing is pending and nothing more will be sent. */
  close(): void | Promise<void>;
}
