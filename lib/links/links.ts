/**
 * The links of a network namespace, and their addresses.
 * @module
 */

import { checkArguments } from '../core/arguments.js';
import { type InspectOptions, inspectHandle } from '../core/inspect-handle.js';
import { lazyPart } from '../core/load-part.js';
import { registerEntries, registerEntry, withAwaitStack } from '../core/stack.js';
import { inspect } from '../core/util.js';
import { checkOpenOptions, type OpenOptions } from '../native/netns.js';
import { beginToOpen } from '../native/open.js';
import type { Activity } from '../queue/activity.js';
import { withDebugLog } from '../queue/open-debug-log.js';
import type { LinkInternals } from './link-internals.js';
import { LinkMethods } from './methods.js';
import type { LinkWatcher } from './watcher.js';

/** Options of {@link Links.watch}. */
export interface WatchLinksOptions {
  /** The watched objects. Default: both. */
  readonly types?: readonly ('link' | 'address')[] | undefined;
  /** Ends the watcher, which then throws the signal's reason. */
  readonly signal?: AbortSignal | undefined;
}

/** Restricts the constructors to the functions of this module. */
const KEY = Symbol('Links');

const loadInternals = lazyPart(withDebugLog(() => import('./link-internals.js')));

/**
 * The operations of {@link Links} without promises: each returns its value, or throws its error,
 * and blocks the event loop until then. They take effect before operations that are pending.
 */
export class SyncLinks extends LinkMethods<'value'> {
  /**
   * Not for callers: use `links.sync`.
   * @internal
   */
  constructor(key: symbol, internals: LinkInternals) {
    if (key !== KEY) throw new TypeError('Illegal constructor: use links.sync');
    super(internals.values);
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
  readonly #internals: LinkInternals;

  /**
   * Not for callers: use `ipvs.links` or {@link Links.open}.
   * @internal
   */
  constructor(key: symbol, internals: LinkInternals) {
    if (key !== KEY) throw new TypeError('Illegal constructor: use ipvs.links or Links.open()');
    super(internals.promises);
    this.#internals = internals;
    this.sync = new SyncLinks(KEY, internals);
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
    const internals = loadInternals('open');
    const opening = beginToOpen(netns, false, internals);
    const { linkInternalsOf } = await internals;
    return new Links(KEY, await linkInternalsOf(opening, netns));
  }

  /**
   * Ends the watchers, executes the pending operations, and refuses new ones. The links stay as
   * they are. Closing an {@link Ipvs} closes its `links`.
   */
  close(): Promise<void> {
    return this.#internals.close();
  }

  /** {@link close}, for `await using`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /**
   * Returns what was done for links so far, and what is being done, as {@link Ipvs.activity} does
   * for IPVS.
   * @throws TypeError an argument
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
    return inspectHandle('Links', state, depth, options);
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
    return this.#internals.watch(args);
  }
}

registerEntries(Links.prototype);
registerEntry('open', Links.open);

/** Returns the public form of links. @internal */
export function linksOf(internals: LinkInternals): Links {
  return new Links(KEY, internals);
}
