/**
 * The targets of operations: what errors call the objects that an operation is about.
 * @module
 */
import { describeArgument } from '../core/arguments.js';
import type { OperationName } from '../native/addon.js';
import { layout } from '../native/layout.js';
import { fullDestinationTarget, serviceTarget } from './encoded-targets.js';
import { formatDestinationAt, formatServiceAt } from './keys.js';
import type { RequestBuffer } from './request-buffer.js';
import { formatSyncDaemon } from './sync-daemon.js';

const SERVICE_FAMILY = layout.service.fields.family;
const DESTINATION_FAMILY = layout.destination.fields.family;

/** The object that an operation is about; null: the whole table. */
type Subject = 'service' | 'destination' | 'syncDaemon' | null;

const SUBJECTS: Readonly<Record<OperationName, Subject>> = {
  addService: 'service',
  updateService: 'service',
  ensureService: 'service',
  setService: 'service',
  deleteService: 'service',
  getService: 'service',
  listServices: null,
  addDestination: 'destination',
  updateDestination: 'destination',
  ensureDestination: 'destination',
  setDestination: 'destination',
  deleteDestination: 'destination',
  getDestination: 'destination',
  listDestinations: 'service',
  flush: null,
  getInfo: null,
  getTimeouts: null,
  setTimeouts: null,
  zero: 'service',
  listSyncDaemons: null,
  startSyncDaemon: 'syncDaemon',
  stopSyncDaemon: 'syncDaemon',
};

/** Returns the target of the request at `index`, or ''. */
export function targetOf(operation: OperationName, requests: RequestBuffer, index: number): string {
  const { records } = requests;
  const subject = SUBJECTS[operation];
  if (subject === null) return '';
  if (subject === 'syncDaemon') return formatSyncDaemon(requests, index);
  const serviceBase = requests.service(index);
  if (records.number(serviceBase, SERVICE_FAMILY) === 0) return '';
  const service = formatServiceAt(records, serviceBase);
  const base = requests.destination(index);
  const hasDestination =
    subject === 'destination' && records.number(base, DESTINATION_FAMILY) !== 0;
  return hasDestination ? `${formatDestinationAt(records, base)} of ${service}` : service;
}

/**
 * Returns the target of the request that is being encoded: its canonical reference, as far as it is
 * encoded, and otherwise the arguments in short. Reads no property of the arguments.
 */
export function inputTarget(
  operation: OperationName,
  requests: RequestBuffer,
  [first, second]: readonly unknown[],
): string {
  switch (SUBJECTS[operation]) {
    case 'service':
      return serviceTarget(requests, first);
    case 'destination':
      return fullDestinationTarget(requests, first, second);
    case 'syncDaemon':
      return formatSyncDaemon(requests, requests.count) || describeArgument(first);
    default:
      return '';
  }
}
