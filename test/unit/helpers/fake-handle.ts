/**
 * A native handle to which the test gives responses, and a queue on it.
 * @module
 */

import { expect } from 'vitest';
import { ipvsClient } from '../../../lib/ipvs/client.js';
import type { NativeHandle, NativeIpvsResponse, OperationName } from '../../../lib/native/addon.js';
import { Queue } from '../../../lib/queue/queue.js';
import { calls, decode, layout, untyped } from './requests.js';
import { nativeResponse, type ResultValues } from './responses.js';

/** Requests that the handle has received, without a response so far. */
export interface Job {
  readonly bytes: Uint8Array;
  readonly operations: readonly OperationName[];
  readonly stopOnError: boolean;
  /** The memory that the response may use for destinations. */
  readonly memory: ArrayBuffer | undefined;
  respond(response: NativeIpvsResponse | undefined): void;
  fail(error: unknown): void;
}

export function unused(): never {
  return expect.unreachable('the test does not expect this call');
}

/** A handle that fails the test at every call. Fakes override what they expect. */
export class UnusedHandle implements NativeHandle {
  hold: NativeHandle['hold'] = unused;
  open: NativeHandle['open'] = unused;
  run: NativeHandle['run'] = unused;
  runSync: NativeHandle['runSync'] = unused;
  runLinks: NativeHandle['runLinks'] = unused;
  runLinksSync: NativeHandle['runLinksSync'] = unused;
  readFiles: NativeHandle['readFiles'] = unused;
  readFilesSync: NativeHandle['readFilesSync'] = unused;
  writeFiles: NativeHandle['writeFiles'] = unused;
  writeFilesSync: NativeHandle['writeFilesSync'] = unused;
  recoveries: NativeHandle['recoveries'] = unused;
  close: NativeHandle['close'] = unused;
}

/** A handle to which the test gives responses. */
export class FakeHandle extends UnusedHandle {
  readonly jobs: Job[] = [];
  /** Everything that happened, in order. */
  readonly log: string[] = [];
  running = 0;
  throws: unknown;

  override run: NativeHandle['run'] = (requests, first, count, stopOnError, _isTimed, memory) => {
    if (this.throws !== undefined) throw this.throws;
    if (this.running > 0) this.log.push('two jobs at once');
    this.running++;
    const bytes = requestBytes(requests, first, count);
    this.log.push(`run ${count}`);
    return new Promise((resolve, reject) => {
      const settle = (action: () => void) => {
        this.running--;
        action();
      };
      this.jobs.push({
        bytes,
        operations: operationsOf(bytes),
        stopOnError,
        memory,
        respond: (response) => settle(() => resolve(response)),
        fail: (error) => settle(() => reject(error)),
      });
    });
  };

  /** All requests succeed. */
  override runSync: NativeHandle['runSync'] = (requests, count) => {
    if (this.throws !== undefined) throw this.throws;
    this.log.push(`runSync ${operationsOf(requestBytes(requests, 0, count))}`);
    return undefined;
  };

  override close = () => {
    this.log.push(this.running > 0 ? 'closed under a job' : 'close');
  };

  job(index: number): Job {
    return this.jobs[index] ?? expect.unreachable(`there is no job ${index}`);
  }

  /** Responds to a job: by default, all requests succeed. */
  respond(index: number, results: readonly ResultValues[] = [], elapsed = 0): Promise<void> {
    const job = this.job(index);
    const given = job.operations.map((_, at) => results[at] ?? {});
    job.respond(nativeResponse({ results: given, elapsed }));
    return settled();
  }
}

/** Returns a copy of `count` requests, from `first` on. */
export const requestBytes = (requests: Uint8Array, first: number, count: number): Uint8Array =>
  requests.slice(first * layout.request.size, (first + count) * layout.request.size);

/** Returns the operations of requests. */
export function operationsOf(bytes: Uint8Array): OperationName[] {
  // Object.entries() widens the keys of a Record<OperationName, number>.
  const names = Object.entries(layout.operations) as [OperationName, number][];
  return Array.from({ length: bytes.length / layout.request.size }, (_, index) => {
    const { operation } = decode(bytes, index * layout.request.size, layout.request);
    return names.find(([, number]) => number === operation)?.[0] ?? expect.unreachable();
  });
}

/** Returns the IPv4 addresses of the destinations in requests. */
export function destinationsOf(bytes: Uint8Array): string[] {
  const { size, fields } = layout.request;
  const at = fields.destination.offset + layout.destination.fields.address.offset;
  return Array.from({ length: bytes.length / size }, (_, index) =>
    bytes.subarray(index * size + at, index * size + at + 4).join('.'),
  );
}

/** Lets all microtasks and immediates run. */
export const settled = () => new Promise<void>((resolve) => setImmediate(resolve));

export function open() {
  const handle = new FakeHandle();
  const client = ipvsClient(handle);
  return { handle, client, queue: new Queue(client) };
}

export const SERVICE = 'tcp://10.0.0.1:80';
export const destination = (index: number) => ({
  address: `10.1.${index >> 8}.${index & 0xff}`,
});
export const addDestination = (index: number) => calls.addDestination(SERVICE, destination(index));
export const bad = () => untyped.addService({ port: 70000 });

/** Returns the unhandled rejections that `action` causes. */
export async function unhandledOf(action: () => void): Promise<unknown[]> {
  const reasons: unknown[] = [];
  const listeners = process.listeners('unhandledRejection');
  process.removeAllListeners('unhandledRejection');
  process.on('unhandledRejection', (reason) => reasons.push(reason));
  try {
    action();
    await settled();
  } finally {
    process.removeAllListeners('unhandledRejection');
    for (const listener of listeners) process.on('unhandledRejection', listener);
  }
  return reasons;
}

/** Promise.withResolvers(), which Node.js 20 lacks. */
export function withResolvers<Value>() {
  let resolve: (value: Value) => void = unused;
  let reject: (reason: unknown) => void = unused;
  const promise = new Promise<Value>((whenDone, whenFailed) => {
    resolve = whenDone;
    reject = whenFailed;
  });
  return { promise, resolve, reject };
}
