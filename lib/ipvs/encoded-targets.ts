/**
 * The names in errors of the service and the destination that are being encoded.
 * @module
 */
import { describeArgument } from '../core/arguments.js';
import { layout } from '../native/layout.js';
import { formatDestinationAt, formatServiceAt } from './keys.js';
import type { RequestBuffer } from './request-buffer.js';

const SERVICE_FAMILY = layout.service.fields.family;
const DESTINATION_FAMILY = layout.destination.fields.family;

/**
 * Returns what errors call the service that is being encoded: its canonical reference if its key is
 * encoded, and otherwise the argument in short.
 */
export function serviceTarget(request: RequestBuffer, argument: unknown): string {
  const { records } = request;
  const base = request.service();
  const isEncoded = records.number(base, SERVICE_FAMILY) !== 0;
  return isEncoded ? formatServiceAt(records, base) : describeArgument(argument);
}

/** Returns what errors call the destination that is being encoded, without its service. */
export function destinationTarget(request: RequestBuffer, argument: unknown): string {
  const { records } = request;
  const base = request.destination();
  const isEncoded = records.number(base, DESTINATION_FAMILY) !== 0;
  return isEncoded ? formatDestinationAt(records, base) : describeArgument(argument);
}

/** Returns what errors call the destination that is being encoded, with its service. */
export function fullDestinationTarget(
  request: RequestBuffer,
  service: unknown,
  destination: unknown,
): string {
  const parts = [destinationTarget(request, destination), serviceTarget(request, service)];
  return parts.filter((part) => part !== '').join(' of ');
}
