/**
 * How requests reach IPVS on a handle of the addon.
 * @module
 */

import type { Layout, NativeHandle, OperationName, StatusName } from '../native/addon.js';
import type { FailedResult } from '../native/refusal.js';
import type { Protocol } from '../queue/packed.js';
import { Pool } from '../queue/pool.js';
import type { Queue } from '../queue/queue.js';
import { requestError } from './refusals.js';
import { RequestBuffer } from './request-buffer.js';
import { Results } from './results.js';
import { inputTarget } from './targets.js';

/** The queue of a handle's operations of IPVS. */
export type IpvsQueue = Queue<RequestBuffer, Results>;

/** Some MiB at most. */
const pool = new Pool<RequestBuffer>(16);

/** The protocol of IPVS, on a handle. */
export function ipvsProtocol(
  handle: NativeHandle,
  layout: Layout,
  close = () => handle.close() as void | Promise<void>,
): Protocol<RequestBuffer, Results> {
  return {
    handle,
    requests: (capacity) => pool.take(() => new RequestBuffer(capacity)),
    release: (requests) => pool.give(requests),
    carry: async (requests, part) => {
      // The next part of a larger buffer leaves while the answers to this one are read.
      const isWhole = part.count === requests.count;
      const memory = isWhole ? requests.memory : undefined;
      const answers = await handle.run(requests.bytes(part), part.stopOnError, memory);
      if (isWhole) requests.memory = answers.destinations;
      return new Results(answers, layout);
    },
    carrySync: (requests) => {
      const answers = handle.runSync(requests.bytes(), requests.memory);
      requests.memory = answers.destinations;
      return new Results(answers, layout);
    },
    explain: (operation, requests, index, verdict) =>
      // The operations of its calls are those of IPVS, and the verdicts those of its results.
      requestError(
        operation as OperationName,
        requests,
        index,
        verdict as FailedResult<StatusName>,
      ),
    target: (operation, requests, args) => inputTarget(operation as OperationName, requests, args),
    close,
  };
}
