/**
 * The handle: a connection to the IPVS of one network namespace.
 * @module
 */

import type { ConnectionCount, CountBy, CountOptions } from './connections/count.js';
import type { ConnectionOptions, ConnectionStream } from './connections/stream.js';
import { checkArguments } from './core/arguments.js';
import { type InspectOptions, inspectHandle } from './core/inspect-handle.js';
import { lazyPart } from './core/load-part.js';
import { registerEntries, registerEntry, withAwaitStack, withAwaitStacks } from './core/stack.js';
import { inspect } from './core/util.js';
import { HandleMethods } from './handle-methods.js';
import type { Check } from './host/diagnose/check.js';
import {
  checkDiagnoseOptions,
  checkHostOptions,
  type DiagnoseOptions,
} from './host/diagnose/options.js';
import type { SyncSysctlAccess, SysctlAccess } from './host/sysctls.js';
import type { Internals } from './internals.js';
import type { Batch, BatchOptions, BatchResults } from './ipvs/batch.js';
import type { TableWatcher, WatchOptions } from './ipvs/watch.js';
import type { Links } from './links/links.js';
import { checkOpenOptions, type OpenOptions } from './native/netns.js';
import { beginToOpen } from './native/open.js';
import type { Activity } from './queue/activity.js';
import { withDebugLog } from './queue/open-debug-log.js';

/** Loads what only an open handle needs, so that importing the package is fast. */
const loadInternals = lazyPart(withDebugLog(() => import('./internals.js')));

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
  constructor(key: symbol, internals: Internals) {
    if (key !== KEY) throw new TypeError('Illegal constructor: use ipvs.sync');
    super(internals.values);
    this.sysctls = internals.syncSysctls;
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
  readonly #internals: Internals;

  /** Not for callers: use {@link Ipvs.open}. */
  private constructor(key: symbol, internals: Internals) {
    if (key !== KEY) throw new TypeError('Illegal constructor: use Ipvs.open()');
    super(internals.promises);
    this.#internals = internals;
    this.links = internals.links;
    this.sync = new SyncIpvs(KEY, internals);
    this.sysctls = internals.sysctls;
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
    const netns = checkArguments('open', args, 1, checkOpenOptions);
    const internals = loadInternals('open');
    const opening = beginToOpen(netns, true, internals);
    const { internalsOf } = await internals;
    return new Ipvs(KEY, await internalsOf(opening, netns));
  }

  /**
   * Closes the handle. Resolves when pending operations have ended. Later operations reject with
   * ERR_IPVS_CLOSED. Services stay as they are. A second call returns the same promise.
   */
  close(): Promise<void> {
    return this.#internals.close();
  }

  /** {@link close}, for `await using`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /**
   * Returns what the handle does at the moment, and has done so far: calls, exchanges with the
   * kernel, and what was done again. `ipvs.links.activity()` is about links. It works after
   * {@link close} too.
   * @throws TypeError an argument
   * @example
   * ```ts
   * import { Ipvs } from 'ipvs';
   *
   * const ipvs = await Ipvs.open();
   * await Promise.all([ipvs.getInfo(), ipvs.listServices()]);
   * const { calls, exchanges, lostReplies } = ipvs.activity();
   * console.log(calls, exchanges, lostReplies); // 2 1 0
   * await ipvs.close();
   * ```
   */
  activity(): Activity;
  activity(...args: readonly unknown[]): Activity {
    return this.#internals.activity(args);
  }

  /**
   * The text of util.inspect(): the network namespace, and whether the handle is open and busy.
   * @internal
   */
  [inspect.custom](depth: number, options: InspectOptions): string {
    // An object that inherits from a handle has no state.
    const state = #internals in this ? this.#internals.state : {};
    return inspectHandle('Ipvs', state, depth, options);
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
    return withAwaitStacks(this.#internals.batch(args));
  }

  /**
   * Returns the connection table, entry by entry:
   * `for await (const connection of ipvs.connections({ service }))`. It is read and filtered on the
   * thread pool, in bounded memory. Leaving the loop ends it; closing the handle ends it at the
   * next chunk. Entries that come and go meanwhile may be missed or seen twice.
   * /proc/net/ip_vs_conn, with `origin` ip_vs_conn_sync; `ipvsadm -Lcn`.
   *
   * If the kernel resizes the table meanwhile (from Linux 7), others may be, too. Then the table is
   * read again; a stream that has delivered entries rejects with EINTR. Only user 0 notices that:
   * see docs/containers.md.
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
    return this.#internals.connections(args);
  }

  /**
   * Counts connections, in all or by service, destination, state and protocol. They are counted
   * natively, without an object for each; again if the kernel resizes the table meanwhile, as far
   * as the process may notice that ({@link connections}).
   * @throws TypeError, RangeError: bad options
   * @throws IpvsError ESRCH: the filter has a firewall mark, or port 0, of no service; EINTR: the
   *   kernel resized the table each time; ERR_IPVS_CLOSED
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
  countConnections<const By extends readonly CountBy[]>(
    options: CountOptions<By> & { readonly by: By },
  ): Promise<ConnectionCount<By>[]>;
  countConnections(
    options?: CountOptions & { readonly by?: undefined },
  ): Promise<ConnectionCount<readonly []>[]>;
  countConnections(options?: CountOptions): Promise<ConnectionCount[]>;
  countConnections(...args: readonly unknown[]): Promise<ConnectionCount[]> {
    return withAwaitStack(this.#internals.countConnections(args));
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
    return this.#internals.diagnose(checkArguments('diagnose', args, 1, checkDiagnoseOptions));
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
    return this.#internals.watch(args);
  }
}

registerEntries(Ipvs.prototype);
registerEntry('open', Ipvs.open);

/**
 * Checks what this host has and lacks for IPVS. Each failed check has the command that fixes it, if
 * there is one. Works also if no handle can be opened.
 * @param options the network namespace, and the schedulers that are needed:
 *   `{ netns, schedulers: ['wrr'] }`
 * @throws TypeError, RangeError: bad options
 * @throws IpvsError EMFILE, ENFILE: too many open files for those of the package; no other error
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
  const internals = loadInternals('diagnose');
  const opening = beginToOpen(netns, true, internals);
  const { diagnoseHost } = await internals;
  return diagnoseHost(opening, netns, schedulers);
}

registerEntry('diagnose', diagnose);
