/**
 * The definitions of the operations of IPVS: the encoder and decoder of each. lib/queue decides
 * when requests are sent.
 * @module
 */

import type { DeleteOptions } from '../core/delete-options.js';
import type { OperationName } from '../native/addon.js';
import type { Incremental, List } from '../queue/incremental.js';
import { type Decoder, definitions, type Operation } from '../queue/operation.js';
import type { IpvsTypes } from './client.js';
import type { Destination, DestinationChanges, DestinationConfig } from './destination.js';
import { encodeDestinationChanges, encodeDestinationConfig } from './encode-destination.js';
import {
  encodeSchedulerProbe,
  encodeServiceChanges,
  encodeServiceConfig,
} from './encode-service.js';
import type { Ensured, StopOptions, UpdateOptions } from './options.js';
import {
  encodeDestinationReference,
  encodeServiceOfDestination,
  encodeServiceReference,
} from './reference.js';
import type { DestinationReference, ServiceReference } from './reference-types.js';
import type { RequestBuffer } from './request-buffer.js';
import type { IpvsResponse } from './response.js';
import type { Service, ServiceChanges, ServiceConfig } from './service.js';
import {
  asBigint,
  asNumber,
  type Counter,
  checkReadOptions,
  type DecodeStats,
  type ReadOptions,
} from './stats.js';
import {
  encodeSyncDaemon,
  encodeSyncDaemonRole,
  type SyncDaemonConfig,
  type SyncDaemonRole,
} from './sync-daemon.js';
import { encodeTimeouts, type TimeoutChanges } from './timeouts.js';

/** The definition of an operation of IPVS. @internal */
export type IpvsOperation<Value, Args extends readonly unknown[] = []> = Operation<
  IpvsTypes,
  Value,
  Args
>;

const { withoutValue, withValue, forgivable } = definitions<IpvsTypes>();

const ensured = (response: IpvsResponse, index: number): Ensured =>
  response.number(index, 'created') === 0 ? 'updated' : 'created';

function encodeService(request: RequestBuffer, reference: unknown): void {
  encodeServiceReference(request, 'service', reference);
}

function encodeBoth(request: RequestBuffer, service: unknown, destination: unknown): void {
  encodeServiceOfDestination(request, service, destination);
  encodeDestinationReference(request, 'destination', destination);
}

/**
 * Defines an update. With options, its value is true, or false if the object does not exist.
 * Without options, it has no value.
 */
function update<Args extends readonly unknown[]>(
  name: OperationName,
  errnos: readonly string[],
  encode: (request: RequestBuffer, ...args: Args) => void,
) {
  const forgiving = forgivable(name, errnos, 'ifExists', encode);
  // The overloads without options have no value.
  const silent = { name, request: name, decode: () => undefined as never };
  return {
    ...forgiving,
    decoder: (...args: Args): Decoder<IpvsTypes, boolean> =>
      args[forgiving.arity - 1] === undefined ? silent : forgiving.decoder(...args),
  };
}

/** Defines a query with counters: numbers, or BigInts if the option `bigint` is true. */
function queryCounters<Value, Args extends readonly unknown[]>(
  name: OperationName,
  encode: (request: RequestBuffer, ...args: Args) => void,
  decode: (
    response: IpvsResponse,
    index: number,
    counter: DecodeStats<Counter>,
  ) => Value | Incremental<Value>,
  errnoValues: Readonly<Record<string, Value>> = {},
): IpvsOperation<Value, Args> {
  const queryWith = (counter: DecodeStats<Counter>) =>
    withValue(name, encode, (response, index) => decode(response, index, counter), errnoValues);
  const numbers = queryWith(asNumber);
  const bigints = queryWith(asBigint);
  return {
    ...numbers,
    decoder: (...args: Args) => (checkReadOptions(args[numbers.arity - 1]) ? bigints : numbers),
  };
}

/**
 * The operations of IPVS, by the names of the methods that call them (lib/ipvs/methods.ts).
 * @internal
 */
export const operations = {
  addService: withoutValue('addService', (request, config: ServiceConfig) =>
    encodeServiceConfig(request, config),
  ),

  updateService: update(
    'updateService',
    ['ESRCH'],
    (
      request,
      service: ServiceReference,
      changes: ServiceChanges,
      _options: UpdateOptions | undefined,
    ) => {
      encodeService(request, service);
      encodeServiceChanges(request, changes);
    },
  ),

  ensureService: withValue(
    'ensureService',
    (request, config: ServiceConfig) => encodeServiceConfig(request, config),
    ensured,
  ),

  deleteService: forgivable(
    'deleteService',
    ['ESRCH'],
    'ifExists',
    (request, service: ServiceReference, _options: DeleteOptions | undefined) =>
      encodeService(request, service),
  ),

  getService: queryCounters(
    'getService',
    (request, service: ServiceReference, _options: ReadOptions | undefined) =>
      encodeService(request, service),
    (response, index, counter): Service<Counter> | undefined => response.service(index, counter),
    { ESRCH: undefined },
  ),

  listServices: queryCounters(
    'listServices',
    (_request, _options: ReadOptions | undefined) => undefined,
    (response, index, counter): List<Service<Counter>> => response.services(index, counter),
  ),

  addDestination: withoutValue(
    'addDestination',
    (request, service: ServiceReference, config: DestinationConfig) => {
      encodeServiceOfDestination(request, service, config);
      encodeDestinationConfig(request, config);
    },
  ),

  updateDestination: update(
    'updateDestination',
    ['ESRCH', 'ENOENT'],
    (
      request,
      service: ServiceReference,
      destination: DestinationReference,
      changes: DestinationChanges,
      _options: UpdateOptions | undefined,
    ) => {
      encodeBoth(request, service, destination);
      encodeDestinationChanges(request, changes);
    },
  ),

  ensureDestination: withValue(
    'ensureDestination',
    (request, service: ServiceReference, config: DestinationConfig) => {
      encodeServiceOfDestination(request, service, config);
      encodeDestinationConfig(request, config);
    },
    ensured,
  ),

  deleteDestination: forgivable(
    'deleteDestination',
    ['ESRCH', 'ENOENT'],
    'ifExists',
    (
      request,
      service: ServiceReference,
      destination: DestinationReference,
      _options: DeleteOptions | undefined,
    ) => encodeBoth(request, service, destination),
  ),

  getDestination: queryCounters(
    'getDestination',
    (
      request,
      service: ServiceReference,
      destination: DestinationReference,
      _options: ReadOptions | undefined,
    ) => encodeBoth(request, service, destination),
    (response, index, counter): Destination<Counter> | undefined =>
      response.destination(index, counter),
    { ENOENT: undefined, ESRCH: undefined },
  ),

  listDestinations: queryCounters(
    'listDestinations',
    (request, service: ServiceReference, _options: ReadOptions | undefined) =>
      encodeService(request, service),
    (response, index, counter): List<Destination<Counter>> => response.destinations(index, counter),
  ),

  flush: {
    ...withoutValue('flush', (_request) => undefined),
    arityHint: ', and deletes every service; deleteService deletes one',
  },

  getInfo: withValue(
    'getInfo',
    (_request) => undefined,
    (response, index) => response.info(index),
  ),

  getTimeouts: withValue(
    'getTimeouts',
    (_request) => undefined,
    (response, index) => response.timeouts(index),
  ),

  setTimeouts: withoutValue('setTimeouts', (request, changes: TimeoutChanges) =>
    encodeTimeouts(request, changes),
  ),

  /** Zeroes all counters if no argument is passed. An argument that is undefined is bad input. */
  zero: {
    ...withoutValue('zero', (request, ...services: [] | [service: ServiceReference]) => {
      if (services.length > 0) encodeService(request, services[0]);
    }),
    arity: 1,
  },

  listSyncDaemons: withValue(
    'listSyncDaemons',
    (_request) => undefined,
    (response, index) => response.daemons(index),
  ),

  startSyncDaemon: withoutValue('startSyncDaemon', (request, config: SyncDaemonConfig) =>
    encodeSyncDaemon(request, config),
  ),

  stopSyncDaemon: forgivable(
    'stopSyncDaemon',
    ['ESRCH'],
    'ifRunning',
    (request, role: SyncDaemonRole, _options: StopOptions | undefined) =>
      encodeSyncDaemonRole(request, 'role', role),
  ),

  /**
   * Returns true if the kernel has a scheduler, or can load it. The requested service is never
   * added: the kernel looks for its scheduler first, and then refuses its prefix length of 0.
   */
  probeScheduler: withValue(
    'addService',
    (request, name: string) => encodeSchedulerProbe(request, name),
    () => true,
    { EINVAL: true, ENOENT: false },
  ),
};
