/**
 * The client of links: sends requests through a handle of the addon.
 * @module
 */
import type {
  LinkOperationName,
  Native,
  NativeHandle,
  NativeLinkResponse,
} from '../native/addon.js';
import { exchangeError, nativeCallError } from '../native/native-errors.js';
import { BufferPool } from '../queue/buffer-pool.js';
import type { Client } from '../queue/client.js';
import type { Queue } from '../queue/queue.js';
import { LinkRequestBuffer } from './request-buffer.js';
import { linkRequestError } from './request-errors.js';
import { LinkResponse } from './response.js';
import { targetOf } from './targets.js';

/** The types of the client of links. */
export interface LinkTypes {
  readonly requestName: LinkOperationName;
  readonly requests: LinkRequestBuffer;
  readonly response: LinkResponse;
}

/** The queue of a handle's operations on links. */
export type LinkQueue = Queue<LinkTypes>;

/** Two: one collects requests while the other is in flight. */
const pool = new BufferPool<LinkRequestBuffer>(2);

/** Returns the client of a handle in a namespace; `close` closes it. */
export function linkClient(
  native: Native,
  handle: NativeHandle,
  namespace: string,
  close: () => void,
): Client<LinkTypes> {
  /** Returns the response of the addon; undefined: all requests succeeded without a value. */
  const responseOf = (response: NativeLinkResponse | undefined) =>
    new LinkResponse(native, response ?? {});
  return {
    protocol: 'links',
    namespace,
    files: handle,
    requests: () => pool.take(() => new LinkRequestBuffer(native)),
    release: (requests) => pool.give(requests),
    send: async (requests, range) =>
      responseOf(await handle.runLinks(requests.bytes(range), requests.addressBytes())),
    sendSync: (requests) =>
      responseOf(handle.runLinksSync(requests.bytes(), requests.addressBytes())),
    requestError: linkRequestError,
    exchangeError,
    routineError: nativeCallError,
    target: targetOf,
    close,
  };
}
