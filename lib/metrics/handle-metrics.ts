/**
 * The metrics of a handle: its own work, and no traffic.
 * @module
 */
import type { Activity } from '../index.js';
import { type Column, single } from './columns.js';
import { define, type Metric } from './definitions.js';

/** A row of the table: the name without its prefix. */
const DEFINITIONS = [
  ['counter', 'calls', 'Calls of methods of the handle, those for metrics included.', 'calls'],
  ['counter', 'exchanges', 'Exchanges of the handle with the kernel.', 'exchanges'],
  ['counter', 'requests', 'Requests in the exchanges.', 'requests'],
  ['gauge', 'in_flight_requests', 'Requests of the exchange that is in flight.', 'inFlight'],
  ['gauge', 'waiting_requests', 'Requests that wait for the next exchange.', 'waiting'],
  [
    'counter',
    'repeated_requests',
    'Requests that were sent again, after a lost reply or a new kernel module.',
    'repeatedRequests',
  ],
  ['counter', 'lost_replies', 'Replies that were lost, malformed or late.', 'lostReplies'],
  ['counter', 'repeated_lists', 'Lists that were read again, after a change.', 'repeatedLists'],
] as const;

/** @internal */
const HANDLE_METRICS: readonly Metric<Activity>[] = DEFINITIONS.map(([type, name, help, key]) => ({
  ...define(type, `ipvs_handle_${name}`, help),
  value: (activity) => activity[key],
}));

/** Returns the metrics of a handle. */
export const handleColumns = (activity: Activity): Column[] =>
  HANDLE_METRICS.map((metric) => single(metric, metric.value(activity)));
