/**
 * The methods of handles, their synchronous twins and batches, one for each operation of IPVS.
 * @module
 */

import { registerEntries } from '../core/stack.js';
import type { Returns } from '../queue/returns.js';
import type { Destination, DestinationChanges, DestinationConfig } from './destination.js';
import {
  type DeleteOptions,
  type Ensured,
  type IpvsOperation,
  operations,
  type StopOptions,
  type UpdateOptions,
} from './operations.js';
import type { DestinationReference, ServiceReference } from './reference.js';
import type { RequestBuffer } from './request-buffer.js';
import type { Service, ServiceChanges, ServiceConfig } from './service.js';
import type { Big, ReadOptions, Small } from './stats.js';
import type { SyncDaemon, SyncDaemonConfig, SyncDaemonRole } from './sync-daemon.js';
import type { TimeoutChanges, Timeouts } from './timeouts.js';

/** Runs an operation. */
export type Run<How extends keyof Returns<unknown>> = <Value, Args extends readonly unknown[]>(
  operation: IpvsOperation<Value, Args>,
  args: Args,
) => Returns<Value>[How];

/** The arguments of an operation. Methods pass on all of theirs, so that surplus ones are noticed. */
type Given<Name extends keyof typeof operations> = (typeof operations)[Name] extends {
  encode(requests: RequestBuffer, ...args: infer Args): void;
}
  ? Args
  : never;

/**
 * The operations that are one request to the kernel each. With {@link Ipvs} they return promises, with {@link SyncIpvs} their values, and
 * with {@link Batch} their places among its results.
 *
 * Every operation throws, or rejects with, a TypeError or RangeError (`code` ERR_INVALID_ARG_TYPE,
 * ERR_INVALID_ARG_VALUE or ERR_OUT_OF_RANGE) on bad input, before anything is sent, and an
 * {@link IpvsError} when the kernel refuses it: besides those that are listed with the operations
 * EPERM, ENOMEM, ETIMEDOUT, ERR_IPVS_UNAVAILABLE, ERR_IPVS_OUTCOME_UNKNOWN and ERR_IPVS_CLOSED.
 */
export abstract class Operations<How extends keyof Returns<unknown>> {
  readonly #run: Run<How>;

  /**
   * Not for callers.
   * @internal
   */
  protected constructor(run: Run<How>) {
    this.#run = run;
  }

  /**
   * Adds a service, which must not exist. IPVS_CMD_NEW_SERVICE, `ipvsadm -A`.
   * @throws IpvsError EEXIST: there is one; ENOENT: the kernel has no such scheduler or persistence engine
   */
  addService(config: ServiceConfig): Returns<void>[How];
  addService(...args: Given<'addService'>) {
    return this.#run(operations.addService, args);
  }

  /**
   * Changes settings of a service, which must exist. What `changes` leaves out stays (unlike `ipvsadm -E`); scheduler flags are
   * cleared with a change of scheduler. IPVS_CMD_GET_SERVICE and IPVS_CMD_SET_SERVICE: a change that another program makes between
   * the two is lost.
   * @returns with options: true; false if there was none and `ifExists` is set. Without options: nothing
   * @throws IpvsError ESRCH: there is none; ENOENT: the kernel has no such scheduler or persistence engine
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
  updateService(...args: Given<'updateService'>): Returns<void>[How] | Returns<boolean>[How] {
    return this.#run(operations.updateService, args);
  }

  /**
   * Makes a service be as `config` says, whether it exists or not. What `config` leaves out becomes the default. Its destinations stay.
   * IPVS_CMD_SET_SERVICE, and IPVS_CMD_NEW_SERVICE if there is none.
   * @returns 'created', or 'updated' also where every setting was as wanted: compare getService() with normalizeService() to know
   * @throws IpvsError ENOENT: the kernel has no such scheduler or persistence engine
   */
  ensureService(config: ServiceConfig): Returns<Ensured>[How];
  ensureService(...args: Given<'ensureService'>) {
    return this.#run(operations.ensureService, args);
  }

  /**
   * Deletes a service and its destinations. Its connections stay in the table until they expire,
   * but packets from the client are dropped; replies of masqueraded servers still pass, unless it
   * was the last service of its address family. IPVS_CMD_DEL_SERVICE, `ipvsadm -D`.
   * @returns true; false if there was none and `ifExists` is set
   * @throws IpvsError ESRCH: there is none
   */
  deleteService(service: ServiceReference, options?: DeleteOptions): Returns<boolean>[How];
  deleteService(...args: Given<'deleteService'>) {
    return this.#run(operations.deleteService, args);
  }

  /** A service, or undefined if there is none. IPVS_CMD_GET_SERVICE. */
  getService(service: ServiceReference, options?: Small): Returns<Service | undefined>[How];
  getService(service: ServiceReference, options: Big): Returns<Service<bigint> | undefined>[How];
  getService(
    service: ServiceReference,
    options?: ReadOptions,
  ): Returns<Service | Service<bigint> | undefined>[How];
  getService(...args: Given<'getService'>) {
    return this.#run(operations.getService, args);
  }

  /**
   * All services, in the kernel's order, which means nothing. IPVS_CMD_GET_SERVICE, `ipvsadm -L`.
   * The kernel's listing is no transaction: a service that another program adds or deletes meanwhile may make others be missed.
   */
  listServices(options?: Small): Returns<Service[]>[How];
  listServices(options: Big): Returns<Service<bigint>[]>[How];
  listServices(options?: ReadOptions): Returns<Service[] | Service<bigint>[]>[How];
  listServices(...args: Given<'listServices'>) {
    return this.#run(operations.listServices, args);
  }

  /**
   * Adds a destination to a service; the service must have none of that address and port. IPVS_CMD_NEW_DEST, `ipvsadm -a`.
   * One that was deleted within the last two minutes comes back with its old counters.
   * @throws IpvsError EEXIST: there is one; ESRCH: there is no such service; EINVAL: the address is not a real server's
   */
  addDestination(service: ServiceReference, config: DestinationConfig): Returns<void>[How];
  addDestination(...args: Given<'addDestination'>) {
    return this.#run(operations.addDestination, args);
  }

  /**
   * Changes settings of a destination, which must exist. What `changes` leaves out stays (unlike `ipvsadm -e`); the tunnel's are
   * cleared with a change to another forwarding. IPVS_CMD_GET_DEST and IPVS_CMD_SET_DEST: a change that another program makes
   * between the two is lost.
   * @returns with options: true; false if it, or its service, was not there and `ifExists` is set. Without options: nothing
   * @throws IpvsError ENOENT: there is none; ESRCH: there is no such service
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
    ...args: Given<'updateDestination'>
  ): Returns<void>[How] | Returns<boolean>[How] {
    return this.#run(operations.updateDestination, args);
  }

  /**
   * Makes a destination be as `config` says, whether it exists or not. What `config` leaves out becomes the default.
   * IPVS_CMD_SET_DEST, and IPVS_CMD_NEW_DEST if there is none.
   * @returns 'created', or 'updated' also where every setting was as wanted: compare getDestination() with normalizeDestination() to know
   * @throws IpvsError ESRCH: there is no such service; EINVAL: the address is not a real server's
   */
  ensureDestination(service: ServiceReference, config: DestinationConfig): Returns<Ensured>[How];
  ensureDestination(...args: Given<'ensureDestination'>) {
    return this.#run(operations.ensureDestination, args);
  }

  /**
   * Deletes a destination. Its connections stay in the table until they expire, but packets from
   * the client are dropped, while replies of the server still pass; with the kernel parameter
   * `expireNodestConn` the next packet of the client ends the connection. To let connections end
   * first, give it weight 0 and wait until {@link Destination.activeConnections} and
   * {@link Destination.inactiveConnections} are both 0. IPVS_CMD_DEL_DEST, `ipvsadm -d`.
   * @returns true; false if it, or its service, was not there and `ifExists` is set
   * @throws IpvsError ENOENT: there is none; ESRCH: there is no such service
   */
  deleteDestination(
    service: ServiceReference,
    destination: DestinationReference,
    options?: DeleteOptions,
  ): Returns<boolean>[How];
  deleteDestination(...args: Given<'deleteDestination'>) {
    return this.#run(operations.deleteDestination, args);
  }

  /**
   * A destination, or undefined if there is none, or no such service. The kernel lists all destinations of the service for it.
   * IPVS_CMD_GET_DEST.
   */
  getDestination(
    service: ServiceReference,
    destination: DestinationReference,
    options?: Small,
  ): Returns<Destination | undefined>[How];
  getDestination(
    service: ServiceReference,
    destination: DestinationReference,
    options: Big,
  ): Returns<Destination<bigint> | undefined>[How];
  getDestination(
    service: ServiceReference,
    destination: DestinationReference,
    options?: ReadOptions,
  ): Returns<Destination | Destination<bigint> | undefined>[How];
  getDestination(...args: Given<'getDestination'>) {
    return this.#run(operations.getDestination, args);
  }

  /**
   * The destinations of a service, newest first, which is the order that schedulers go by: see
   * {@link Snapshot}. IPVS_CMD_GET_DEST, `ipvsadm -L -t`.
   * @throws IpvsError ESRCH: there is no such service
   */
  listDestinations(service: ServiceReference, options?: Small): Returns<Destination[]>[How];
  listDestinations(service: ServiceReference, options: Big): Returns<Destination<bigint>[]>[How];
  listDestinations(
    service: ServiceReference,
    options?: ReadOptions,
  ): Returns<Destination[] | Destination<bigint>[]>[How];
  listDestinations(...args: Given<'listDestinations'>) {
    return this.#run(operations.listDestinations, args);
  }

  /**
   * Deletes all services and destinations of the namespace. Connections stay in the table until
   * they expire, but IPVS handles none of their packets any more: those of clients reach this host
   * itself, and replies of masqueraded servers are not translated. IPVS_CMD_FLUSH, `ipvsadm -C`.
   */
  flush(): Returns<void>[How];
  flush(...args: Given<'flush'>) {
    return this.#run(operations.flush, args);
  }

  /** The timeouts of connections, in seconds. IPVS_CMD_GET_CONFIG, `ipvsadm -L --timeout`. */
  getTimeouts(): Returns<Timeouts>[How];
  getTimeouts(...args: Given<'getTimeouts'>) {
    return this.#run(operations.getTimeouts, args);
  }

  /**
   * Changes timeouts of connections: all that are named or, if the kernel refuses one, none. Those left out stay.
   * IPVS_CMD_SET_CONFIG, `ipvsadm --set`.
   * @throws IpvsError EINVAL: more than the kernel can count
   */
  setTimeouts(changes: TimeoutChanges): Returns<void>[How];
  setTimeouts(...args: Given<'setTimeouts'>) {
    return this.#run(operations.setTimeouts, args);
  }

  /**
   * Sets the counters and rates of a service and its destinations to zero; without a service, all and the totals. Connection counts
   * stay. IPVS_CMD_ZERO, `ipvsadm -Z`.
   * @throws IpvsError ESRCH: there is no such service
   */
  zero(...service: [] | [service: ServiceReference]): Returns<void>[How];
  zero(...args: Given<'zero'>) {
    return this.#run(operations.zero, args);
  }

  /** The sync daemons that run, at most one of each role. IPVS_CMD_GET_DAEMON, `ipvsadm -L --daemon`. */
  listSyncDaemons(): Returns<SyncDaemon[]>[How];
  listSyncDaemons(...args: Given<'listSyncDaemons'>) {
    return this.#run(operations.listSyncDaemons, args);
  }

  /**
   * Starts a sync daemon. IPVS_CMD_NEW_DAEMON, `ipvsadm --start-daemon`.
   * @throws IpvsError EEXIST: one of that role runs; ENODEV: there is no such link; ENETUNREACH: it
   *   has no route to the group; EADDRNOTAVAIL: it has no address to send from; EINVAL: there are
   *   destinations of another address family than their service
   */
  startSyncDaemon(config: SyncDaemonConfig): Returns<void>[How];
  startSyncDaemon(...args: Given<'startSyncDaemon'>) {
    return this.#run(operations.startSyncDaemon, args);
  }

  /**
   * Stops the sync daemon of a role. IPVS_CMD_DEL_DAEMON, `ipvsadm --stop-daemon`.
   * @returns true; false if none was running and `ifRunning` is set
   * @throws IpvsError ESRCH: none is running
   */
  stopSyncDaemon(role: SyncDaemonRole, options?: StopOptions): Returns<boolean>[How];
  stopSyncDaemon(...args: Given<'stopSyncDaemon'>) {
    return this.#run(operations.stopSyncDaemon, args);
  }
}

registerEntries(Operations.prototype);
