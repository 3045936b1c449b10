/**
 * The client of IPVS: sends requests through a handle of the addon.
 * @module
 */
import type { NativeHandle, OperationName } from '../native/addon.js';
import { exchangeError, nativeCallError } from '../native/native-errors.js';
import { BufferPool } from '../queue/buffer-pool.js';
import type { Client } from '../queue/client.js';
import type { Queue } from '../queue/queue.js';
import { RequestBuffer } from './request-buffer.js';
import { requestError } from './request-errors.js';
import { IpvsResponse } from './response.js';
import { targetOf } from './targets.js';

/** The types of the client of IPVS. */
export interface IpvsTypes {
  readonly requestName: OperationName;
  readonly requests: RequestBuffer;
  readonly response: IpvsResponse;
}

export type IpvsClient = Client<IpvsTypes>;
export type IpvsQueue = Queue<IpvsTypes>;

/** At most some MiB. */
const pool = new BufferPool<RequestBuffer>(16);

/** Returns the client of a handle in a namespace; `close` closes it. */
export function ipvsClient(
  handle: NativeHandle,
  namespace = '',
  close = () => handle.close() as void | Promise<void>,
): IpvsClient {
  return {
    protocol: 'ipvs',
    namespace,
    files: handle,
    requests: (capacity) => pool.take(() => new RequestBuffer(capacity)),
    release: (requests) => pool.give(requests),
    send: async (requests, { first, count, stopOnError, isTimed }) => {
      // A chunk is sent while the response to the one before it is decoded: it has other memory.
      const isWhole = count === requests.count;
      const memory = isWhole ? requests.memory : undefined;
      const { bytes } = requests.records;
      const native = await handle.run(bytes, first, count, stopOnError, isTimed, memory);
      if (isWhole) requests.memory = native?.destinations;
      return IpvsResponse.of(native);
    },
    sendSync: (requests) => {
      const { records, count, memory } = requests;
      const native = handle.runSync(records.bytes, count, memory);
      requests.memory = native?.destinations;
      return IpvsResponse.of(native);
    },
    requestError,
    exchangeError,
    routineError: nativeCallError,
    target: targetOf,
    close,
  };
}
