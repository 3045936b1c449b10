/**
 * The handle: a connection to the IPVS of one network namespace.
 * @module
 */
import { constants } from 'node:os';
import {
  calls,
  type DeleteOptions,
  type Ensured,
  type Info,
  type Snapshot,
  type StopOptions,
} from './calls.js';
import { ConnectionStream, type PartSource } from './connection-stream.js';
import {
  type ConnectionCount,
  type ConnectionOptions,
  type CountOptions,
  checkCountOptions,
  checkStreamOptions,
  countMask,
  readCounts,
  readPart,
} from './connections.js';
import type { SyncDaemon, SyncDaemonConfig, SyncDaemonRole } from './daemon.js';
import type { Destination, DestinationChanges, DestinationConfig } from './destination.js';
import { type Check, diagnoseThrough, diagnoseWithout } from './diagnose.js';
import { IpvsError } from './errors.js';
import { explainNative, fileError } from './explain.js';
import { type Links, linksOf } from './links/links.js';
import type { Native, NativeCursor, NativeHandle } from './native.js';
import { checkOpenOptions, type OpenOptions } from './netns.js';
import { openHandle } from './open.js';
import { type IpvsQueue, ipvsProtocol, Queue } from './queue.js';
import type { DestinationReference, ServiceReference } from './reference.js';
import type { Service, ServiceChanges, ServiceConfig } from './service.js';
import {
  asBigint,
  asNumber,
  checkReadOptions,
  ESTIMATION_FILES,
  isEstimating,
  parseTotals,
  type ReadOptions,
  type Stats,
  TOTALS_FILE,
} from './stats.js';
import { parseStatus, STATUS_FILE, type Status } from './status.js';
import { SysctlAccess } from './sysctls.js';
import type { TimeoutChanges, Timeouts } from './timeouts.js';
import { checkWatchOptions, type Sample, type WatchOptions, watch } from './watch.js';

/** Options that ask for BigInts. */
type Big = ReadOptions & { readonly bigint: true };

/** Entries of the connection table that are read at a time: some hundred KiB, some milliseconds. */
const CONNECTION_BATCH = 2048;

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
  /** The kernel parameters of IPVS, in the handle's network namespace. */
  readonly sysctls: SysctlAccess;
  /** The links of the handle's network namespace. They work also where the kernel has no IPVS: see {@link Links.open}. */
  readonly links: Links;
  readonly #native: Native;
  readonly #handle: NativeHandle;
  readonly #netns: string;
  readonly #queue: IpvsQueue;

  /** Not for callers: use {@link Ipvs.open}. */
  private constructor(key: symbol, native: Native, handle: NativeHandle, netns: string) {
    if (key !== KEY) throw new TypeError('Illegal constructor: use Ipvs.open()');
    this.#native = native;
    this.#handle = handle;
    this.#netns = netns;
    this.links = linksOf(native, handle);
    const close = async () => {
      await this.links.close();
      handle.close();
    };
    this.#queue = new Queue(ipvsProtocol(handle, native.layout, close));
    this.sysctls = new SysctlAccess(handle, this.#queue);
  }

  /**
   * Opens a handle. The kernel loads its IPVS module for it where it can.
   * @throws IpvsError ERR_IPVS_UNSUPPORTED_PLATFORM: not Linux
   * @throws IpvsError ERR_IPVS_UNAVAILABLE: the kernel has no IPVS
   * @throws IpvsError EPERM: CAP_NET_ADMIN in the initial user namespace is missing, or, for another namespace, CAP_SYS_ADMIN
   * @throws IpvsError ENOENT, EINVAL, EBADF: `netns` is not there, or is no network namespace
   * @throws IpvsError EMFILE, ENFILE: there are too many open files; ENOMEM, EAGAIN: there is too little memory
   */
  static async open(options: OpenOptions = {}): Promise<Ipvs> {
    const netns = checkOpenOptions(options);
    const { native, handle } = await openHandle(netns, true);
    return new Ipvs(KEY, native, handle, netns.label);
  }

  /**
   * Closes the handle: what is pending is carried out first, what is called from now on rejects with ERR_IPVS_CLOSED. Services stay
   * as they are. Closing again does nothing more.
   */
  close(): Promise<void> {
    // Its links let nothing in any more either; the handle waits for both.
    void this.links.close();
    return this.#queue.close();
  }

  /** {@link close}, for `await using`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /**
   * The version of IPVS, the size of its connection table, and whether counters run. IPVS_CMD_GET_INFO, /proc/sys/net/ipv4/vs.
   */
  async getInfo(): Promise<Info> {
    const [version, [running, processors]] = await Promise.all([
      this.#queue.run(calls.getInfo()),
      this.#queue.aside('getInfo', () => this.#handle.readFiles(ESTIMATION_FILES)),
    ]);
    return { ...version, estimation: isEstimating(running, processors) };
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
  getService(service: ServiceReference, options: Big): Promise<Service<bigint> | undefined>;
  getService(service: ServiceReference, options?: ReadOptions): Promise<Service | undefined>;
  async getService(service: ServiceReference, options?: ReadOptions) {
    return checkReadOptions(options)
      ? this.#queue.run(calls.getService(asBigint, service))
      : this.#queue.run(calls.getService(asNumber, service));
  }

  /**
   * All services, in the kernel's order, which means nothing. IPVS_CMD_GET_SERVICE, `ipvsadm -L`.
   * The kernel's listing is no transaction: a service that another program adds or deletes meanwhile may make others be missed.
   */
  listServices(options: Big): Promise<Service<bigint>[]>;
  listServices(options?: ReadOptions): Promise<Service[]>;
  async listServices(options?: ReadOptions) {
    return checkReadOptions(options)
      ? this.#queue.run(calls.listServices(asBigint))
      : this.#queue.run(calls.listServices(asNumber));
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
    options: Big,
  ): Promise<Destination<bigint> | undefined>;
  getDestination(
    service: ServiceReference,
    destination: DestinationReference,
    options?: ReadOptions,
  ): Promise<Destination | undefined>;
  async getDestination(
    service: ServiceReference,
    destination: DestinationReference,
    options?: ReadOptions,
  ) {
    return checkReadOptions(options)
      ? this.#queue.run(calls.getDestination(asBigint, service, destination))
      : this.#queue.run(calls.getDestination(asNumber, service, destination));
  }

  /**
   * The destinations of a service, newest first. IPVS_CMD_GET_DEST, `ipvsadm -L -t`.
   * @throws IpvsError ESRCH: there is no such service
   */
  listDestinations(service: ServiceReference, options: Big): Promise<Destination<bigint>[]>;
  listDestinations(service: ServiceReference, options?: ReadOptions): Promise<Destination[]>;
  async listDestinations(service: ServiceReference, options?: ReadOptions) {
    return checkReadOptions(options)
      ? this.#queue.run(calls.listDestinations(asBigint, service))
      : this.#queue.run(calls.listDestinations(asNumber, service));
  }

  /**
   * The whole table: all services with their destinations. `ipvsadm -L`. No transaction either: see {@link listServices}.
   */
  snapshot(options: Big): Promise<Snapshot<bigint>>;
  snapshot(options?: ReadOptions): Promise<Snapshot>;
  async snapshot(options?: ReadOptions) {
    return checkReadOptions(options)
      ? this.#queue.run(calls.snapshot(asBigint))
      : this.#queue.run(calls.snapshot(asNumber));
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
  zero(...service: [] | [service: ServiceReference]): Promise<void> {
    return this.#queue.run(calls.zero(...service));
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

  /**
   * The totals of the network namespace: counters and rates of all its services. /proc/net/ip_vs_stats, `ipvsadm -L --stats`'s kernel side.
   */
  getStats(options: Big): Promise<Stats<bigint>>;
  getStats(options?: ReadOptions): Promise<Stats>;
  async getStats(options?: ReadOptions) {
    const bigint = checkReadOptions(options);
    const text = await this.#readFile('getStats', TOTALS_FILE);
    const stats = bigint ? parseTotals(text, BigInt) : parseTotals(text, Number);
    if (stats !== undefined) return stats;
    throw new IpvsError(`getStats: ${TOTALS_FILE} is not what it was on known kernels`, {
      code: 'EBADMSG',
      operation: 'getStats',
    });
  }

  /**
   * The connection table, entry by entry: `for await (const connection of ipvs.connections({ service }))`. It is read and filtered on the
   * thread pool, in bounded memory; leaving the loop ends it, and closing the handle does so at its next part. Entries that come and go meanwhile may be missed or seen twice.
   * /proc/net/ip_vs_conn, with `origin` ip_vs_conn_sync; `ipvsadm -Lcn`.
   */
  connections(options?: ConnectionOptions): ConnectionStream {
    return new ConnectionStream(() => this.#openConnections(options));
  }

  /**
   * How many connections there are, in all or by service, destination, state or protocol. Counted natively, without an object for each.
   */
  async countConnections(options?: CountOptions): Promise<ConnectionCount[]> {
    const { layout } = this.#native;
    const { filter, by } = checkCountOptions(options, layout);
    this.#queue.checkOpen('countConnections');
    const cursor = this.#openCursor('countConnections', filter, false);
    try {
      const count = () => cursor.count(countMask(by, layout));
      return readCounts(await this.#queue.aside('countConnections', count), by, layout);
    } finally {
      cursor.close();
    }
  }

  /**
   * How the kernel's tables are filled, from Linux 7; undefined on older kernels. /proc/net/ip_vs_status.
   */
  async getStatus(): Promise<Status | undefined> {
    const files = await this.#queue.aside('getStatus', () => this.#handle.readFiles([STATUS_FILE]));
    const text = files[0];
    if (typeof text === 'string') return parseStatus(text);
    if (text === constants.errno.ENOENT) return undefined;
    throw fileError('getStatus', STATUS_FILE, text ?? 0);
  }

  /**
   * What this host has and lacks for IPVS, seen from the handle's network namespace, with the command that mends each. Schedulers are
   * looked for without creating anything, and the kernel loads those that it finds; those that are absent are remembered, since each look
   * costs it a modprobe. Where no
   * handle can be opened, {@link diagnose} says why.
   */
  async diagnose(): Promise<Check[]> {
    return this.#queue.aside('diagnose', async (run) => {
      const { version } = await run(calls.getInfo());
      const readFiles = (paths: readonly string[]) => this.#handle.readFiles(paths);
      const probe = (name: string) => run(calls.probeScheduler(name));
      return diagnoseThrough(version, readFiles, probe, this.#netns);
    });
  }

  /**
   * Looks at the whole table again and again: `for await (const sample of ipvs.watch({ interval: 1000 }))`. Each sample says what the
   * counters of every service and destination have gained since the one before. The first has nothing to compare with.
   */
  async *watch(options?: WatchOptions): AsyncGenerator<Sample, void, undefined> {
    const { interval, signal } = checkWatchOptions(options);
    const snapshot = () => this.#queue.aside('watch', (run) => run(calls.snapshot(asNumber)));
    yield* watch(snapshot, interval, signal);
  }

  #openCursor(operation: string, filter: Uint8Array, origin: boolean): NativeCursor {
    try {
      return new this.#native.Cursor(this.#handle, filter, origin);
    } catch (error) {
      throw explainNative(error, operation);
    }
  }

  #openConnections(options: ConnectionOptions | undefined): PartSource {
    const { layout } = this.#native;
    const { filter, origin, signal } = checkStreamOptions(options, layout);
    this.#queue.checkOpen('connections');
    const cursor = this.#openCursor('connections', filter, origin);
    return {
      signal,
      next: async () => {
        const read = () => cursor.next(CONNECTION_BATCH);
        return readPart(await this.#queue.aside('connections', read), layout);
      },
      close: () => cursor.close(),
    };
  }

  async #readFile(operation: string, path: string): Promise<string> {
    const [text] = await this.#queue.aside(operation, () => this.#handle.readFiles([path]));
    if (typeof text === 'string') return text;
    throw fileError(operation, path, text ?? 0);
  }
}

/**
 * What this host has and lacks for IPVS, and the command that mends each: also where no handle can be opened.
 * @throws TypeError: bad options; nothing else
 */
export async function diagnose(options: OpenOptions = {}): Promise<Check[]> {
  let ipvs: Ipvs;
  try {
    ipvs = await Ipvs.open(options);
  } catch (error) {
    if (error instanceof IpvsError) return diagnoseWithout(error, checkOpenOptions(options).label);
    throw error;
  }
  try {
    return await ipvs.diagnose();
  } finally {
    await ipvs.close();
  }
}
