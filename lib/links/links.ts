/**
 * The links of a network namespace, and their addresses.
 * @module
 */
import type { DeleteOptions, Ensured } from '../calls.js';
import { checkKeys } from '../check.js';
import { checkSignal } from '../connections.js';
import { wrongType, wrongValue } from '../errors.js';
import { explainNative } from '../explain.js';
import type { LinkOperationName, Native, NativeHandle } from '../native.js';
import { checkOpenOptions, type OpenOptions } from '../netns.js';
import { openHandle } from '../open.js';
import { type Protocol, Queue } from '../queue.js';
import type { AddressConfig, LinkAddress } from './address.js';
import { linkCalls } from './calls.js';
import { explainLink } from './explain.js';
import type { Link, LinkReference } from './link.js';
import { type Reconciled, type ReconcileOptions, reconcile } from './reconcile.js';
import { LinkRequests, LinkResults } from './requests.js';
import { LinkWatcher } from './watcher.js';

/** Options of {@link Links.ensureDummy}. */
export interface DummyOptions {
  /** Whether it is switched on. Default true. */
  readonly up?: boolean | undefined;
  /** Bytes. Default: 1500 for a new link, and as it is for one that exists. */
  readonly mtu?: number | undefined;
}

/** Settings of a link; what is left out stays. */
export interface LinkChanges {
  /** Whether it is switched on. */
  readonly up?: boolean | undefined;
  /** Bytes. */
  readonly mtu?: number | undefined;
}

/** Options of {@link Links.listLinks}. */
export interface ListLinksOptions {
  /** Only links of this kind ('dummy'). Default: all. */
  readonly kind?: string | undefined;
}

/** Options of {@link Links.listAddresses}. */
export interface ListAddressesOptions {
  /** Default: both. */
  readonly family?: 'ipv4' | 'ipv6' | undefined;
}

/** Options of {@link Links.watch}. */
export interface WatchLinksOptions {
  /** What to watch. Default: both. */
  readonly types?: readonly ('link' | 'address')[] | undefined;
  /** Ends the watching; it throws the signal's reason. */
  readonly signal?: AbortSignal | undefined;
}

const WATCH_KEYS: ReadonlySet<string> = new Set(['types', 'signal']);
const WATCH_TYPES = ['link', 'address'] as const;

/** Lets the functions of this module alone call the constructor. */
const KEY = Symbol('Links');

/**
 * The network links of one network namespace: above all dummy links, which carry the virtual addresses of services.
 *
 * Operations may be started at any time: those that were called in one turn of the event loop leave together and take effect in the order of the
 * calls; beside those of IPVS they have no order. Each settles with its own result; none stops the others.
 *
 * Every operation rejects with a TypeError or RangeError on bad input, before anything is sent, and with an IpvsError when the kernel
 * refuses it: besides those that are listed with the operations EPERM (CAP_NET_ADMIN in the user namespace that owns the network namespace
 * is missing; reading needs nothing), ERR_IPVS_OUTCOME_UNKNOWN and ERR_IPVS_CLOSED.
 */
export class Links implements AsyncDisposable {
  readonly #native: Native;
  readonly #handle: NativeHandle;
  readonly #queue: Queue<LinkRequests, LinkResults>;
  readonly #watchers = new Set<LinkWatcher>();

  /** Not for callers: use `ipvs.links` or {@link Links.open}. */
  constructor(key: symbol, native: Native, handle: NativeHandle, closeHandle: () => void) {
    if (key !== KEY) throw new TypeError('Illegal constructor: use ipvs.links or Links.open()');
    this.#native = native;
    this.#handle = handle;
    const { layout } = native;
    const protocol: Protocol<LinkRequests, LinkResults> = {
      requests: () => new LinkRequests(layout),
      carry: async (requests) =>
        new LinkResults(await handle.runLinks(requests.bytes(), requests.addressBytes()), layout),
      explain: (operation, requests, index, verdict) =>
        // The operations of its calls are those of links.
        explainLink(operation as LinkOperationName, requests, index, verdict),
      close: closeHandle,
    };
    this.#queue = new Queue(protocol);
  }

  /**
   * Opens the links of a network namespace without IPVS, which need not be there; {@link Ipvs.links} has them otherwise.
   * @throws IpvsError ERR_IPVS_UNSUPPORTED_PLATFORM: not Linux
   * @throws IpvsError EPERM: for another namespace than the process's own, CAP_SYS_ADMIN is missing
   * @throws IpvsError ENOENT, EINVAL, EBADF: `netns` is not there, or is no network namespace
   * @throws IpvsError EMFILE, ENFILE: there are too many open files; ENOMEM, EAGAIN: there is too little memory
   */
  static async open(options: OpenOptions = {}): Promise<Links> {
    const { native, handle } = await openHandle(checkOpenOptions(options), false);
    return new Links(KEY, native, handle, () => handle.close());
  }

  /**
   * Ends the watchers, carries out what is pending, and lets nothing in any more. Links stay as they are. Those of an {@link Ipvs} are closed with it.
   */
  close(): Promise<void> {
    for (const watcher of this.#watchers) void watcher.return();
    return this.#queue.close();
  }

  /** {@link close}, for `await using`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** All links, or those of a kind. RTM_GETLINK, `ip link show`. */
  listLinks(options?: ListLinksOptions): Promise<Link[]> {
    return this.#queue.run(linkCalls.listLinks(options));
  }

  /** A link, or undefined if there is none. RTM_GETLINK, `ip link show dev`. */
  getLink(link: LinkReference): Promise<Link | undefined> {
    return this.#queue.run(linkCalls.getLink(link));
  }

  /**
   * Makes a dummy link be there, switched on unless `up` is false. One that exists gets what `options` name. RTM_NEWLINK, `ip link add NAME type dummy`.
   * The kernel loads its module for it where it can; in the initial network namespace that makes a link dummy0, unless the module's
   * parameter numdummies is 0.
   * @throws IpvsError EEXIST: there is a link of this name that is no dummy; it is left as it is
   * @throws IpvsError EINVAL: the MTU; ENOTSUP: the kernel has no dummy links
   */
  ensureDummy(name: string, options?: DummyOptions): Promise<Ensured> {
    return this.#queue.run(linkCalls.ensureDummy(name, options));
  }

  /**
   * Changes settings of a link of any kind. RTM_SETLINK, `ip link set`. Switching a link off (`up: false`) makes the kernel delete its
   * IPv6 addresses, and they do not come back when it is switched on.
   * @throws IpvsError ENODEV: there is none; EINVAL: the MTU
   */
  setLink(link: LinkReference, changes: LinkChanges): Promise<void> {
    return this.#queue.run(linkCalls.setLink(link, changes));
  }

  /**
   * Deletes a link of any kind, and its addresses: much cheaper than deleting thousands of those one by one. RTM_DELLINK, `ip link delete`.
   * @returns true; false if there was none and `ifExists` is set
   * @throws IpvsError ENODEV: there is none; ENOTSUP: it cannot be deleted, as loopback
   */
  deleteLink(link: LinkReference, options?: DeleteOptions): Promise<boolean> {
    return this.#queue.run(linkCalls.deleteLink(link, options));
  }

  /**
   * The addresses of a link; without one, of all. The kernel filters. RTM_GETADDR, `ip address show`.
   * @throws IpvsError ENODEV: there is no such link
   */
  listAddresses(link?: LinkReference, options?: ListAddressesOptions): Promise<LinkAddress[]> {
    return this.#queue.run(linkCalls.listAddresses(link, options));
  }

  /**
   * Adds an address, which the link must not have. RTM_NEWADDR, `ip address add`. IPv6 addresses come without duplicate address detection and
   * without a route to their network, unless they ask for it.
   * @throws IpvsError EEXIST: the link has it, of IPv6 with whatever prefix length; ENODEV: there is no such link;
   *   EADDRNOTAVAIL: of IPv6, it is not unicast; EACCES: IPv6 is switched off on the link
   */
  addAddress(link: LinkReference, address: AddressConfig): Promise<void> {
    return this.#queue.run(linkCalls.addAddress(link, address));
  }

  /**
   * Makes a link have an address, for ever. One that it has stays as it is, but that it no longer expires and, of IPv6, gets these flags and this prefix length.
   * Nothing is sent, and no event caused, where all is as it should be.
   * @throws IpvsError ENODEV: there is no such link; EADDRNOTAVAIL, EACCES: as {@link addAddress}
   */
  ensureAddress(link: LinkReference, address: AddressConfig): Promise<Ensured> {
    return this.#queue.run(linkCalls.ensureAddress(link, address));
  }

  /**
   * Deletes an address of this prefix length. RTM_DELADDR, `ip address delete`.
   * @returns true; false if it, or its link, was not there and `ifExists` is set
   * @throws IpvsError EADDRNOTAVAIL: the link has no such address; ENODEV: there is no such link
   */
  deleteAddress(
    link: LinkReference,
    address: AddressConfig,
    options?: DeleteOptions,
  ): Promise<boolean> {
    return this.#queue.run(linkCalls.deleteAddress(link, address, options));
  }

  /**
   * Brings the addresses of a link to what is wanted: reads them once, and sends the fewest messages, in parts between which other operations
   * have their turn. Those that the link has and should have stay untouched.
   * @throws ReconcileError some changes were refused; the others were made
   * @throws IpvsError ENODEV: there is no such link
   */
  reconcileAddresses(
    link: LinkReference,
    wanted: readonly AddressConfig[],
    options?: ReconcileOptions,
  ): Promise<Reconciled> {
    return this.#queue.aside('reconcileAddresses', (run) =>
      reconcile(run, this.#native.layout, link, wanted, options),
    );
  }

  /**
   * What happens to links and addresses from now on: `for await (const event of links.watch())`. Where events come faster than they are
   * taken, the kernel drops some, and an event of type 'overrun' says so.
   * @throws TypeError bad options
   * @throws IpvsError ERR_IPVS_CLOSED; EMFILE, ENFILE: there are too many open files
   */
  watch(options: WatchLinksOptions = {}): LinkWatcher {
    const { types, signal } = checkWatch(options);
    this.#queue.checkOpen('watch');
    signal?.throwIfAborted();
    const { Watcher, layout } = this.#native;
    const mask = types.reduce((sum, type) => sum | layout.watchTypes[type], 0);
    try {
      const watcher = new LinkWatcher(
        (notify) => new Watcher(this.#handle, mask, notify),
        layout,
        signal,
        (ended) => this.#watchers.delete(ended),
      );
      this.#watchers.add(watcher);
      return watcher;
    } catch (error) {
      throw explainNative(error, 'watch');
    }
  }
}

/** The links of a handle that somebody else closes. */
export function linksOf(native: Native, handle: NativeHandle): Links {
  return new Links(KEY, native, handle, () => undefined);
}

function checkWatch(options: unknown): {
  readonly types: readonly ('link' | 'address')[];
  readonly signal: AbortSignal | undefined;
} {
  checkKeys('options', options, WATCH_KEYS);
  // checkKeys() has seen an object.
  const { types = WATCH_TYPES, signal } = options as Readonly<Record<string, unknown>>;
  const rule = "an array of 'link' and 'address'";
  if (!Array.isArray(types)) throw wrongType('options.types', types, rule);
  const wanted = WATCH_TYPES.filter((type) => types.includes(type));
  if (wanted.length === 0 || wanted.length !== new Set(types).size) {
    throw wrongValue('options.types', types, `is not ${rule}`);
  }
  return { types: wanted, signal: checkSignal('options.signal', signal) };
}
