/**
 * The work of a handle, past and present: counters of this library, not of the traffic.
 * @module
 */
import type { NativeHandle } from '../native/addon.js';

/**
 * The work of a handle, now and since it was opened. The counters only grow. They are about the
 * handle's own work; for those of services and destinations see {@link Stats}.
 */
export interface Activity {
  /** The calls of methods. A `batch()` is one; so is each sample of `watch()`. */
  readonly calls: number;
  /** The exchanges with the kernel: requests that were sent together. */
  readonly exchanges: number;
  /** The requests in these exchanges. */
  readonly requests: number;
  /** The requests of the exchange that is in flight; 0 if none is. */
  readonly inFlight: number;
  /** The requests that wait until it has ended. */
  readonly waiting: number;
  /**
   * Messages that were sent again: queries whose reply was lost, and any message after the kernel
   * module was loaded anew.
   */
  readonly repeatedRequests: number;
  /** Replies of the kernel that were lost, malformed or late. */
  readonly lostReplies: number;
  /** Lists that were read again, because the table changed while it was read. */
  readonly repeatedLists: number;
}

/** The part of {@link Activity} that a queue counts. */
export type QueueActivity = Pick<
  Activity,
  'calls' | 'exchanges' | 'requests' | 'inFlight' | 'waiting'
>;

/** Returns the activity of a handle. @internal */
export function activityOf(
  counted: QueueActivity,
  handle: Pick<NativeHandle, 'recoveries'>,
  links: boolean,
): Activity {
  const [repeatedRequests, lostReplies, repeatedLists] = handle.recoveries(links);
  return { ...counted, repeatedRequests, lostReplies, repeatedLists };
}

/** The state of a handle that util.inspect() shows. @internal */
export interface HandleState {
  /** The network namespace; left out for that of the process. */
  readonly namespace?: string;
  readonly state: 'open' | 'closed';
  /** The requests of the exchange that is in flight. */
  readonly inFlight: number;
  /** The requests that wait until it has ended. */
  readonly waiting: number;
}
