/**
 * The links of a network namespace, and their addresses.
 * @module
 */

import { checkArguments } from '../core/arguments.js';
import { readArray, readOptions } from '../core/check.js';
import { wrongValue } from '../core/input-errors.js';
import { IterableWeakSet } from '../core/iterable-weak-set.js';
import { checkSignal } from '../core/signals.js';
import { beginAtCaller, registerEntries, registerEntry, withAwaitStack } from '../core/stack.js';
import type { Native, NativeHandle } from '../native/addon.js';
import { layout } from '../native/layout.js';
import { nativeCallError } from '../native/native-errors.js';
import { checkOpenOptions, type OpenOptions } from '../native/netns.js';
import { openHandle } from '../native/open.js';
import { Queue } from '../queue/queue.js';
import { type LinkQueue, linkClient } from './client.js';
import { LinkMethods } from './methods.js';
import { LinkWatcher } from './watcher.js';

/** Options of {@link Links.watch}. */
export interface WatchLinksOptions {
  /** What to watch. Default: both. */
  readonly types?: readonly ('link' | 'address')[] | undefined;
  /** Ends the watcher, which then throws the signal's reason. */
  readonly signal?: AbortSignal | undefined;
}

const WATCH_KEYS = new Set(['types', 'signal'] as const);
const WATCH_TYPES = ['link', 'address'] as const;

/** Restricts the constructors to the functions of this module. */
const KEY = Symbol('Links');

/**
 * The operations of {@link Links} without promises: each returns its value, or throws its error,
 * and blocks the event loop until then. They take effect before operations that are pending.
 */
export class SyncLinks extends LinkMethods<'value'> {
  /**
   * Not for callers: use `links.sync`.
   * @internal
   */
  constructor(key: symbol, queue: LinkQueue) {
    if (key !== KEY) throw new TypeError('Illegal constructor: use links.sync');
    super(
      (operation, args) => queue.runSync(operation, args),
      (operation, routine) => queue.runRoutineSync(operation, routine),
    );
  }
}

/**
 * The network links of one network namespace: mainly dummy links, which have the virtual addresses
 * of services.
 *
 * Operations can be started at any time. Those that are called in one turn of the event loop are
 * sent together, and take effect in the order of the calls; between them and operations of IPVS
 * there is no order. Each settles with its own result, and a failure does not stop the others.
 */
export class Links extends LinkMethods<'promise'> implements AsyncDisposable {
  /** The same operations without promises. */
  readonly sync: SyncLinks;
  readonly #native: Native;
  readonly #handle: NativeHandle;
  readonly #queue: LinkQueue;
  readonly #watchers = new IterableWeakSet<LinkWatcher>();

  /**
   * Not for callers: use `ipvs.links` or {@link Links.open}.
   * @internal
   */
  constructor(key: symbol, native: Native, handle: NativeHandle, closeHandle: () => void) {
    if (key !== KEY) throw new TypeError('Illegal constructor: use ipvs.links or Links.open()');
    const queue: LinkQueue = new Queue(linkClient(native, handle, closeHandle));
    super(queue.run, (operation, routine) => queue.runRoutine(operation, routine));
    this.#native = native;
    this.#handle = handle;
    this.#queue = queue;
    this.sync = new SyncLinks(KEY, queue);
  }

  /**
   * Opens the links of a network namespace without IPVS, which the kernel need not have. With
   * IPVS, use {@link Ipvs.links}.
   * @throws IpvsError ERR_IPVS_UNSUPPORTED_PLATFORM: not Linux
   * @throws IpvsError ERR_IPVS_NO_ADDON: there is no addon for this platform, or it cannot be
   *   loaded
   * @throws IpvsError EPERM: for another namespace than the process's own, CAP_SYS_ADMIN is missing
   * @throws IpvsError ENOENT, EINVAL, EBADF: `netns` is not there, or is no network namespace
   * @throws IpvsError EMFILE, ENFILE: there are too many open files; ENOMEM, EAGAIN: there is too
   *   little memory
   * @example
   * ```ts
   * import { Links } from 'ipvs';
   *
   * const links = await Links.open();
   * for (const { name, mtu } of await links.listLinks()) console.log(name, mtu);
   * for (const { address, prefixLength } of await links.listAddresses('lo')) {
   *   console.log(`${address}/${prefixLength}`);
   * }
   * await links.close();
   * ```
   */
  static open(options?: OpenOptions): Promise<Links>;
  static open(...args: readonly unknown[]): Promise<Links> {
    return withAwaitStack(Links.#open(args));
  }

  static async #open(args: readonly unknown[]): Promise<Links> {
    const netns = checkArguments('open', args, 1, checkOpenOptions);
    const { native, handle } = await openHandle(netns, false);
    return new Links(KEY, native, handle, () => handle.close());
  }

  /**
   * Ends the watchers, executes the pending operations, and refuses new ones. The links stay as
   * they are. Closing an {@link Ipvs} closes its `links`.
   */
  close(): Promise<void> {
    for (const watcher of this.#watchers.list()) void watcher.return();
    return this.#queue.close();
  }

  /** {@link close}, for `await using`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /**
   * Events of links and addresses from now on:
   * `for await (const event of links.watch().ref())`. If events arrive faster than they are read,
   * the kernel drops some, which an event of type 'overrun' reports.
   *
   * A watcher does not keep the process alive unless {@link LinkWatcher.ref} is called. Without
   * it, Node.js ends a program whose top-level `await` waits for nothing else, with exit code 13.
   * @throws TypeError bad options
   * @throws IpvsError ERR_IPVS_CLOSED; EMFILE, ENFILE: there are too many open files
   * @example
   * ```ts
   * import { Links } from 'ipvs';
   *
   * const links = await Links.open();
   * const events = links.watch({ types: ['address'] }).ref();
   * await links.ensureDummy('vip0');
   * await links.ensureAddress('vip0', '10.96.0.1/32');
   * for await (const event of events) {
   *   if (event.type === 'overrun') console.error('some events were lost');
   *   if (event.type !== 'address') continue;
   *   console.log(event.action, event.address.address);
   *   if (event.address.address === '10.96.0.1') break;
   * }
   * await links.close();
   * ```
   */
  watch(options?: WatchLinksOptions): LinkWatcher;
  watch(...args: readonly unknown[]): LinkWatcher {
    const { types, signal } = checkArguments('watch', args, 1, checkWatch);
    this.#queue.checkOpen('watch');
    const { Watcher } = this.#native;
    const mask = types.reduce((sum, type) => sum | layout.watchTypes[type], 0);
    try {
      const watcher = new LinkWatcher(
        (notify) => new Watcher(this.#handle, mask, notify),
        signal,
        (ended) => this.#watchers.delete(ended),
      );
      // If the signal is aborted already, the watcher has ended: its first next() throws.
      if (!signal?.aborted) this.#watchers.add(watcher);
      return watcher;
    } catch (error) {
      throw beginAtCaller(nativeCallError(error, 'watch'), 'watch');
    }
  }
}

registerEntries(Links.prototype);
registerEntry('open', Links.open);

/** Returns the links of a handle, without closing it when they are closed. @internal */
export function linksOf(native: Native, handle: NativeHandle): Links {
  return new Links(KEY, native, handle, () => undefined);
}

function checkWatch(options: unknown) {
  const { types = WATCH_TYPES, signal } = readOptions(options, WATCH_KEYS);
  const rule = "an array of 'link' and 'address'";
  const wrong = () => wrongValue('options.types', types, `is not ${rule}`);
  const wanted = readArray('options.types', types, rule, (type) => {
    const known = WATCH_TYPES.find((each) => each === type);
    if (known === undefined) throw wrong();
    return known;
  });
  if (wanted.length === 0) throw wrong();
  return { types: wanted, signal: checkSignal('options.signal', signal) };
}
