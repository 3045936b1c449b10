/**
 * The operations, each as what it writes and what it reads. How a call travels, alone or in a batch, is the business of lib/queue.
 * @module
 */

import { checkBoolean, checkKeys } from './check.js';
import {
  type SyncDaemon,
  type SyncDaemonConfig,
  type SyncDaemonRole,
  writeDaemon,
  writeRole,
} from './daemon.js';
import {
  DESTINATION_KEYS,
  type Destination,
  type DestinationChanges,
  type DestinationConfig,
  writeDestinationChanges,
  writeDestinationConfig,
} from './destination.js';
import type { Info } from './info.js';
import type { OperationName } from './native.js';
import type { Call as QueuedCall } from './queue/packed.js';
import type { Steps } from './queue/turns.js';
import type { RequestBuffer } from './records.js';
import {
  type DestinationReference,
  type ServiceReference,
  writeDestinationReference,
  writeServiceReference,
} from './reference.js';
import type { Results } from './results.js';
import {
  SERVICE_KEYS,
  type Service,
  type ServiceChanges,
  type ServiceConfig,
  writeSchedulerProbe,
  writeServiceChanges,
  writeServiceConfig,
} from './service.js';
import {
  asBigint,
  asNumber,
  type Counter,
  checkReadOptions,
  type ReadCounter,
  type ReadOptions,
} from './stats.js';
import { type TimeoutChanges, type Timeouts, writeTimeouts } from './timeouts.js';

/** An operation of IPVS with its arguments. */
export interface Call<Value> extends QueuedCall<RequestBuffer, Results, Value> {
  readonly operation: OperationName;
}

/** Whether an ensure made the object, or found one. */
export type Ensured = 'created' | 'updated';

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

const nothing = () => undefined;
const ensured = (results: Results, index: number): Ensured =>
  results.outcome(index, 'created') === 0 ? 'updated' : 'created';

function writeService(request: RequestBuffer, reference: unknown): void {
  writeServiceReference(request, 'service', reference, SERVICE_KEYS);
}

function writeBoth(request: RequestBuffer, service: unknown, destination: unknown): void {
  writeService(request, service);
  writeDestinationReference(request, 'destination', destination, DESTINATION_KEYS);
}

/** Options whose only key is `name`, a boolean: whether it is true. */
export function isForgiving(options: unknown, name: 'ifExists' | 'ifRunning'): boolean {
  if (options === undefined) return false;
  checkKeys('options', options, new Set([name]));
  // checkKeys() has seen an object with no other key.
  const value = (options as Readonly<Record<string, unknown>>)[name];
  return value !== undefined && checkBoolean(`options.${name}`, value);
}

/** A deletion. Where it is forgiving, `errnos` of what is not there are answered with false. */
class Deletion implements Call<boolean> {
  readonly operation: OperationName;
  readonly #writeTarget: (request: RequestBuffer) => void;
  readonly #isForgiving: () => boolean;
  readonly #errnos: readonly string[];
  answers: Readonly<Record<string, boolean>> = {};

  constructor(
    operation: OperationName,
    errnos: readonly string[],
    writeTarget: (request: RequestBuffer) => void,
    isForgiving: () => boolean,
  ) {
    this.operation = operation;
    this.#errnos = errnos;
    this.#writeTarget = writeTarget;
    this.#isForgiving = isForgiving;
  }

  write(request: RequestBuffer): void {
    this.#writeTarget(request);
    if (this.#isForgiving()) {
      this.answers = Object.fromEntries(this.#errnos.map((errno) => [errno, false]));
    }
  }

  read(): boolean {
    return true;
  }
}

type Read<Value> = (
  results: Results,
  index: number,
  read: ReadCounter<Counter>,
) => Value | Steps<Value>;

/** A reading of what has counters: as numbers, or as BigInts where `options` ask for them. */
class Reading<Value> implements Call<Value> {
  readonly operation: OperationName;
  readonly #options: ReadOptions | undefined;
  readonly #writeTarget: (request: RequestBuffer) => void;
  readonly #read: Read<Value>;
  #counter: ReadCounter<Counter> = asNumber;
  readonly answers: Readonly<Record<string, Value>>;

  constructor(
    operation: OperationName,
    options: ReadOptions | undefined,
    writeTarget: (request: RequestBuffer) => void,
    read: Read<Value>,
    answers: Readonly<Record<string, Value>> = {},
  ) {
    this.operation = operation;
    this.#options = options;
    this.#writeTarget = writeTarget;
    this.#read = read;
    this.answers = answers;
  }

  write(request: RequestBuffer): void {
    if (checkReadOptions(this.#options)) this.#counter = asBigint;
    this.#writeTarget(request);
  }

  read(results: Results, index: number): Value | Steps<Value> {
    return this.#read(results, index, this.#counter);
  }
}

export const calls = {
  addService: (config: ServiceConfig): Call<void> => ({
    operation: 'addService',
    write: (request) => writeServiceConfig(request, config),
    read: nothing,
  }),

  updateService: (reference: ServiceReference, changes: ServiceChanges): Call<void> => ({
    operation: 'updateService',
    write: (request) => {
      writeService(request, reference);
      writeServiceChanges(request, changes);
    },
    read: nothing,
  }),

  ensureService: (config: ServiceConfig): Call<Ensured> => ({
    operation: 'ensureService',
    write: (request) => writeServiceConfig(request, config),
    read: ensured,
  }),

  deleteService: (reference: ServiceReference, options?: DeleteOptions): Call<boolean> =>
    new Deletion(
      'deleteService',
      ['ESRCH'],
      (request) => writeService(request, reference),
      () => isForgiving(options, 'ifExists'),
    ),

  getService: (
    reference: ServiceReference,
    options?: ReadOptions,
  ): Call<Service<Counter> | undefined> =>
    new Reading(
      'getService',
      options,
      (request) => writeService(request, reference),
      (results, index, read) => results.service(index, read),
      { ESRCH: undefined },
    ),

  listServices: (options?: ReadOptions): Call<Service<Counter>[]> =>
    new Reading('listServices', options, nothing, (results, index, read) =>
      results.services(index, read),
    ),

  addDestination: (service: ServiceReference, config: DestinationConfig): Call<void> => ({
    operation: 'addDestination',
    write: (request) => {
      writeService(request, service);
      writeDestinationConfig(request, config);
    },
    read: nothing,
  }),

  updateDestination: (
    service: ServiceReference,
    destination: DestinationReference,
    changes: DestinationChanges,
  ): Call<void> => ({
    operation: 'updateDestination',
    write: (request) => {
      writeBoth(request, service, destination);
      writeDestinationChanges(request, changes);
    },
    read: nothing,
  }),

  ensureDestination: (service: ServiceReference, config: DestinationConfig): Call<Ensured> => ({
    operation: 'ensureDestination',
    write: (request) => {
      writeService(request, service);
      writeDestinationConfig(request, config);
    },
    read: ensured,
  }),

  deleteDestination: (
    service: ServiceReference,
    destination: DestinationReference,
    options?: DeleteOptions,
  ): Call<boolean> =>
    new Deletion(
      'deleteDestination',
      ['ESRCH', 'ENOENT'],
      (request) => writeBoth(request, service, destination),
      () => isForgiving(options, 'ifExists'),
    ),

  getDestination: (
    service: ServiceReference,
    destination: DestinationReference,
    options?: ReadOptions,
  ): Call<Destination<Counter> | undefined> =>
    new Reading(
      'getDestination',
      options,
      (request) => writeBoth(request, service, destination),
      (results, index, read) => results.destination(index, read),
      { ENOENT: undefined },
    ),

  listDestinations: (
    service: ServiceReference,
    options?: ReadOptions,
  ): Call<Destination<Counter>[]> =>
    new Reading(
      'listDestinations',
      options,
      (request) => writeService(request, service),
      (results, index, read) => results.destinations(index, read),
    ),

  flush: (): Call<void> => ({ operation: 'flush', write: nothing, read: nothing }),

  getInfo: (): Call<Omit<Info, 'estimation'>> => ({
    operation: 'getInfo',
    write: nothing,
    read: (results, index) => {
      const version = results.outcome(index, 'version');
      return {
        version: `${version >>> 16}.${(version >>> 8) & 0xff}.${version & 0xff}`,
        connectionTableSize: results.outcome(index, 'connectionTableSize'),
      };
    },
  }),

  getTimeouts: (): Call<Timeouts> => ({
    operation: 'getTimeouts',
    write: nothing,
    read: (results, index) => results.timeouts(index),
  }),

  setTimeouts: (changes: TimeoutChanges): Call<void> => ({
    operation: 'setTimeouts',
    write: (request) => writeTimeouts(request, changes),
    read: nothing,
  }),

  /** Of one service; without any, of all. A service that is undefined is none of these, but a mistake. */
  zero: (...services: readonly [] | readonly [ServiceReference]): Call<void> => ({
    operation: 'zero',
    write: (request) => {
      for (const service of services) writeService(request, service);
    },
    read: nothing,
  }),

  listSyncDaemons: (): Call<SyncDaemon[]> => ({
    operation: 'listSyncDaemons',
    write: nothing,
    read: (results, index) => results.daemons(index),
  }),

  startSyncDaemon: (config: SyncDaemonConfig): Call<void> => ({
    operation: 'startSyncDaemon',
    write: (request) => writeDaemon(request, config),
    read: nothing,
  }),

  stopSyncDaemon: (role: SyncDaemonRole, options?: StopOptions): Call<boolean> =>
    new Deletion(
      'stopSyncDaemon',
      ['ESRCH'],
      (request) => writeRole(request, 'role', role),
      () => isForgiving(options, 'ifRunning'),
    ),

  /**
   * Whether the kernel has a scheduler, or can load it. The service that this asks for can never come to be: the kernel looks for its
   * scheduler first, and then refuses the prefix length of 0.
   */
  probeScheduler: (name: string): Call<boolean> => ({
    operation: 'addService',
    write: (request) => writeSchedulerProbe(request, name),
    read: () => true,
    answers: { EINVAL: true, ENOENT: false },
  }),
};
