/**
 * The operations of IPVS: how each is encoded and decoded. lib/queue decides when requests are
 * sent.
 * @module
 */

import { type Decoder, definitions, type Operation } from '../queue/operation.js';
import type { Incremental, List } from '../queue/slicer.js';
import type { IpvsTypes } from './client.js';
import type { Destination, DestinationChanges, DestinationConfig } from './destination.js';
import {
  DESTINATION_KEYS,
  encodeDestinationChanges,
  encodeDestinationConfig,
} from './destination-codec.js';
import {
  type DestinationReference,
  encodeDestinationReference,
  encodeServiceOfDestination,
  encodeServiceReference,
  type ServiceReference,
} from './reference.js';
import type { RequestBuffer } from './request-buffer.js';
import type { IpvsResponse } from './response.js';
import type { Service, ServiceChanges, ServiceConfig } from './service.js';
import {
  encodeSchedulerProbe,
  encodeServiceChanges,
  encodeServiceConfig,
  SERVICE_KEYS,
} from './service-codec.js';
import {
  asBigint,
  asNumber,
  type Counter,
  checkReadOptions,
  type DecodeCounter,
  type ReadOptions,
} from './stats.js';
import {
  encodeSyncDaemon,
  encodeSyncDaemonRole,
  type SyncDaemonConfig,
  type SyncDaemonRole,
} from './sync-daemon.js';
import { encodeTimeouts, type TimeoutChanges } from './timeouts.js';

/**
 * What an ensure has done:
 * - `created`: the object was not there, and is now
 * - `updated`: it was there, and has the settings now. Whether it had them before is not known: to ask would be another exchange
 */
export type Ensured = 'created' | 'updated';

/** Options of updates. */
export interface UpdateOptions {
  /** True: it is no error if there is no such object, and the update resolves to false. Default false. */
  readonly ifExists?: boolean | undefined;
}

/** Options of deletions. */
export interface DeleteOptions {
  /** True: it is no error if there is no such object, and the deletion resolves to false. Default false. */
  readonly ifExists?: boolean | undefined;
}

/** Options of stopping. */
export interface StopOptions {
  /** True: it is no error if there is no such daemon, and the stopping resolves to false. Default false. */
  readonly ifRunning?: boolean | undefined;
}

/** The definition of an operation of IPVS. @internal */
export type IpvsOperation<Value, Args extends readonly unknown[] = []> = Operation<
  IpvsTypes,
  Value,
  Args
>;

const { command, query, forgivable } = definitions<IpvsTypes>();

const ensured = (response: IpvsResponse, index: number): Ensured =>
  response.number(index, 'created') === 0 ? 'updated' : 'created';

function encodeService(request: RequestBuffer, reference: unknown): void {
  encodeServiceReference(request, 'service', reference, SERVICE_KEYS);
}

function encodeBoth(request: RequestBuffer, service: unknown, destination: unknown): void {
  encodeServiceOfDestination(request, service, destination, SERVICE_KEYS);
  encodeDestinationReference(request, 'destination', destination, DESTINATION_KEYS);
}

/** An update: with options, its value is whether the object existed; without, it has none. */
function update<const Name extends string, Args extends readonly unknown[]>(
  name: Name,
  errnos: readonly string[],
  encode: (request: RequestBuffer, ...args: Args) => void,
) {
  const forgiving = forgivable(name, errnos, 'ifExists', encode);
  // The overloads without options promise no value.
  const silent = { name, request: name, decode: () => undefined as never };
  return {
    ...forgiving,
    decoder: (...args: Args): Decoder<IpvsTypes, boolean> =>
      args[forgiving.arity - 1] === undefined ? silent : forgiving.decoder(...args),
  };
}

/** A query with counters: numbers, or BigInts if the options say so. */
function queryCounters<const Name extends string, Value, Args extends readonly unknown[]>(
  name: Name,
  encode: (request: RequestBuffer, ...args: Args) => void,
  decode: (
    response: IpvsResponse,
    index: number,
    counter: DecodeCounter<Counter>,
  ) => Value | Incremental<Value>,
  errnoValues: Readonly<Record<string, Value>> = {},
) {
  const decoderOf = (counter: DecodeCounter<Counter>): Decoder<IpvsTypes, Value> => ({
    name,
    request: name,
    decode: (response, index) => decode(response, index, counter),
    errnoValues,
  });
  const numbers = decoderOf(asNumber);
  const bigints = decoderOf(asBigint);
  const arity = encode.length - 1;
  return {
    ...numbers,
    name,
    request: name,
    arity,
    encode,
    decoder: (...args: Args) => (checkReadOptions(args[arity - 1]) ? bigints : numbers),
  };
}

/**
 * The operations of IPVS, by the names of the methods in lib/ipvs/methods.ts that pass on their
 * arguments.
 * @internal
 */
export const operations = {
  addService: command('addService', (request, config: ServiceConfig) =>
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

  ensureService: query(
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

  addDestination: command(
    'addDestination',
    (request, service: ServiceReference, config: DestinationConfig) => {
      encodeServiceOfDestination(request, service, config, SERVICE_KEYS);
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

  ensureDestination: query(
    'ensureDestination',
    (request, service: ServiceReference, config: DestinationConfig) => {
      encodeServiceOfDestination(request, service, config, SERVICE_KEYS);
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
    ...command('flush', (_request) => undefined),
    arityHint: ', and deletes every service; deleteService deletes one',
  },

  getInfo: query(
    'getInfo',
    (_request) => undefined,
    (response, index) => {
      const version = response.number(index, 'version');
      return {
        version: `${version >>> 16}.${(version >>> 8) & 0xff}.${version & 0xff}`,
        connectionTableSize: response.number(index, 'connectionTableSize'),
      };
    },
  ),

  getTimeouts: query(
    'getTimeouts',
    (_request) => undefined,
    (response, index) => response.timeouts(index),
  ),

  setTimeouts: command('setTimeouts', (request, changes: TimeoutChanges) =>
    encodeTimeouts(request, changes),
  ),

  /** Without a service, of all. A service that is passed and is undefined is bad input. */
  zero: {
    ...command('zero', (request, ...services: [] | [service: ServiceReference]) => {
      if (services.length > 0) encodeService(request, services[0]);
    }),
    arity: 1,
  },

  listSyncDaemons: query(
    'listSyncDaemons',
    (_request) => undefined,
    (response, index) => response.daemons(index),
  ),

  startSyncDaemon: command('startSyncDaemon', (request, config: SyncDaemonConfig) =>
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
   * True if the kernel has a scheduler, or can load it. The service that is requested is never
   * added: the kernel looks for its scheduler first, and then refuses the prefix length of 0.
   */
  probeScheduler: {
    ...query(
      'addService',
      (request, name: string) => encodeSchedulerProbe(request, name),
      () => true,
      { EINVAL: true, ENOENT: false },
    ),
  },
};

/** The name of a request to IPVS. */
export type IpvsRequestName = (typeof operations)[keyof typeof operations]['request'];
