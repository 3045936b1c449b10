/**
 * The handle: a connection to the IPVS of one network namespace.
 * @module
 */

import {
  type ConnectionCount,
  type CountBy,
  type CountOptions,
  checkCountOptions,
} from './connections/count.js';
import type { EncodedFilter } from './connections/filter.js';
import { ConnectionReader } from './connections/reader.js';
import type { Run } from './connections/service-facts.js';
import {
  type ConnectionOptions,
  ConnectionStream,
  checkStreamOptions,
} from './connections/stream.js';
import { checkArguments } from './core/arguments.js';
import { IpvsError } from './core/errors.js';
import { describeInput, isInputError } from './core/input-errors.js';
import { IterableWeakSet } from './core/iterable-weak-set.js';
import { registerEntries, registerEntry, withAwaitStack, withAwaitStacks } from './core/stack.js';
import { HandleMethods } from './handle-methods.js';
import {
  checkDiagnoseOptions,
  checkHostOptions,
  type DiagnoseOptions,
  diagnoseThrough,
  diagnoseWithout,
} from './host/diagnose.js';
import type { Check } from './host/diagnose-check.js';
import { SyncSysctlAccess, SysctlAccess } from './host/sysctls.js';
import {
  type Batch,
  type BatchOptions,
  type BatchResults,
  checkBatch,
  sendBatch,
} from './ipvs/batch.js';
import { type IpvsClient, type IpvsQueue, type IpvsTypes, ipvsClient } from './ipvs/client.js';
import { operations } from './ipvs/operations.js';
import { readTable, type Snapshot } from './ipvs/snapshot.js';
import { checkWatchOptions, TableWatcher, type WatchOptions } from './ipvs/watch.js';
import { type Links, linksOf } from './links/links.js';
import type { Native, NativeHandle } from './native/addon.js';
import { checkOpenOptions, type NamespaceTarget, type OpenOptions } from './native/netns.js';
import { openHandle } from './native/open.js';
import { call } from './queue/operation.js';
import { Queue } from './queue/queue.js';
import type { Routine } from './queue/routine.js';

/** Runs {@link diagnose} with checked options. */
let diagnoseHost: (
  netns: NamespaceTarget,
  schedulers: readonly string[] | undefined,
) => Promise<Check[]>;

/** Restricts the constructors to this module. */
const KEY = Symbol('Ipvs');

/**
 * The operations of a handle without promises: each returns its value, or throws its error. They
 * block the event loop. One at a time, they are several times as fast as awaited operations, since
 * no other thread is involved: use them at start-up, in command-line programs and in tests. Many
 * operations at once are faster with {@link Ipvs.batch}, and a server should not block for them.
 *
 * They take effect at once, before operations of the handle that are pending. Await pending
 * operations first if the order matters.
 */
export class SyncIpvs extends HandleMethods<'value'> {
  /** The kernel parameters of IPVS in the handle's network namespace. */
  readonly sysctls: SyncSysctlAccess;

  /**
   * Not for callers: use `ipvs.sync`.
   * @internal
   */
  constructor(key: symbol, queue: IpvsQueue) {
    if (key !== KEY) throw new TypeError('Illegal constructor: use ipvs.sync');
    const runRoutine = <Value>(operation: string, routine: Routine<IpvsTypes, Value>) =>
      queue.runRoutineSync(operation, routine);
    super((operation, args) => queue.runSync(operation, args), runRoutine);
    this.sysctls = new SyncSysctlAccess(runRoutine);
  }
}

/**
 * A handle to the IPVS table of one network namespace.
 *
 * Operations can be called at any time, also while others are pending. They take effect in the
 * order of the calls. Those that are called in one turn of the event loop are sent together: `await
 * Promise.all(many.map((d) => ipvs.addDestination(s, d)))` is one exchange with the kernel. Each
 * operation settles with its own result. A failure does not stop the others, and IPVS has no
 * transactions.
 *
 * On bad input, every operation rejects with a TypeError or RangeError (`code`
 * ERR_INVALID_ARG_TYPE, ERR_INVALID_ARG_VALUE or ERR_OUT_OF_RANGE) before anything is sent. If the
 * kernel refuses an operation, it rejects with an {@link IpvsError}. Every operation can fail with
 * EPERM, ENOMEM, ETIMEDOUT, ERR_IPVS_UNAVAILABLE, ERR_IPVS_OUTCOME_UNKNOWN and ERR_IPVS_CLOSED,
 * and with the errors that are listed with it.
 *
 * A handle works in worker_threads. It keeps the process alive only while an operation is pending.
 * @example
 * ```ts
 * import { Ipvs } from 'ipvs';
 *
 * const ipvs = await Ipvs.open();
 * const web = 'tcp://10.96.0.1:80';
 * await ipvs.addService({ protocol: 'tcp', address: '10.96.0.1', port: 80, scheduler: 'wrr' });
 * await ipvs.addDestination(web, { address: '10.1.1.2', forwarding: 'masquerade', weight: 3 });
 * await ipvs.addDestination(web, { address: '10.1.2.2', forwarding: 'masquerade' });
 * for (const { address, port, weight } of await ipvs.listDestinations(web)) {
 *   console.log(address, port, weight);
 * }
 * await ipvs.close();
 * ```
 */
export class Ipvs extends HandleMethods<'promise'> implements AsyncDisposable {
  /** The kernel parameters of IPVS in the handle's network namespace. */
  readonly sysctls: SysctlAccess;
  /**
   * The links of the handle's network namespace. {@link Links.open} gives access to links on a
   * kernel without IPVS.
   */
  readonly links: Links;
  /**
   * The same operations without promises.
   * @example
   * ```ts
   * import { Ipvs } from 'ipvs';
   *
   * const ipvs = await Ipvs.open();
   * ipvs.sync.ensureService({ protocol: 'tcp', address: '10.96.0.1', port: 80 });
   * for (const { address, port, scheduler } of ipvs.sync.listServices()) {
   *   console.log(address, port, scheduler);
   * }
   * await ipvs.close();
   * ```
   */
  readonly sync: SyncIpvs;
  readonly #native: Native;
  readonly #handle: NativeHandle;
  readonly #netns: NamespaceTarget;
  readonly #client: IpvsClient;
  readonly #queue: IpvsQueue;
  /** Held weakly, so that a watcher that is no longer used can be collected. */
  readonly #watchers = new IterableWeakSet<TableWatcher>();

  /** Not for callers: use {@link Ipvs.open}. */
  private constructor(key: symbol, native: Native, handle: NativeHandle, netns: NamespaceTarget) {
    if (key !== KEY) throw new TypeError('Illegal constructor: use Ipvs.open()');
    const links = linksOf(native, handle);
    const client = ipvsClient(handle, async () => {
      await links.close();
      handle.close();
    });
    const queue: IpvsQueue = new Queue(client);
    super(queue.run, (operation, routine) => queue.runRoutine(operation, routine));
    this.#native = native;
    this.#handle = handle;
    this.#netns = netns;
    this.#client = client;
    this.#queue = queue;
    this.links = links;
    this.sync = new SyncIpvs(KEY, queue);
    let last: Promise<unknown> = Promise.resolve();
    // One at a time: restoring a parameter must not undo what another call has set.
    this.sysctls = new SysctlAccess((operation, routine) => {
      const done = queue.runRoutine(operation, routine, last);
      last = done.catch(() => undefined);
      // V8 knows who awaits a promise only if it has no other reaction.
      return withAwaitStack(done);
    });
  }

  /**
   * Opens a handle. The kernel loads its IPVS module if it can.
   * @throws IpvsError ERR_IPVS_UNSUPPORTED_PLATFORM: not Linux
   * @throws IpvsError ERR_IPVS_NO_ADDON: no addon for this platform, or it cannot be loaded
   * @throws IpvsError ERR_IPVS_UNAVAILABLE: the kernel has no IPVS
   * @throws IpvsError ETIMEDOUT: the kernel has not responded, or loaded its module, in 5 seconds
   * @throws IpvsError EPERM: CAP_NET_ADMIN in the initial user namespace is missing, or, for
   *   another network namespace, CAP_SYS_ADMIN
   * @throws IpvsError ENOENT, EINVAL, EBADF: `netns` does not exist, or is not a network namespace
   * @throws IpvsError EMFILE, ENFILE: too many open files; ENOMEM, EAGAIN: too little memory
   */
  static open(options?: OpenOptions): Promise<Ipvs>;
  static open(...args: readonly unknown[]): Promise<Ipvs> {
    return withAwaitStack(Ipvs.#open(args));
  }

  static async #open(args: readonly unknown[]): Promise<Ipvs> {
    return Ipvs.#openOn(checkArguments('open', args, 1, checkOpenOptions));
  }

  static async #openOn(netns: NamespaceTarget): Promise<Ipvs> {
    const { native, handle } = await openHandle(netns, true);
    return new Ipvs(KEY, native, handle, netns);
  }

  static {
    diagnoseHost = async (netns, schedulers) => {
      let ipvs: Ipvs;
      try {
        ipvs = await Ipvs.#openOn(netns);
      } catch (error) {
        return diagnoseWithout(error, netns, schedulers);
      }
      try {
        return await ipvs.#diagnose(schedulers);
      } finally {
        await ipvs.close();
      }
    };
  }

  /**
   * Closes the handle. Resolves when pending operations have ended. Later operations reject with
   * ERR_IPVS_CLOSED. Services stay as they are. A second call returns the same promise.
   */
  close(): Promise<void> {
    // Throws first if this is not the handle itself but a Proxy, so that nothing is closed.
    const queue = this.#queue;
    // The links refuse further operations from now on; the client waits for those that are pending.
    void this.links.close();
    for (const watcher of this.#watchers.list()) watcher.close();
    return queue.close();
  }

  /** {@link close}, for `await using`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /**
   * Sends many operations as one batch, and resolves to the result of each, in the order in which
   * `build` adds them: `await ipvs.batch((b) => { b.addService(service); b.addDestination(service,
   * server); })`.
   *
   * Nothing is sent before `build` has returned, and nothing at all if it throws, as it does on bad
   * input. IPVS has no transactions: some operations can fail while the others succeed.
   *
   * The operations take effect in their order, after all that was called before, in chunks of a few
   * milliseconds. Operations that are called meanwhile are executed between two chunks, and may see
   * a part of the batch. Await the batch first if that matters.
   * @param build adds the operations. If it returns a promise, the promise is awaited, so that an
   *   `async` function can yield while it adds very many. A function that adds nothing but returns
   *   a value is refused; otherwise the value is ignored
   * @throws TypeError, RangeError: bad input, of `build` or of an operation
   * @throws IpvsError ERR_IPVS_CLOSED
   * @throws the error that `build` throws; the signal's reason if it is aborted while an
   *   asynchronous `build` runs. Refusals of the kernel are in the results
   * @example
   * ```ts
   * import { Ipvs, type Place } from 'ipvs';
   *
   * const ipvs = await Ipvs.open();
   * const web = 'tcp://10.96.0.1:80';
   * await ipvs.addService({ protocol: 'tcp', address: '10.96.0.1', port: 80 });
   * await ipvs.addDestination(web, { address: '10.1.1.2' });
   * const places = new Map<string, Place<void>>();
   * const results = await ipvs.batch((b) => {
   *   for (const address of ['10.1.1.2', '10.1.2.2']) {
   *     places.set(address, b.addDestination(web, { address }));
   *   }
   * });
   * for (const [address, place] of places) {
   *   const result = results.at(place);
   *   // The kernel refuses 10.1.1.2 (EEXIST), and adds 10.1.2.2.
   *   console.log(address, result.status === 'fulfilled' ? 'added' : result.reason.message);
   * }
   * await ipvs.close();
   * ```
   */
  batch(build: (batch: Batch) => unknown, options?: BatchOptions): Promise<BatchResults>;
  batch(...args: readonly unknown[]): Promise<BatchResults> {
    return withAwaitStacks(this.#batch(args));
  }

  async #batch(args: readonly unknown[]) {
    const [build, options] = checkArguments('batch', args, 2, checkBatch);
    try {
      const outcome = await sendBatch(this.#queue, this.#client, build, options);
      // The value at each place is of the type of its operation.
      return { ...outcome, results: outcome.results as BatchResults };
    } catch (error) {
      if (isInputError(error) && error.operation === undefined) describeInput(error, 'batch', '');
      throw error;
    }
  }

  /**
   * Returns the connection table, entry by entry:
   * `for await (const connection of ipvs.connections({ service }))`. It is read and filtered on the
   * thread pool, in bounded memory. Leaving the loop ends it; closing the handle ends it at the
   * next chunk. Entries that come and go meanwhile may be missed or seen twice.
   * /proc/net/ip_vs_conn, with `origin` ip_vs_conn_sync; `ipvsadm -Lcn`.
   * @throws TypeError, RangeError: bad options; IpvsError ERR_IPVS_CLOSED: both at the call
   * @example
   * ```ts
   * import { Ipvs } from 'ipvs';
   *
   * const ipvs = await Ipvs.open();
   * const filter = { service: 'tcp://10.96.0.1:80', client: '10.0.0.0/8' };
   * for await (const { client, state, destination } of ipvs.connections(filter)) {
   *   console.log(client.address, state, destination.address);
   * }
   * await ipvs.close();
   * ```
   */
  connections(options?: ConnectionOptions): ConnectionStream;
  connections(...args: readonly unknown[]): ConnectionStream {
    const { filter, origin, signal } = checkArguments('connections', args, 1, checkStreamOptions);
    this.#queue.checkOpen('connections');
    return new ConnectionStream(this.#readerOf('connections', filter, origin), signal);
  }

  /**
   * Counts connections, in all or by service, destination, state and protocol. They are counted
   * natively, without an object for each.
   * @throws TypeError, RangeError: bad options
   * @throws IpvsError ESRCH: the filter has a firewall mark, or port 0, of no service;
   *   ERR_IPVS_CLOSED
   * @example
   * ```ts
   * import { Ipvs } from 'ipvs';
   *
   * const ipvs = await Ipvs.open();
   * const counts = await ipvs.countConnections({ by: ['destination', 'state'] });
   * for (const { destination, state, count } of counts) {
   *   console.log(destination.address, state, count);
   * }
   * await ipvs.close();
   * ```
   */
  countConnections<const By extends readonly CountBy[] = readonly []>(
    options?: CountOptions<By>,
  ): Promise<ConnectionCount<By>[]>;
  countConnections(...args: readonly unknown[]): Promise<ConnectionCount[]> {
    return withAwaitStack(this.#count(args));
  }

  async #count(args: readonly unknown[]): Promise<ConnectionCount[]> {
    const { filter, by } = checkArguments('countConnections', args, 1, checkCountOptions);
    const reader = this.#readerOf('countConnections', filter, false);
    try {
      return await reader.count(by);
    } finally {
      reader.close();
    }
  }

  #readerOf(operation: string, filter: EncodedFilter, origin: boolean): ConnectionReader {
    const access = {
      Cursor: this.#native.Cursor,
      handle: this.#handle,
      runTask: <Value>(task: (run: Run) => Promise<Value>) =>
        this.#queue.taskInOrder(operation, task),
    };
    return new ConnectionReader(access, operation, filter, origin);
  }

  /**
   * Checks what this host has and lacks for IPVS, seen from the handle's network namespace. Each
   * failed check has the command that fixes it, if there is one. The check of a scheduler creates
   * nothing, but makes the kernel load its module. Absent schedulers are remembered for a minute,
   * since each check costs a modprobe. If no handle can be opened, use {@link diagnose}.
   * @throws TypeError: bad options; IpvsError ERR_IPVS_CLOSED; no other error
   */
  diagnose(options?: DiagnoseOptions): Promise<Check[]>;
  diagnose(...args: readonly unknown[]): Promise<Check[]> {
    return withAwaitStack(this.#checkAndDiagnose(args));
  }

  async #checkAndDiagnose(args: readonly unknown[]): Promise<Check[]> {
    return this.#diagnose(checkArguments('diagnose', args, 1, checkDiagnoseOptions));
  }

  #diagnose(schedulers: readonly string[] | undefined): Promise<Check[]> {
    return this.#queue.taskInOrder('diagnose', async (run) => {
      let version: string;
      try {
        ({ version } = await run(call(operations.getInfo)));
      } catch (error) {
        return diagnoseWithout(error, this.#netns, schedulers);
      }
      const readFiles = (paths: readonly string[]) => this.#handle.readFiles(paths);
      const probe = (name: string) => run(call(operations.probeScheduler, name));
      return diagnoseThrough(version, readFiles, probe, this.#netns, schedulers);
    });
  }

  /**
   * Samples the whole table periodically:
   * `for await (const sample of ipvs.watch({ interval: 1000 }).ref())`. Each sample has the
   * differences of all counters since the sample before it; the first has none. The watcher ends
   * when the handle is closed.
   *
   * A watcher does not keep the process alive unless {@link TableWatcher.ref} is called. Without
   * it, Node.js ends a program whose top-level `await` waits for nothing else, with exit code 13.
   * @throws TypeError, RangeError: bad options; IpvsError ERR_IPVS_CLOSED: both at the call
   * @example
   * ```ts
   * import { Ipvs } from 'ipvs';
   *
   * const ipvs = await Ipvs.open();
   * await ipvs.ensureService({ protocol: 'tcp', address: '10.96.0.1', port: 80 });
   * for await (const { elapsed, services } of ipvs.watch({ interval: 500 }).ref()) {
   *   if (elapsed === 0) continue; // the first sample
   *   for (const { address, port, change } of services) {
   *     console.log(address, port, change?.rate.connections);
   *   }
   *   break;
   * }
   * await ipvs.close();
   * ```
   */
  watch(options?: WatchOptions): TableWatcher;
  watch(...args: readonly unknown[]): TableWatcher {
    const checked = checkArguments('watch', args, 1, checkWatchOptions);
    this.#queue.checkOpen('watch');
    // Without options, counters are numbers.
    const snapshot = () => this.#queue.runRoutine('watch', readTable('watch')) as Promise<Snapshot>;
    const source = { ...checked, snapshot };
    const watcher: TableWatcher = new TableWatcher(source, () => this.#watchers.delete(watcher));
    this.#watchers.add(watcher);
    return watcher;
  }
}

registerEntries(Ipvs.prototype);
registerEntry('open', Ipvs.open);

/**
 * Checks what this host has and lacks for IPVS. Each failed check has the command that fixes it, if
 * there is one. Works also if no handle can be opened.
 * @param options the network namespace, and the schedulers that are needed:
 *   `{ netns, schedulers: ['wrr'] }`
 * @throws TypeError, RangeError: bad options; no other error
 * @example
 * ```ts
 * import { diagnose } from 'ipvs';
 *
 * for (const { name, status, detail, remedy } of await diagnose({ schedulers: ['wrr'] })) {
 *   if (status !== 'ok') console.log(`${name}: ${detail}`, remedy ?? '');
 * }
 * ```
 */
export function diagnose(options?: OpenOptions & DiagnoseOptions): Promise<Check[]>;
export function diagnose(...args: readonly unknown[]): Promise<Check[]> {
  return withAwaitStack(openAndDiagnose(args));
}

async function openAndDiagnose(args: readonly unknown[]): Promise<Check[]> {
  const { netns, schedulers } = checkArguments('diagnose', args, 1, checkHostOptions);
  return diagnoseHost(netns, schedulers);
}

registerEntry('diagnose', diagnose);
