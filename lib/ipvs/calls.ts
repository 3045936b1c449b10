/**
 * The operations, each as what it writes and what it reads. How a call travels, alone or in a batch, is the business of lib/queue.
 * @module
 */

import { checkBoolean, readOptions } from '../core/check.js';
import type { OperationName } from '../native/addon.js';
import type { Call as QueuedCall } from '../queue/packed.js';
import type { Steps } from '../queue/turns.js';
import {
  DESTINATION_KEYS,
  type Destination,
  type DestinationChanges,
  type DestinationConfig,
  encodeDestinationChanges,
  encodeDestinationConfig,
} from './destination.js';
import {
  type DestinationReference,
  encodeDestinationReference,
  encodeServiceOfDestination,
  encodeServiceReference,
  type ServiceReference,
} from './reference.js';
import type { RequestBuffer } from './request-buffer.js';
import type { Listed, Results } from './results.js';
import {
  encodeSchedulerProbe,
  encodeServiceChanges,
  encodeServiceConfig,
  SERVICE_KEYS,
  type Service,
  type ServiceChanges,
  type ServiceConfig,
} from './service.js';
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
 * An operation of IPVS, whose arguments come to `write`: so one object serves all calls.
 * @internal
 */
export interface Call<Value, Args extends readonly unknown[] = []>
  extends QueuedCall<RequestBuffer, Results, Value, Args> {
  readonly operation: OperationName;
}

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

type Write<Args extends readonly unknown[]> = (request: RequestBuffer, ...args: Args) => void;
type Read<Value> = (
  results: Results,
  index: number,
  read: DecodeCounter<Counter>,
) => Value | Steps<Value>;

const nothing = (_: unknown) => undefined;
const yes = () => true;
const ensured = (results: Results, index: number): Ensured =>
  results.outcome(index, 'created') === 0 ? 'updated' : 'created';

function writeService(request: RequestBuffer, reference: unknown): void {
  encodeServiceReference(request, 'service', reference, SERVICE_KEYS);
}

function writeBoth(request: RequestBuffer, service: unknown, destination: unknown): void {
  encodeServiceOfDestination(request, service, destination, SERVICE_KEYS);
  encodeDestinationReference(request, 'destination', destination, DESTINATION_KEYS);
}

const FORGIVING_KEYS = {
  ifExists: new Set(['ifExists']),
  ifRunning: new Set(['ifRunning']),
} as const;

/**
 * Options whose only key is `name`, a boolean: whether it is true.
 * @internal
 */
export function isForgiving(options: unknown, name: 'ifExists' | 'ifRunning'): boolean {
  const value = readOptions(options, FORGIVING_KEYS[name])[name];
  return value !== undefined && checkBoolean(`options.${name}`, value);
}

/** How many arguments `write` takes behind the request. Asked once: the length of a function is slow to be read. */
const takenBy = ({ length }: { readonly length: number }) => length - 1;

/** Options are what `write` takes last, behind the request and what it writes. */
const optionsIn = (args: readonly unknown[], { length }: { readonly length: number }) =>
  args[length - 2];

/** Comes to nothing. */
const command = <Args extends readonly unknown[]>(
  operation: OperationName,
  write: Write<Args>,
): Call<void, Args> => ({ operation, write, takes: takenBy(write), read: nothing });

/** Comes to what `read` makes of the answer. */
const query = <Value>(
  operation: OperationName,
  read: (results: Results, index: number) => Value | Steps<Value>,
): Call<Value> => ({ operation, write: nothing, takes: 0, read });

/** Does something to what must be there; where its options forgive it, `errnos` of what is not there are answered with false. */
function forgivable<Args extends readonly unknown[]>(
  operation: OperationName,
  errnos: readonly string[],
  option: 'ifExists' | 'ifRunning',
  write: Write<Args>,
): Call<boolean, Args> {
  const forgiving = {
    operation,
    read: yes,
    answers: Object.fromEntries(errnos.map((errno) => [errno, false])),
  };
  const strict = { operation, read: yes };
  return {
    ...strict,
    write,
    takes: takenBy(write),
    reader: (...args) => (isForgiving(optionsIn(args, write), option) ? forgiving : strict),
  };
}

/** An update: says whether it was one where it is given options, and otherwise nothing. */
function update<Args extends readonly unknown[]>(
  operation: OperationName,
  errnos: readonly string[],
  write: Write<Args>,
): Call<boolean, Args> {
  const telling = forgivable(operation, errnos, 'ifExists', write);
  // The overloads without options promise no value.
  const silent = { operation, read: () => undefined as never };
  const reader = (...args: Args) =>
    optionsIn(args, write) === undefined ? silent : (telling.reader?.(...args) ?? silent);
  return { ...telling, reader };
}

/** Reads what has counters: as numbers, or as BigInts where its options ask for them. */
function reading<Value, Args extends readonly unknown[]>(
  operation: OperationName,
  write: Write<Args>,
  read: Read<Value>,
  answers: Readonly<Record<string, Value>> = {},
): Call<Value, Args> {
  const reader = (counter: DecodeCounter<Counter>) => ({
    operation,
    read: (results: Results, index: number) => read(results, index, counter),
    answers,
  });
  const [numbers, bigints] = [reader(asNumber), reader(asBigint)];
  return {
    ...numbers,
    write,
    takes: takenBy(write),
    reader: (...args) => (checkReadOptions(optionsIn(args, write)) ? bigints : numbers),
  };
}

/**
 * The arguments of each call are those of the method of its name in lib/ipvs/operations.ts, and in this order.
 * @internal
 */
export const calls = {
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
      writeService(request, service);
      encodeServiceChanges(request, changes);
    },
  ),

  ensureService: {
    operation: 'ensureService',
    takes: 1,
    write: (request, config) => encodeServiceConfig(request, config),
    read: ensured,
  } satisfies Call<Ensured, [ServiceConfig]>,

  deleteService: forgivable(
    'deleteService',
    ['ESRCH'],
    'ifExists',
    (request, service: ServiceReference, _options: DeleteOptions | undefined) =>
      writeService(request, service),
  ),

  getService: reading(
    'getService',
    (request, service: ServiceReference, _options: ReadOptions | undefined) =>
      writeService(request, service),
    (results, index, read): Service<Counter> | undefined => results.service(index, read),
    { ESRCH: undefined },
  ),

  listServices: reading(
    'listServices',
    (_request, _options: ReadOptions | undefined) => undefined,
    (results, index, read): Listed<Service<Counter>> => results.services(index, read),
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
      writeBoth(request, service, destination);
      encodeDestinationChanges(request, changes);
    },
  ),

  ensureDestination: {
    operation: 'ensureDestination',
    takes: 2,
    write: (request, service, config) => {
      encodeServiceOfDestination(request, service, config, SERVICE_KEYS);
      encodeDestinationConfig(request, config);
    },
    read: ensured,
  } satisfies Call<Ensured, [ServiceReference, DestinationConfig]>,

  deleteDestination: forgivable(
    'deleteDestination',
    ['ESRCH', 'ENOENT'],
    'ifExists',
    (
      request,
      service: ServiceReference,
      destination: DestinationReference,
      _options: DeleteOptions | undefined,
    ) => writeBoth(request, service, destination),
  ),

  getDestination: reading(
    'getDestination',
    (
      request,
      service: ServiceReference,
      destination: DestinationReference,
      _options: ReadOptions | undefined,
    ) => writeBoth(request, service, destination),
    (results, index, read): Destination<Counter> | undefined => results.destination(index, read),
    { ENOENT: undefined, ESRCH: undefined },
  ),

  listDestinations: reading(
    'listDestinations',
    (request, service: ServiceReference, _options: ReadOptions | undefined) =>
      writeService(request, service),
    (results, index, read): Listed<Destination<Counter>> => results.destinations(index, read),
  ),

  flush: {
    ...command('flush', nothing),
    hint: ', and deletes every service; deleteService deletes one',
  } satisfies Call<void>,

  getInfo: query('getInfo', (results, index) => {
    const version = results.outcome(index, 'version');
    return {
      version: `${version >>> 16}.${(version >>> 8) & 0xff}.${version & 0xff}`,
      connectionTableSize: results.outcome(index, 'connectionTableSize'),
    };
  }),

  getTimeouts: query('getTimeouts', (results, index) => results.timeouts(index)),

  setTimeouts: command('setTimeouts', (request, changes: TimeoutChanges) =>
    encodeTimeouts(request, changes),
  ),

  /** Of one service; without any, of all. A service that is undefined is none of these, but a mistake. */
  zero: {
    ...command('zero', (request, ...services: [] | [service: ServiceReference]) => {
      if (services.length > 0) writeService(request, services[0]);
    }),
    takes: 1,
  } satisfies Call<void, [] | [service: ServiceReference]>,

  listSyncDaemons: query('listSyncDaemons', (results, index) => results.daemons(index)),

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
   * Whether the kernel has a scheduler, or can load it. The service that this asks for can never come to be: the kernel looks for its
   * scheduler first, and then refuses the prefix length of 0.
   */
  probeScheduler: {
    operation: 'addService',
    write: (request, name) => encodeSchedulerProbe(request, name),
    read: yes,
    answers: { EINVAL: true, ENOENT: false },
  } satisfies Call<boolean, [name: string]>,
};
