/**
 * The exchange of requests about links with the kernel.
 * @module
 */
import type { LinkOperationName, Native, NativeHandle } from '../native/addon.js';
import type { Protocol } from '../queue/packed.js';
import { Pool } from '../queue/pool.js';
import type { Queue } from '../queue/queue.js';
import { linkRequestError } from './refusals.js';
import { LinkRequestBuffer } from './request-buffer.js';
import { LinkResults } from './results.js';
import { inputTarget } from './targets.js';

/** The queue of a handle's operations on links. */
export type LinkQueue = Queue<LinkRequestBuffer, LinkResults>;

/** Two: one collects requests while the other is in flight. */
const pool = new Pool<LinkRequestBuffer>(2);

/** Returns the protocol of links, on a handle. */
export function linkProtocol(
  native: Native,
  handle: NativeHandle,
  close: () => void,
): Protocol<LinkRequestBuffer, LinkResults> {
  return {
    handle,
    requests: () => pool.take(() => new LinkRequestBuffer(native)),
    release: (requests) => pool.give(requests),
    carry: async (requests) =>
      new LinkResults(await handle.runLinks(requests.bytes(), requests.addressBytes())),
    carrySync: (requests) =>
      new LinkResults(handle.runLinksSync(requests.bytes(), requests.addressBytes())),
    // The operations of this queue are those on links.
    explain: (operation, requests, index, result) =>
      linkRequestError(operation as LinkOperationName, requests, index, result),
    target: (operation, requests, args) =>
      inputTarget(operation as LinkOperationName, requests, args),
    close,
  };
}
