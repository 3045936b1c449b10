/**
 * The handle: a connection to the IPVS of one network namespace.
 * @module
 */
import {
  calls,
  type DeleteOptions,
  type Ensured,
  type Info,
  type Snapshot,
  type StopOptions,
} from './calls.js';
import { checkKeys } from './check.js';
import type { SyncDaemon, SyncDaemonConfig, SyncDaemonRole } from './daemon.js';
import type { Destination, DestinationChanges, DestinationConfig } from './destination.js';
import { IpvsError, wrongType, wrongValue } from './errors.js';
import { explainOpening } from './explain.js';
import { loadNative } from './native.js';
import { Queue } from './queue.js';
import type { DestinationReference, ServiceReference } from './reference.js';
import type { Service, ServiceChanges, ServiceConfig } from './service.js';
import type { TimeoutChanges, Timeouts } from './timeouts.js';

/** Options of {@link Ipvs.open}. */
export interface OpenOptions {
  /** The path of a network namespace ('/run/netns/blue', '/proc/1234/ns/net'). Needs CAP_SYS_ADMIN. Default: the process's own. */
  readonly netns?: string | undefined;
}

const OPTION_KEYS: ReadonlySet<string> = new Set(['netns']);
/** Lets open() alone call the constructor. */
const KEY = Symbol('Ipvs');

/**
 * A handle to the IPVS table of one network namespace.
 *
 * Operations may be started at any time, also while others are pending: they take effect in the order of the calls, and those
 * that were called in one turn of the event loop leave together, so that `await Promise.all(many.map((d) => ipvs.addDestination(s, d)))`
 * is one exchange with the kernel. Each settles with its own result; none stops the others, and there are no transactions.
 *
 * Every operation rejects with a TypeError or RangeError (`code` ERR_INVALID_ARG_TYPE, ERR_INVALID_ARG_VALUE or ERR_OUT_OF_RANGE)
 * on bad input, before anything is sent, and with an {@link IpvsError} when the kernel refuses it: besides those that are listed
 * with the operations EPERM, ENOMEM, ERR_IPVS_UNAVAILABLE, ERR_IPVS_OUTCOME_UNKNOWN and ERR_IPVS_CLOSED.
 *
 * Works in worker_threads. A handle keeps the process alive only while an operation is pending.
 */
export class Ipvs implements AsyncDisposable {
  readonly #queue: Queue;

  /** Not for callers: use {@link Ipvs.open}. */
  constructor(key: symbol, queue: Queue) {
    if (key !== KEY) throw new TypeError('Illegal constructor: use Ipvs.open()');
    this.#queue = queue;
  }

  /**
   * Opens a handle. The kernel loads its IPVS module for it where it can.
   * @throws IpvsError ERR_IPVS_UNSUPPORTED_PLATFORM: not Linux
   * @throws IpvsError ERR_IPVS_UNAVAILABLE: the kernel has no IPVS
   * @throws IpvsError EPERM: CAP_NET_ADMIN in the initial user namespace is missing, or, for another namespace, CAP_SYS_ADMIN
   * @throws IpvsError ENOENT, EINVAL: `netns` is not there, or is no network namespace
   */
  static async open(options: OpenOptions = {}): Promise<Ipvs> {
    checkKeys('options', options, OPTION_KEYS);
    const netns = checkPath('options.netns', options.netns);
    if (process.platform !== 'linux') {
      throw new IpvsError(`open: IPVS is part of Linux, and this is ${process.platform}`, {
        code: 'ERR_IPVS_UNSUPPORTED_PLATFORM',
        operation: 'open',
      });
    }
    const native = loadNative();
    const handle = new native.Handle();
    try {
      await handle.open(netns);
    } catch (error) {
      throw explainOpening(error, netns);
    }
    return new Ipvs(KEY, new Queue(handle, native.layout));
  }

  /**
   * Closes the handle: what is pending is carried out first, what is called from now on rejects with ERR_IPVS_CLOSED. Services stay
   * as they are. Closing again does nothing more.
   */
  close(): Promise<void> {
    return this.#queue.close();
  }

  /** {@link close}, for `await using`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /**
   * The version of IPVS, and the size of its connection table. IPVS_CMD_GET_INFO.
   */
  getInfo(): Promise<Info> {
    return this.#queue.run(calls.getInfo());
  }

  /**
   * Adds a service, which must not exist. IPVS_CMD_NEW_SERVICE, `ipvsadm -A`.
   * @throws IpvsError EEXIST: there is one; ENOENT: the kernel has no such scheduler or persistence engine
   */
  addService(config: ServiceConfig): Promise<void> {
    return this.#queue.run(calls.addService(config));
  }

  /**
   * Changes settings of a service, which must exist. What `changes` leaves out stays (unlike `ipvsadm -E`); scheduler flags are
   * cleared with a change of scheduler. IPVS_CMD_GET_SERVICE and IPVS_CMD_SET_SERVICE: a change that another program makes between
   * the two is lost.
   * @throws IpvsError ESRCH: there is none; ENOENT: the kernel has no such scheduler or persistence engine
   */
  updateService(service: ServiceReference, changes: ServiceChanges): Promise<void> {
    return this.#queue.run(calls.updateService(service, changes));
  }

  /**
   * Makes a service be as `config` says, whether it exists or not. What `config` leaves out becomes the default. Its destinations stay.
   * IPVS_CMD_SET_SERVICE, and IPVS_CMD_NEW_SERVICE if there is none.
   * @throws IpvsError ENOENT: the kernel has no such scheduler or persistence engine
   */
  ensureService(config: ServiceConfig): Promise<Ensured> {
    return this.#queue.run(calls.ensureService(config));
  }

  /**
   * Deletes a service and its destinations. Connections stay until they expire. IPVS_CMD_DEL_SERVICE, `ipvsadm -D`.
   * @returns true; false if there was none and `ifExists` is set
   * @throws IpvsError ESRCH: there is none
   */
  deleteService(service: ServiceReference, options?: DeleteOptions): Promise<boolean> {
    return this.#queue.run(calls.deleteService(service, options));
  }

  /** A service, or undefined if there is none. IPVS_CMD_GET_SERVICE. */
  getService(service: ServiceReference): Promise<Service | undefined> {
    return this.#queue.run(calls.getService(service));
  }

  /**
   * All services, in the kernel's order, which means nothing. IPVS_CMD_GET_SERVICE, `ipvsadm -L`.
   * The kernel's listing is no transaction: a service that another program adds or deletes meanwhile may make others be missed.
   */
  listServices(): Promise<Service[]> {
    return this.#queue.run(calls.listServices());
  }

  /**
   * Adds a destination to a service; the service must have none of that address and port. IPVS_CMD_NEW_DEST, `ipvsadm -a`.
   * One that was deleted within the last two minutes comes back with its old counters.
   * @throws IpvsError EEXIST: there is one; ESRCH: there is no such service; EINVAL: the address is not a real server's
   */
  addDestination(service: ServiceReference, config: DestinationConfig): Promise<void> {
    return this.#queue.run(calls.addDestination(service, config));
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
  ): Promise<void> {
    return this.#queue.run(calls.updateDestination(service, destination, changes));
  }

  /**
   * Makes a destination be as `config` says, whether it exists or not. What `config` leaves out becomes the default.
   * IPVS_CMD_SET_DEST, and IPVS_CMD_NEW_DEST if there is none.
   * @throws IpvsError ESRCH: there is no such service; EINVAL: the address is not a real server's
   */
  ensureDestination(service: ServiceReference, config: DestinationConfig): Promise<Ensured> {
    return this.#queue.run(calls.ensureDestination(service, config));
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
  ): Promise<boolean> {
    return this.#queue.run(calls.deleteDestination(service, destination, options));
  }

  /**
   * A destination, or undefined if the service has none of that name. The kernel lists all destinations of the service for it.
   * IPVS_CMD_GET_DEST.
   * @throws IpvsError ESRCH: there is no such service
   */
  getDestination(
    service: ServiceReference,
    destination: DestinationReference,
  ): Promise<Destination | undefined> {
    return this.#queue.run(calls.getDestination(service, destination));
  }

  /**
   * The destinations of a service, newest first. IPVS_CMD_GET_DEST, `ipvsadm -L -t`.
   * @throws IpvsError ESRCH: there is no such service
   */
  listDestinations(service: ServiceReference): Promise<Destination[]> {
    return this.#queue.run(calls.listDestinations(service));
  }

  /**
   * The whole table: all services with their destinations. `ipvsadm -L`. No transaction either: see {@link listServices}.
   */
  snapshot(): Promise<Snapshot> {
    return this.#queue.run(calls.snapshot());
  }

  /** Deletes all services and destinations of the namespace. IPVS_CMD_FLUSH, `ipvsadm -C`. */
  flush(): Promise<void> {
    return this.#queue.run(calls.flush());
  }

  /** The timeouts of connections, in seconds. IPVS_CMD_GET_CONFIG, `ipvsadm -L --timeout`. */
  getTimeouts(): Promise<Timeouts> {
    return this.#queue.run(calls.getTimeouts());
  }

  /**
   * Changes timeouts of connections: all that are named or, if the kernel refuses one, none. Those left out stay.
   * IPVS_CMD_SET_CONFIG, `ipvsadm --set`.
   * @throws IpvsError EINVAL: more than the kernel can count
   */
  setTimeouts(changes: TimeoutChanges): Promise<void> {
    return this.#queue.run(calls.setTimeouts(changes));
  }

  /**
   * Sets the counters and rates of a service and its destinations to zero; without a service, all and the totals. Connection counts
   * stay. IPVS_CMD_ZERO, `ipvsadm -Z`.
   * @throws IpvsError ESRCH: there is no such service
   */
  zero(service?: ServiceReference): Promise<void> {
    return this.#queue.run(calls.zero(service));
  }

  /** The sync daemons that run, at most one of each role. IPVS_CMD_GET_DAEMON, `ipvsadm -L --daemon`. */
  listSyncDaemons(): Promise<SyncDaemon[]> {
    return this.#queue.run(calls.listSyncDaemons());
  }

  /**
   * Starts a sync daemon. IPVS_CMD_NEW_DAEMON, `ipvsadm --start-daemon`.
   * @throws IpvsError EEXIST: one of that role runs; ENODEV: there is no such link; ENETUNREACH: it has no route to the group;
   *   EINVAL: there are destinations of another address family than their service
   */
  startSyncDaemon(config: SyncDaemonConfig): Promise<void> {
    return this.#queue.run(calls.startSyncDaemon(config));
  }

  /**
   * Stops the sync daemon of a role. IPVS_CMD_DEL_DAEMON, `ipvsadm --stop-daemon`.
   * @returns true; false if none was running and `ifRunning` is set
   * @throws IpvsError ESRCH: none is running
   */
  stopSyncDaemon(role: SyncDaemonRole, options?: StopOptions): Promise<boolean> {
    return this.#queue.run(calls.stopSyncDaemon(role, options));
  }
}

function checkPath(property: string, value: unknown): string {
  const rule = 'the path of a network namespace';
  if (value === undefined) return '';
  if (typeof value !== 'string') throw wrongType(property, value, rule);
  if (value === '' || value.includes('\0')) throw wrongValue(property, value, `is not ${rule}`);
  return value;
}
