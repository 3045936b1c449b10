/**
 * The operations of IPVS, as methods: once for every way to call them.
 * @module
 */
import { type Call, calls, type DeleteOptions, type Ensured, type StopOptions } from './calls.js';
import type { SyncDaemon, SyncDaemonConfig, SyncDaemonRole } from './daemon.js';
import type { Destination, DestinationChanges, DestinationConfig } from './destination.js';
import { type Info, readInfo } from './info.js';
import type { Procedure } from './queue/procedure.js';
import type { Returns } from './queue/returns.js';
import type { RequestBuffer } from './records.js';
import type { DestinationReference, ServiceReference } from './reference.js';
import type { Results } from './results.js';
import type { Service, ServiceChanges, ServiceConfig } from './service.js';
import { readTable, type Snapshot } from './snapshot.js';
import type { Big, ReadOptions, Stats } from './stats.js';
import { readStatus, type Status } from './status.js';
import type { TimeoutChanges, Timeouts } from './timeouts.js';
import { readTotals } from './totals.js';

/** Carries out a call. */
type Carry<How extends keyof Returns<unknown>> = <Value, Args extends readonly unknown[]>(
  call: Call<Value, Args>,
  ...args: Args
) => Returns<Value>[How];

/**
 * The operations that are one request to the kernel each. With {@link Ipvs} they return promises, with {@link SyncIpvs} their values, and
 * with {@link Batch} their places among its results.
 *
 * Every operation throws, or rejects with, a TypeError or RangeError (`code` ERR_INVALID_ARG_TYPE, ERR_INVALID_ARG_VALUE or
 * ERR_OUT_OF_RANGE) on bad input, before anything is sent, and an {@link IpvsError} when the kernel refuses it: besides those that
 * are listed with the operations EPERM, ENOMEM, ERR_IPVS_UNAVAILABLE, ERR_IPVS_OUTCOME_UNKNOWN and ERR_IPVS_CLOSED.
 */
export abstract class Operations<How extends keyof Returns<unknown>> {
  readonly #carry: Carry<How>;

  /**
   * Not for callers.
   * @internal
   */
  protected constructor(carry: Carry<How>) {
    this.#carry = carry;
  }

  /**
   * Adds a service, which must not exist. IPVS_CMD_NEW_SERVICE, `ipvsadm -A`.
   * @throws IpvsError EEXIST: there is one; ENOENT: the kernel has no such scheduler or persistence engine
   */
  addService(config: ServiceConfig): Returns<void>[How] {
    return this.#carry(calls.addService, config);
  }

  /**
   * Changes settings of a service, which must exist. What `changes` leaves out stays (unlike `ipvsadm -E`); scheduler flags are
   * cleared with a change of scheduler. IPVS_CMD_GET_SERVICE and IPVS_CMD_SET_SERVICE: a change that another program makes between
   * the two is lost.
   * @throws IpvsError ESRCH: there is none; ENOENT: the kernel has no such scheduler or persistence engine
   */
  updateService(service: ServiceReference, changes: ServiceChanges): Returns<void>[How] {
    return this.#carry(calls.updateService, service, changes);
  }

  /**
   * Makes a service be as `config` says, whether it exists or not. What `config` leaves out becomes the default. Its destinations stay.
   * IPVS_CMD_SET_SERVICE, and IPVS_CMD_NEW_SERVICE if there is none.
   * @throws IpvsError ENOENT: the kernel has no such scheduler or persistence engine
   */
  ensureService(config: ServiceConfig): Returns<Ensured>[How] {
    return this.#carry(calls.ensureService, config);
  }

  /**
   * Deletes a service and its destinations. Connections stay until they expire. IPVS_CMD_DEL_SERVICE, `ipvsadm -D`.
   * @returns true; false if there was none and `ifExists` is set
   * @throws IpvsError ESRCH: there is none
   */
  deleteService(service: ServiceReference, options?: DeleteOptions): Returns<boolean>[How] {
    return this.#carry(calls.deleteService, service, options);
  }

  /** A service, or undefined if there is none. IPVS_CMD_GET_SERVICE. */
  getService(service: ServiceReference, options: Big): Returns<Service<bigint> | undefined>[How];
  getService(service: ServiceReference, options?: ReadOptions): Returns<Service | undefined>[How];
  getService(service: ServiceReference, options?: ReadOptions) {
    return this.#carry(calls.getService, service, options);
  }

  /**
   * All services, in the kernel's order, which means nothing. IPVS_CMD_GET_SERVICE, `ipvsadm -L`.
   * The kernel's listing is no transaction: a service that another program adds or deletes meanwhile may make others be missed.
   */
  listServices(options: Big): Returns<Service<bigint>[]>[How];
  listServices(options?: ReadOptions): Returns<Service[]>[How];
  listServices(options?: ReadOptions) {
    return this.#carry(calls.listServices, options);
  }

  /**
   * Adds a destination to a service; the service must have none of that address and port. IPVS_CMD_NEW_DEST, `ipvsadm -a`.
   * One that was deleted within the last two minutes comes back with its old counters.
   * @throws IpvsError EEXIST: there is one; ESRCH: there is no such service; EINVAL: the address is not a real server's
   */
  addDestination(service: ServiceReference, config: DestinationConfig): Returns<void>[How] {
    return this.#carry(calls.addDestination, service, config);
  }

  /**
   * Changes settings of a destination, which must exist. What `changes` leaves out stays (unlike `ipvsadm -e`); the tunnel's are
   * cleared with a change to another forwarding. IPVS_CMD_GET_DEST and IPVS_CMD_SET_DEST: a change that another program makes
   * between the two is lost.
   * @throws IpvsError ENOENT: there is none; ESRCH: there is no such service
   */
  updateDestination(
    service: ServiceReference,
    destination: DestinationReference,
    changes: DestinationChanges,
  ): Returns<void>[How] {
    return this.#carry(calls.updateDestination, service, destination, changes);
  }

  /**
   * Makes a destination be as `config` says, whether it exists or not. What `config` leaves out becomes the default.
   * IPVS_CMD_SET_DEST, and IPVS_CMD_NEW_DEST if there is none.
   * @throws IpvsError ESRCH: there is no such service; EINVAL: the address is not a real server's
   */
  ensureDestination(service: ServiceReference, config: DestinationConfig): Returns<Ensured>[How] {
    return this.#carry(calls.ensureDestination, service, config);
  }

  /**
   * Deletes a destination. Its connections stay until they expire, but get no packets through; to let them end first, give it
   * weight 0. IPVS_CMD_DEL_DEST, `ipvsadm -d`.
   * @returns true; false if it, or its service, was not there and `ifExists` is set
   * @throws IpvsError ENOENT: there is none; ESRCH: there is no such service
   */
  deleteDestination(
    service: ServiceReference,
    destination: DestinationReference,
    options?: DeleteOptions,
  ): Returns<boolean>[How] {
    return this.#carry(calls.deleteDestination, service, destination, options);
  }

  /**
   * A destination, or undefined if the service has none of that name. The kernel lists all destinations of the service for it.
   * IPVS_CMD_GET_DEST.
   * @throws IpvsError ESRCH: there is no such service
   */
  getDestination(
    service: ServiceReference,
    destination: DestinationReference,
    options: Big,
  ): Returns<Destination<bigint> | undefined>[How];
  getDestination(
    service: ServiceReference,
    destination: DestinationReference,
    options?: ReadOptions,
  ): Returns<Destination | undefined>[How];
  getDestination(
    service: ServiceReference,
    destination: DestinationReference,
    options?: ReadOptions,
  ) {
    return this.#carry(calls.getDestination, service, destination, options);
  }

  /**
   * The destinations of a service, newest first. IPVS_CMD_GET_DEST, `ipvsadm -L -t`.
   * @throws IpvsError ESRCH: there is no such service
   */
  listDestinations(service: ServiceReference, options: Big): Returns<Destination<bigint>[]>[How];
  listDestinations(service: ServiceReference, options?: ReadOptions): Returns<Destination[]>[How];
  listDestinations(service: ServiceReference, options?: ReadOptions) {
    return this.#carry(calls.listDestinations, service, options);
  }

  /** Deletes all services and destinations of the namespace. IPVS_CMD_FLUSH, `ipvsadm -C`. */
  flush(): Returns<void>[How] {
    return this.#carry(calls.flush);
  }

  /** The timeouts of connections, in seconds. IPVS_CMD_GET_CONFIG, `ipvsadm -L --timeout`. */
  getTimeouts(): Returns<Timeouts>[How] {
    return this.#carry(calls.getTimeouts);
  }

  /**
   * Changes timeouts of connections: all that are named or, if the kernel refuses one, none. Those left out stay.
   * IPVS_CMD_SET_CONFIG, `ipvsadm --set`.
   * @throws IpvsError EINVAL: more than the kernel can count
   */
  setTimeouts(changes: TimeoutChanges): Returns<void>[How] {
    return this.#carry(calls.setTimeouts, changes);
  }

  /**
   * Sets the counters and rates of a service and its destinations to zero; without a service, all and the totals. Connection counts
   * stay. IPVS_CMD_ZERO, `ipvsadm -Z`.
   * @throws IpvsError ESRCH: there is no such service
   */
  zero(...service: [] | [service: ServiceReference]): Returns<void>[How] {
    return this.#carry(calls.zero, ...service);
  }

  /** The sync daemons that run, at most one of each role. IPVS_CMD_GET_DAEMON, `ipvsadm -L --daemon`. */
  listSyncDaemons(): Returns<SyncDaemon[]>[How] {
    return this.#carry(calls.listSyncDaemons);
  }

  /**
   * Starts a sync daemon. IPVS_CMD_NEW_DAEMON, `ipvsadm --start-daemon`.
   * @throws IpvsError EEXIST: one of that role runs; ENODEV: there is no such link; ENETUNREACH: it has no route to the group;
   *   EINVAL: there are destinations of another address family than their service
   */
  startSyncDaemon(config: SyncDaemonConfig): Returns<void>[How] {
    return this.#carry(calls.startSyncDaemon, config);
  }

  /**
   * Stops the sync daemon of a role. IPVS_CMD_DEL_DAEMON, `ipvsadm --stop-daemon`.
   * @returns true; false if none was running and `ifRunning` is set
   * @throws IpvsError ESRCH: none is running
   */
  stopSyncDaemon(role: SyncDaemonRole, options?: StopOptions): Returns<boolean>[How] {
    return this.#carry(calls.stopSyncDaemon, role, options);
  }
}

/** Those, and the operations that are more than a request. With {@link Ipvs} they return promises, with {@link SyncIpvs} their values. */
export abstract class HandleOperations<How extends 'promise' | 'value'> extends Operations<How> {
  readonly #follow: <Value>(
    operation: string,
    procedure: Procedure<RequestBuffer, Results, Value>,
  ) => Returns<Value>[How];

  /**
   * Not for callers.
   * @internal
   */
  protected constructor(
    carry: Carry<How>,
    follow: <Value>(
      operation: string,
      procedure: Procedure<RequestBuffer, Results, Value>,
    ) => Returns<Value>[How],
  ) {
    super(carry);
    this.#follow = follow;
  }

  /**
   * The version of IPVS, the size of its connection table, and whether counters run. IPVS_CMD_GET_INFO, /proc/sys/net/ipv4/vs.
   */
  getInfo(): Returns<Info>[How] {
    return this.#follow('getInfo', readInfo());
  }

  /**
   * The whole table: all services with their destinations. `ipvsadm -L`. Sees what was called before it. It is read in parts, between which other
   * operations have their turn, and so may see something of those that are called before it is through; nor is the kernel's listing a
   * transaction: see {@link listServices}.
   */
  snapshot(options: Big): Returns<Snapshot<bigint>>[How];
  snapshot(options?: ReadOptions): Returns<Snapshot>[How];
  snapshot(options?: ReadOptions) {
    return this.#follow('snapshot', readTable('snapshot', options));
  }

  /**
   * The totals of the network namespace: counters and rates of all its services. /proc/net/ip_vs_stats, `ipvsadm -L --stats`'s kernel side.
   */
  getStats(options: Big): Returns<Stats<bigint>>[How];
  getStats(options?: ReadOptions): Returns<Stats>[How];
  getStats(options?: ReadOptions) {
    return this.#follow('getStats', readTotals(options));
  }

  /**
   * How the kernel's tables are filled, from Linux 7; undefined on older kernels. /proc/net/ip_vs_status.
   */
  getStatus(): Returns<Status | undefined>[How] {
    return this.#follow('getStatus', readStatus());
  }
}
