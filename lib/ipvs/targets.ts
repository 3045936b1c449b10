/**
 * The targets of operations: what errors call the objects that an operation is about.
 * @module
 */
import { describeArgument } from '../core/arguments.js';
import type { OperationName } from '../native/addon.js';
import { fullDestinationTarget, serviceTarget } from './encoded-targets.js';
import type { RequestBuffer } from './request-buffer.js';
import { formatSyncDaemon } from './sync-daemon.js';

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

/**
 * Returns the target of the request at `index`, or '': its canonical reference, as far as it is
 * encoded, and otherwise the arguments in short. Reads no property of the arguments.
 */
export function targetOf(
  operation: OperationName,
  requests: RequestBuffer,
  index: number,
  [first, second]: readonly unknown[] = [],
): string {
  switch (SUBJECTS[operation]) {
    case 'service':
      return serviceTarget(requests, first, index);
    case 'destination':
      return fullDestinationTarget(requests, first, second, index);
    case 'syncDaemon':
      return formatSyncDaemon(requests, index) || describeArgument(first);
    default:
      return '';
  }
}
