/**
 * The names in errors of the service and the destination of a request; by default, of the one that
 * is being encoded.
 * @module
 */
import { describeArgument } from '../core/arguments.js';
import { layout } from '../native/layout.js';
import { formatDestinationAt, formatServiceAt } from './keys.js';
import type { RequestBuffer } from './request-buffer.js';

const SERVICE_FAMILY = layout.service.fields.family;
const DESTINATION_FAMILY = layout.destination.fields.family;

/**
 * Returns what errors call a service: its canonical reference if its key is encoded, and otherwise
 * the argument in short.
 */
export function serviceTarget(request: RequestBuffer, argument: unknown, index?: number): string {
  const { records } = request;
  const base = request.service(index);
  const isEncoded = records.number(base, SERVICE_FAMILY) !== 0;
  return isEncoded ? formatServiceAt(records, base) : describeArgument(argument);
}

/** Returns what errors call a destination, without its service. */
export function destinationTarget(
  request: RequestBuffer,
  argument: unknown,
  index?: number,
): string {
  const { records } = request;
  const base = request.destination(index);
  const isEncoded = records.number(base, DESTINATION_FAMILY) !== 0;
  return isEncoded ? formatDestinationAt(records, base) : describeArgument(argument);
}

/** Returns what errors call a destination, with its service. */
export function fullDestinationTarget(
  request: RequestBuffer,
  service: unknown,
  destination: unknown,
  index?: number,
): string {
  const parts = [
    destinationTarget(request, destination, index),
    serviceTarget(request, service, index),
  ];
  return parts.filter((part) => part !== '').join(' of ');
}
