/**
 * The targets of operations: what errors call the objects that an operation is about.
 * @module
 */
import { describeArgument } from '../core/arguments.js';

import { layout } from '../native/layout.js';
import { formatDestinationAt, formatServiceAt } from './keys.js';
import type { Draft, RequestBuffer } from './request-buffer.js';
import { formatSyncDaemon } from './sync-daemon.js';

const SERVICE_FAMILY = layout.service.fields.family;
const DESTINATION_FAMILY = layout.destination.fields.family;

/** Returns the target of the request at `index`, or ''. */
export function targetOf(operation: string, requests: RequestBuffer, index: number): string {
  const { records } = requests;
  if (operation.endsWith('SyncDaemon')) return formatSyncDaemon(requests, index);
  const serviceBase = requests.service(index);
  if (records.number(serviceBase, SERVICE_FAMILY) === 0) return '';
  const service = formatServiceAt(records, serviceBase);
  const base = requests.destination(index);
  const hasDestination =
    operation.endsWith('Destination') && records.number(base, DESTINATION_FAMILY) !== 0;
  return hasDestination ? `${formatDestinationAt(records, base)} of ${service}` : service;
}

/** The operations on a service, or on a destination of one. */
const ON_SERVICE = /(Service|Destinations?|zero)$/;

/**
 * Returns the target of the request that is being encoded: its canonical reference, as far as it is
 * encoded, and otherwise the arguments in short. Reads no property of the arguments.
 */
export function inputTarget(
  operation: string,
  requests: RequestBuffer,
  [first, second]: readonly unknown[],
): string {
  if (operation.endsWith('SyncDaemon')) {
    return formatSyncDaemon(requests, requests.count) || describeArgument(first);
  }
  if (!ON_SERVICE.test(operation)) return '';
  return operation.endsWith('Destination')
    ? fullDestinationTarget(requests, first, second)
    : serviceTarget(requests, first);
}

/**
 * Returns what errors call the service that is being encoded: its canonical reference if its key is
 * encoded, and otherwise the argument in short.
 */
export function serviceTarget(draft: Draft, argument: unknown): string {
  const { records } = draft;
  const base = draft.service();
  const isEncoded = records.number(base, SERVICE_FAMILY) !== 0;
  return isEncoded ? formatServiceAt(records, base) : describeArgument(argument);
}

/** Returns what errors call the destination that is being encoded, without its service. */
export function destinationTarget(draft: Draft, argument: unknown): string {
  const { records } = draft;
  const base = draft.destination();
  const isEncoded = records.number(base, DESTINATION_FAMILY) !== 0;
  return isEncoded ? formatDestinationAt(records, base) : describeArgument(argument);
}

/** Returns what errors call the destination that is being encoded, with its service. */
export function fullDestinationTarget(
  draft: Draft,
  service: unknown,
  destination: unknown,
): string {
  const parts = [destinationTarget(draft, destination), serviceTarget(draft, service)];
  return parts.filter((part) => part !== '').join(' of ');
}
