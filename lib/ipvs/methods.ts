/**
 * The methods of handles, of their synchronous form and of batches: one for each operation of IPVS.
 * @module
 */

import type { DeleteOptions } from '../core/delete-options.js';
import { registerEntries } from '../core/stack.js';
import type { ArgumentsOf } from '../queue/operation.js';
import type { Returns } from '../queue/returns.js';
import type { Destination, DestinationChanges, DestinationConfig } from './destination.js';
import type { IpvsOperation, operations } from './operations.js';
import type { Ensured, StopOptions, UpdateOptions } from './options.js';
import type { DestinationReference, ServiceReference } from './reference-types.js';
import type { Service, ServiceChanges, ServiceConfig } from './service.js';
import type { BigintOptions, NumberOptions, ReadOptions } from './stats.js';
import type { SyncDaemon, SyncDaemonConfig, SyncDaemonRole } from './sync-daemon.js';
import type { TimeoutChanges, Timeouts } from './timeouts.js';

/** The definitions of the operations, and what runs them. @internal */
export interface Runner<How extends keyof Returns<unknown>> {
  readonly operations: typeof operations;
  readonly run: <Value, Args extends readonly unknown[]>(
    operation: IpvsOperation<Value, Args>,
    args: Args,
  ) => Returns<Value>[How];
}

/** The arguments of the operation of a method. */
type Given<Name extends keyof typeof operations> = ArgumentsOf<(typeof operations)[Name]>;

/** What an update returns, by its options. */
type Updated<How extends keyof Returns<unknown>> =
  | Returns<void>[How]
  | Returns<boolean>[How]
  | Returns<boolean | undefined>[How];

/**
 * The operations that take one request each. Those of {@link Ipvs} return promises, those of
 * {@link SyncIpvs} their values, and those of {@link Batch} their places among its results.
 *
 * On bad input, every operation throws, or rejects with, a TypeError or RangeError (`code`
 * ERR_INVALID_ARG_TYPE, ERR_INVALID_ARG_VALUE or ERR_OUT_OF_RANGE) before anything is sent. If the
 * kernel refuses an operation, it throws, or rejects with, an {@link IpvsError}. Every operation
 * can fail with EPERM, ENOMEM, ETIMEDOUT, ERR_IPVS_UNAVAILABLE, ERR_IPVS_OUTCOME_UNKNOWN and
 * ERR_IPVS_CLOSED, and with the errors that are listed with it.
 */
export abstract class Methods<How extends keyof Returns<unknown>> {
  readonly #operations: Runner<How>['operations'];
  readonly #run: Runner<How>['run'];

  /**
   * Not for callers.
   * @internal
   */
  protected constructor({ operations, run }: Runner<How>) {
    this.#operations = operations;
    this.#run = run;
  }

  /**
   * Adds a service, which must not exist. IPVS_CMD_NEW_SERVICE, `ipvsadm -A`.
   * @throws IpvsError EEXIST: the service exists; ENOENT: the kernel has no such scheduler or
   *   persistence engine
   */
  addService(config: ServiceConfig): Returns<void>[How];
  addService(...args: Given<'addService'>) {
    return this.#run(this.#operations.addService, args);
  }

  /**
   * Changes settings of a service, which must exist. Settings that `changes` leaves out stay as
   * they are, unlike with `ipvsadm -E`. A change of the scheduler clears the scheduler flags.
   * IPVS_CMD_GET_SERVICE and IPVS_CMD_SET_SERVICE: a change that another program makes between the
   * two requests is lost.
   * @returns with options: true; false if the service does not exist and `ifExists` is true.
   *   Without options: nothing
   * @throws IpvsError ESRCH: the service does not exist; ENOENT: the kernel has no such scheduler
   *   or persistence engine
   * @example
   * ```ts
   * import { Ipvs } from 'ipvs';
   *
   * const ipvs = await Ipvs.open();
   * const web = 'tcp://10.96.0.1:80';
   * await ipvs.addService({ protocol: 'tcp', address: '10.96.0.1', port: 80, scheduler: 'wrr' });
   * await ipvs.updateService(web, { persistence: { timeout: 600 } });
   * const service = await ipvs.getService(web);
   * console.log(service?.scheduler, service?.persistence?.timeout); // wrr 600
   * await ipvs.close();
   * ```
   */
  updateService(
    service: ServiceReference,
    changes: ServiceChanges,
    options: UpdateOptions,
  ): Returns<boolean>[How];
  updateService(
    service: ServiceReference,
    changes: ServiceChanges,
    options?: undefined,
  ): Returns<void>[How];
  updateService(
    service: ServiceReference,
    changes: ServiceChanges,
    options?: UpdateOptions,
  ): Returns<boolean | undefined>[How];
  updateService(...args: Given<'updateService'>): Updated<How> {
    return this.#run(this.#operations.updateService, args);
  }

  /**
   * Creates a service, or changes an existing one to the settings of `config`. Settings that
   * `config` leaves out get their defaults. The destinations stay. IPVS_CMD_SET_SERVICE, and
   * IPVS_CMD_NEW_SERVICE if the service does not exist.
   * @returns 'created' or 'updated'. The latter does not mean that a setting has changed: to find
   *   out, compare getService() with normalizeService() before
   * @throws IpvsError ENOENT: the kernel has no such scheduler or persistence engine
   */
  ensureService(config: ServiceConfig): Returns<Ensured>[How];
  ensureService(...args: Given<'ensureService'>) {
    return this.#run(this.#operations.ensureService, args);
  }

  /**
   * Deletes a service and its destinations. Its connections stay in the table until they expire,
   * but packets from clients are dropped. Replies of masqueraded servers still pass, unless the
   * service was the last one of its address family. IPVS_CMD_DEL_SERVICE, `ipvsadm -D`.
   * @returns true; false if the service does not exist and `ifExists` is true
   * @throws IpvsError ESRCH: the service does not exist
   * @example
   * ```ts
   * import { Ipvs } from 'ipvs';
   *
   * const ipvs = await Ipvs.open();
   * const web = 'tcp://10.96.0.1:80';
   * await ipvs.addService({ protocol: 'tcp', address: '10.96.0.1', port: 80 });
   * console.log(await ipvs.deleteService(web, { ifExists: true })); // true
   * console.log(await ipvs.deleteService(web, { ifExists: true })); // false
   * await ipvs.close();
   * ```
   */
  deleteService(service: ServiceReference, options?: DeleteOptions): Returns<boolean>[How];
  deleteService(...args: Given<'deleteService'>) {
    return this.#run(this.#operations.deleteService, args);
  }

  /** Returns a service, or undefined if it does not exist. IPVS_CMD_GET_SERVICE. */
  getService(service: ServiceReference, options?: NumberOptions): Returns<Service | undefined>[How];
  getService(
    service: ServiceReference,
    options: BigintOptions,
  ): Returns<Service<bigint> | undefined>[How];
  getService(
    service: ServiceReference,
    options?: ReadOptions,
  ): Returns<Service | Service<bigint> | undefined>[How];
  getService(...args: Given<'getService'>) {
    return this.#run(this.#operations.getService, args);
  }

  /**
   * Returns all services, in the kernel's order, which has no meaning. IPVS_CMD_GET_SERVICE,
   * `ipvsadm -L`. The kernel's listing is not a transaction: if another program adds or deletes a
   * service meanwhile, other services may be missing.
   */
  listServices(options?: NumberOptions): Returns<Service[]>[How];
  listServices(options: BigintOptions): Returns<Service<bigint>[]>[How];
  listServices(options?: ReadOptions): Returns<Service[] | Service<bigint>[]>[How];
  listServices(...args: Given<'listServices'>) {
    return this.#run(this.#operations.listServices, args);
  }

  /**
   * Adds a destination to a service, which must not have one with this address and port.
   * IPVS_CMD_NEW_DEST, `ipvsadm -a`. A destination that was deleted less than two minutes ago gets
   * its old counters back.
   * @throws IpvsError EEXIST: the destination exists; ESRCH: the service does not exist; EINVAL:
   *   the address cannot be that of a real server
   */
  addDestination(service: ServiceReference, config: DestinationConfig): Returns<void>[How];
  addDestination(...args: Given<'addDestination'>) {
    return this.#run(this.#operations.addDestination, args);
  }

  /**
   * Changes settings of a destination, which must exist. Settings that `changes` leaves out stay as
   * they are, unlike with `ipvsadm -e`. A change to another forwarding clears the settings of the
   * tunnel. IPVS_CMD_GET_DEST and IPVS_CMD_SET_DEST: a change that another program makes between
   * the two requests is lost.
   * @returns with options: true; false if the destination or its service does not exist and
   *   `ifExists` is true. Without options: nothing
   * @throws IpvsError ENOENT: the destination does not exist; ESRCH: the service does not exist
   * @example
   * ```ts
   * import { setTimeout } from 'node:timers/promises';
   * import { Ipvs } from 'ipvs';
   *
   * const ipvs = await Ipvs.open();
   * const web = 'tcp://10.96.0.1:80';
   * const server = '10.1.1.2:80';
   * await ipvs.ensureService({ protocol: 'tcp', address: '10.96.0.1', port: 80 });
   * await ipvs.ensureDestination(web, { address: '10.1.1.2', forwarding: 'masquerade' });
   *
   * // Drain the server for two minutes at most, and then delete it.
   * await ipvs.updateDestination(web, server, { weight: 0 });
   * for (let seconds = 0; seconds < 120; seconds++) {
   *   const found = await ipvs.getDestination(web, server);
   *   if (!found || found.activeConnections + found.inactiveConnections === 0) break;
   *   await setTimeout(1000);
   * }
   * await ipvs.deleteDestination(web, server, { ifExists: true });
   * await ipvs.close();
   * ```
   */
  updateDestination(
    service: ServiceReference,
    destination: DestinationReference,
    changes: DestinationChanges,
    options: UpdateOptions,
  ): Returns<boolean>[How];
  updateDestination(
    service: ServiceReference,
    destination: DestinationReference,
    changes: DestinationChanges,
    options?: undefined,
  ): Returns<void>[How];
  updateDestination(
    service: ServiceReference,
    destination: DestinationReference,
    changes: DestinationChanges,
    options?: UpdateOptions,
  ): Returns<boolean | undefined>[How];
  updateDestination(...args: Given<'updateDestination'>): Updated<How> {
    return this.#run(this.#operations.updateDestination, args);
  }

  /**
   * Creates a destination, or changes an existing one to the settings of `config`. Settings that
   * `config` leaves out get their defaults. IPVS_CMD_SET_DEST, and IPVS_CMD_NEW_DEST if the
   * destination does not exist.
   * @returns 'created' or 'updated'. The latter does not mean that a setting has changed: to find
   *   out, compare getDestination() with normalizeDestination() before
   * @throws IpvsError ESRCH: the service does not exist; EINVAL: the address cannot be that of a
   *   real server
   */
  ensureDestination(service: ServiceReference, config: DestinationConfig): Returns<Ensured>[How];
  ensureDestination(...args: Given<'ensureDestination'>) {
    return this.#run(this.#operations.ensureDestination, args);
  }

  /**
   * Deletes a destination. Its connections stay in the table until they expire. Packets from
   * clients are dropped, while replies of the server still pass. With the kernel parameter
   * `expireNodestConn`, the next packet of the client ends the connection. To let connections end
   * first, set the weight of the destination to 0 and wait until
   * {@link Destination.activeConnections} and {@link Destination.inactiveConnections} are both 0.
   * IPVS_CMD_DEL_DEST, `ipvsadm -d`.
   * @returns true; false if the destination or its service does not exist and `ifExists` is true
   * @throws IpvsError ENOENT: the destination does not exist; ESRCH: the service does not exist
   */
  deleteDestination(
    service: ServiceReference,
    destination: DestinationReference,
    options?: DeleteOptions,
  ): Returns<boolean>[How];
  deleteDestination(...args: Given<'deleteDestination'>) {
    return this.#run(this.#operations.deleteDestination, args);
  }

  /**
   * Returns a destination, or undefined if it or its service does not exist. The kernel lists all
   * destinations of the service for this. IPVS_CMD_GET_DEST.
   */
  getDestination(
    service: ServiceReference,
    destination: DestinationReference,
    options?: NumberOptions,
  ): Returns<Destination | undefined>[How];
  getDestination(
    service: ServiceReference,
    destination: DestinationReference,
    options: BigintOptions,
  ): Returns<Destination<bigint> | undefined>[How];
  getDestination(
    service: ServiceReference,
    destination: DestinationReference,
    options?: ReadOptions,
  ): Returns<Destination | Destination<bigint> | undefined>[How];
  getDestination(...args: Given<'getDestination'>) {
    return this.#run(this.#operations.getDestination, args);
  }

  /**
   * Returns the destinations of a service, the newest first. Schedulers use that order: see
   * {@link Snapshot}. IPVS_CMD_GET_DEST, `ipvsadm -L -t`.
   * @throws IpvsError ESRCH: the service does not exist
   */
  listDestinations(service: ServiceReference, options?: NumberOptions): Returns<Destination[]>[How];
  listDestinations(
    service: ServiceReference,
    options: BigintOptions,
  ): Returns<Destination<bigint>[]>[How];
  listDestinations(
    service: ServiceReference,
    options?: ReadOptions,
  ): Returns<Destination[] | Destination<bigint>[]>[How];
  listDestinations(...args: Given<'listDestinations'>) {
    return this.#run(this.#operations.listDestinations, args);
  }

  /**
   * Deletes all services and destinations of the namespace. Connections stay in the table until
   * they expire, but IPVS no longer handles their packets: packets of clients reach this host
   * itself, and replies of masqueraded servers are not translated. IPVS_CMD_FLUSH, `ipvsadm -C`.
   */
  flush(): Returns<void>[How];
  flush(...args: Given<'flush'>) {
    return this.#run(this.#operations.flush, args);
  }

  /**
   * Returns the timeouts of connections, in seconds. IPVS_CMD_GET_CONFIG, `ipvsadm -L --timeout`.
   */
  getTimeouts(): Returns<Timeouts>[How];
  getTimeouts(...args: Given<'getTimeouts'>) {
    return this.#run(this.#operations.getTimeouts, args);
  }

  /**
   * Changes timeouts of connections, in seconds. Timeouts that are left out stay as they are. If
   * the kernel refuses one, none is changed. IPVS_CMD_SET_CONFIG, `ipvsadm --set`.
   * @throws IpvsError EINVAL: a timeout is above the limit of this kernel
   */
  setTimeouts(changes: TimeoutChanges): Returns<void>[How];
  setTimeouts(...args: Given<'setTimeouts'>) {
    return this.#run(this.#operations.setTimeouts, args);
  }

  /**
   * Sets the counters and rates of a service and its destinations to zero or, without a service,
   * those of all services and the totals. Connection counts stay as they are. IPVS_CMD_ZERO,
   * `ipvsadm -Z`.
   * @throws IpvsError ESRCH: the service does not exist
   */
  zero(...service: [] | [service: ServiceReference]): Returns<void>[How];
  zero(...args: Given<'zero'>) {
    return this.#run(this.#operations.zero, args);
  }

  /**
   * Returns the sync daemons that run, at most one of each role. IPVS_CMD_GET_DAEMON,
   * `ipvsadm -L --daemon`.
   */
  listSyncDaemons(): Returns<SyncDaemon[]>[How];
  listSyncDaemons(...args: Given<'listSyncDaemons'>) {
    return this.#run(this.#operations.listSyncDaemons, args);
  }

  /**
   * Starts a sync daemon. IPVS_CMD_NEW_DAEMON, `ipvsadm --start-daemon`.
   * @throws IpvsError EEXIST: a daemon of this role runs; ENODEV: the link does not exist;
   *   ENETUNREACH: the link has no route to the multicast group; EADDRNOTAVAIL: the link has no
   *   address to send from; EINVAL: there are destinations of another address family than their
   *   service
   */
  startSyncDaemon(config: SyncDaemonConfig): Returns<void>[How];
  startSyncDaemon(...args: Given<'startSyncDaemon'>) {
    return this.#run(this.#operations.startSyncDaemon, args);
  }

  /**
   * Stops the sync daemon of a role. IPVS_CMD_DEL_DAEMON, `ipvsadm --stop-daemon`.
   * @returns true; false if no daemon of this role runs and `ifRunning` is true
   * @throws IpvsError ESRCH: no daemon of this role runs
   */
  stopSyncDaemon(role: SyncDaemonRole, options?: StopOptions): Returns<boolean>[How];
  stopSyncDaemon(...args: Given<'stopSyncDaemon'>) {
    return this.#run(this.#operations.stopSyncDaemon, args);
  }
}

registerEntries(Methods.prototype);
