/**
 * The links of a network namespace, and their addresses.
 * @module
 */

import { checkArguments } from '../core/arguments.js';
import { readArray, readOptions } from '../core/check.js';
import { wrongValue } from '../core/input-errors.js';
import { checkSignal } from '../core/signals.js';
import { beginAtCaller, handOver, registerEntries, registerEntry } from '../core/stack.js';
import { WeakMembers } from '../core/weak.js';
import type { LinkOperationName, Native, NativeHandle } from '../native/addon.js';
import { layout } from '../native/layout.js';
import { jobError } from '../native/native-errors.js';
import { checkOpenOptions, type OpenOptions } from '../native/netns.js';
import { openHandle } from '../native/open.js';
import { Pool } from '../queue/pool.js';
import { Queue } from '../queue/queue.js';
import { explainLink, linkTarget } from './explain.js';
import { LinkOperations } from './operations.js';
import { LinkRequests, LinkResults } from './requests.js';
import { LinkWatcher } from './watcher.js';

/** Options of {@link Links.watch}. */
export interface WatchLinksOptions {
  /** What to watch. Default: both. */
  readonly types?: readonly ('link' | 'address')[] | undefined;
  /** Ends the watching; it throws the signal's reason. */
  readonly signal?: AbortSignal | undefined;
}

const WATCH_KEYS = new Set(['types', 'signal'] as const);
const WATCH_TYPES = ['link', 'address'] as const;

/** Two: one is filled while the other is under way. */
const pool = new Pool<LinkRequests>(2);

/** Lets the functions of this module alone call the constructor. */
const KEY = Symbol('Links');

/**
 * The operations of {@link Links} without promises: each returns its value, or throws its error,
 * while nothing else happens in the process. They take effect before operations that are pending.
 */
export class SyncLinks extends LinkOperations<'value'> {
  /**
   * Not for callers: use `links.sync`.
   * @internal
   */
  constructor(key: symbol, queue: Queue<LinkRequests, LinkResults>) {
    if (key !== KEY) throw new TypeError('Illegal constructor: use links.sync');
    super(
      (call, args) => queue.runSync(call, args),
      (operation, procedure) => queue.followSync(operation, procedure),
    );
  }
}

/**
 * The network links of one network namespace: above all dummy links, which carry the virtual
 * addresses of services.
 *
 * Operations may be started at any time: those that were called in one turn of the event loop leave
 * together and take effect in the order of the calls; beside those of IPVS they have no order. Each
 * settles with its own result; none stops the others.
 */
export class Links extends LinkOperations<'promise'> implements AsyncDisposable {
  /** The same operations without promises. */
  readonly sync: SyncLinks;
  readonly #native: Native;
  readonly #handle: NativeHandle;
  readonly #queue: Queue<LinkRequests, LinkResults>;
  readonly #watchers = new WeakMembers<LinkWatcher>();

  /**
   * Not for callers: use `ipvs.links` or {@link Links.open}.
   * @internal
   */
  constructor(key: symbol, native: Native, handle: NativeHandle, closeHandle: () => void) {
    if (key !== KEY) throw new TypeError('Illegal constructor: use ipvs.links or Links.open()');
    const queue = new Queue<LinkRequests, LinkResults>({
      handle,
      requests: () => pool.take(() => new LinkRequests(native)),
      release: (requests) => pool.give(requests),
      carry: async (requests) =>
        new LinkResults(await handle.runLinks(requests.bytes(), requests.addressBytes()), layout),
      carrySync: (requests) =>
        new LinkResults(handle.runLinksSync(requests.bytes(), requests.addressBytes()), layout),
      explain: (operation, requests, index, verdict) =>
        // The operations of its calls are those of links.
        explainLink(operation as LinkOperationName, requests, index, verdict),
      target: (operation, requests, args) =>
        linkTarget(operation as LinkOperationName, requests, args),
      close: closeHandle,
    });
    super(
      (call, args) => queue.run(call, args),
      (operation, procedure) => queue.follow(operation, procedure),
    );
    this.#native = native;
    this.#handle = handle;
    this.#queue = queue;
    this.sync = new SyncLinks(KEY, queue);
  }

  /**
   * Opens the links of a network namespace without IPVS, which need not be there;
   * {@link Ipvs.links} has them otherwise.
   * @throws IpvsError ERR_IPVS_UNSUPPORTED_PLATFORM: not Linux
   * @throws IpvsError ERR_IPVS_NO_ADDON: there is no addon for this platform, or it cannot be loaded
   * @throws IpvsError EPERM: for another namespace than the process's own, CAP_SYS_ADMIN is missing
   * @throws IpvsError ENOENT, EINVAL, EBADF: `netns` is not there, or is no network namespace
   * @throws IpvsError EMFILE, ENFILE: there are too many open files; ENOMEM, EAGAIN: there is too
   *   little memory
   */
  static open(options?: OpenOptions): Promise<Links>;
  static open(...args: readonly unknown[]): Promise<Links> {
    return handOver(Links.#open(args));
  }

  static async #open(args: readonly unknown[]): Promise<Links> {
    const netns = checkArguments('open', args, 1, checkOpenOptions);
    const { native, handle } = await openHandle(netns, false);
    return new Links(KEY, native, handle, () => handle.close());
  }

  /**
   * Ends the watchers, carries out what is pending, and lets nothing in any more. Links stay as
   * they are. Those of an {@link Ipvs} are closed with it.
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
   * `for await (const event of links.watch().ref())`. Where events come faster than they are taken,
   * the kernel drops some, and an event of type 'overrun' says so.
   *
   * A watcher does not keep the process alive unless {@link LinkWatcher.ref} is called. Without
   * it, Node.js ends a program whose top-level `await` waits for nothing else, with exit code 13.
   * @throws TypeError bad options
   * @throws IpvsError ERR_IPVS_CLOSED; EMFILE, ENFILE: there are too many open files
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
        layout,
        signal,
        (ended) => this.#watchers.delete(ended),
      );
      // One whose signal is aborted already has ended: its first next() says so.
      if (!signal?.aborted) this.#watchers.add(watcher);
      return watcher;
    } catch (error) {
      throw beginAtCaller(jobError(error, 'watch'), 'watch');
    }
  }
}

registerEntries(Links.prototype);
registerEntry('open', Links.open);

/** The links of a handle that somebody else closes. @internal */
export function linksOf(native: Native, handle: NativeHandle): Links {
  return new Links(KEY, native, handle, () => undefined);
}

function checkWatch(options: unknown): {
  readonly types: readonly ('link' | 'address')[];
  readonly signal: AbortSignal | undefined;
} {
  const { types = WATCH_TYPES, signal } = readOptions(options, WATCH_KEYS);
  const rule = "an array of 'link' and 'address'";
  const wrong = () => wrongValue('options.types', types, `is not ${rule}`);
  const wanted = readArray('options.types', types, rule, (type) => {
    const known = WATCH_TYPES.find((each) => each === type);
    if (known === undefined) throw wrong();
    return known;
  });
  if (wanted.length === 0) throw wrong();
  return { types: [...new Set(wanted)], signal: checkSignal('options.signal', signal) };
}
