/**
 * The operations on links, as methods: once for every way to call them.
 * @module
 */
import { subjectOf } from '../core/arguments.js';
import { registerEntries } from '../core/stack.js';
import type { DeleteOptions } from '../ipvs/calls.js';
import { given, type Procedure } from '../queue/procedure.js';
import type { Returns } from '../queue/returns.js';
import type { AddressConfig, LinkAddress } from './address.js';
import { type EnsuredLink, type LinkCall, linkCalls } from './calls.js';
import type { Link } from './link.js';
import type { LinkReference } from './link-reference.js';
import type {
  DummyOptions,
  LinkChanges,
  ListAddressesOptions,
  ListLinksOptions,
} from './options.js';
import { type ReconcileOptions, reconcile } from './reconcile.js';
import type { Reconciled } from './reconcile-error.js';
import type { LinkRequestBuffer } from './request-buffer.js';
import type { LinkResults } from './results.js';

/**
 * The arguments of an operation. Methods pass on all that they are given, so that surplus ones are
 * refused.
 */
type Given<Name extends keyof typeof linkCalls> =
  (typeof linkCalls)[Name] extends LinkCall<unknown, infer Args> ? Args : never;

/** Runs an operation. */
type Send<How extends 'promise' | 'value'> = <Value, Args extends readonly unknown[]>(
  call: LinkCall<Value, Args>,
  args: Args,
) => Returns<Value>[How];

/** Follows a procedure. */
type Follow<How extends 'promise' | 'value'> = <Value>(
  operation: string,
  procedure: Procedure<LinkRequestBuffer, LinkResults, Value>,
) => Returns<Value>[How];

/**
 * The operations that are one request each, and those that are more. With {@link Links} they return
 * promises, with {@link SyncLinks} their values.
 *
 * Every operation throws, or rejects with, a TypeError or RangeError on bad input, before anything
 * is sent, and an IpvsError when the kernel refuses it: besides those that are listed with the
 * operations EPERM (CAP_NET_ADMIN in the user namespace that owns the network namespace is missing;
 * reading needs nothing), ETIMEDOUT, ERR_IPVS_OUTCOME_UNKNOWN and ERR_IPVS_CLOSED.
 */
export abstract class LinkOperations<How extends 'promise' | 'value'> {
  readonly #send: Send<How>;
  readonly #follow: Follow<How>;

  /**
   * Not for callers.
   * @internal
   */
  protected constructor(send: Send<How>, follow: Follow<How>) {
    this.#send = send;
    this.#follow = follow;
  }

  /** All links, or those of a kind. RTM_GETLINK, `ip link show`. */
  listLinks(options?: ListLinksOptions): Returns<Link[]>[How];
  listLinks(...args: Given<'listLinks'>) {
    return this.#send(linkCalls.listLinks, args);
  }

  /** A link, or undefined if there is none. RTM_GETLINK, `ip link show dev`. */
  getLink(link: LinkReference): Returns<Link | undefined>[How];
  getLink(...args: Given<'getLink'>) {
    return this.#send(linkCalls.getLink, args);
  }

  /**
   * Makes a dummy link be there, switched on unless `up` is false. One that exists gets what
   * `options` name. RTM_NEWLINK, `ip link add NAME type dummy`. The kernel loads its module for it
   * where it can; in the initial network namespace that makes a link dummy0, unless the module's
   * parameter numdummies is 0. Resolves to 'unchanged' where nothing was sent, because all is as it
   * should be.
   * @throws TypeError the kernel accepts no link of this name; 'all' and 'default' are names of its
   *   own
   * @throws IpvsError EEXIST: there is a link of this name that is no dummy; it is left as it is
   * @throws IpvsError EINVAL: the MTU; ENOTSUP: the kernel has no dummy links
   */
  ensureDummy(name: string, options?: DummyOptions): Returns<EnsuredLink>[How];
  ensureDummy(...args: Given<'ensureDummy'>) {
    return this.#send(linkCalls.ensureDummy, args);
  }

  /**
   * Changes settings of a link of any kind. RTM_SETLINK, `ip link set`. Switching a link off (`up:
   * false`) makes the kernel delete its IPv6 addresses, and they do not come back when it is
   * switched on; an MTU below 1280 does the same.
   * @throws IpvsError ENODEV: there is none; EINVAL: the MTU
   */
  setLink(link: LinkReference, changes: LinkChanges): Returns<void>[How];
  setLink(...args: Given<'setLink'>) {
    return this.#send(linkCalls.setLink, args);
  }

  /**
   * Deletes a link of any kind, and its addresses: much cheaper than deleting thousands of those
   * one by one. RTM_DELLINK, `ip link delete`.
   * @returns true; false if there was none and `ifExists` is set
   * @throws IpvsError ENODEV: there is none; ENOTSUP: it cannot be deleted, as loopback
   */
  deleteLink(link: LinkReference, options?: DeleteOptions): Returns<boolean>[How];
  deleteLink(...args: Given<'deleteLink'>) {
    return this.#send(linkCalls.deleteLink, args);
  }

  /**
   * The addresses of a link; without one, of all. The kernel filters. RTM_GETADDR, `ip address
   * show`.
   * @throws IpvsError ENODEV: there is no such link
   */
  listAddresses(link?: LinkReference, options?: ListAddressesOptions): Returns<LinkAddress[]>[How];
  listAddresses(...args: Given<'listAddresses'>) {
    return this.#send(linkCalls.listAddresses, args);
  }

  /**
   * Adds an address, which the link must not have. RTM_NEWADDR, `ip address add`. IPv6 addresses
   * come without duplicate address detection and without a route to their network, unless they ask
   * for it. A listed address ({@link Links.listAddresses}) is added as it was.
   * @throws IpvsError EEXIST: the link has it, of IPv6 with whatever prefix length; ENODEV: there
   *   is no such link; EADDRNOTAVAIL: of IPv6, it is not unicast; EACCES: IPv6 is switched off on
   *   the link; EINVAL: of IPv6, the MTU of the link is below 1280 bytes; of IPv4, the link has
   *   addresses of another scope in the same network; of both, the address was listed on another
   *   link; ENOBUFS: of IPv4, the MTU is below 68; ENOTSUP: the kernel has no IPv6
   */
  addAddress(link: LinkReference, address: AddressConfig): Returns<void>[How];
  addAddress(...args: Given<'addAddress'>) {
    return this.#send(linkCalls.addAddress, args);
  }

  /**
   * Makes a link have an address, permanently unless it has lifetimes. One that it has gets these
   * lifetimes and, of IPv6, these flags, this prefix length and this peer; what is left out of the
   * settings, and of other settings, stays. Nothing is sent, and no event caused, where all is as
   * it should be: it then resolves to 'unchanged', as it does for an address that was just listed.
   * @throws IpvsError EEXIST: of IPv4, the link has it with another scope, label, broadcast address
   *   or prefix route than was asked for, which the kernel does not change: the message says which
   *   and both values; ENODEV: there is no such link; others as {@link addAddress}
   */
  ensureAddress(link: LinkReference, address: AddressConfig): Returns<EnsuredLink>[How];
  ensureAddress(...args: Given<'ensureAddress'>) {
    return this.#send(linkCalls.ensureAddress, args);
  }

  /**
   * Deletes an address of this prefix length, and of this label and peer if they are given; other
   * settings count for nothing. RTM_DELADDR, `ip address delete`.
   * @returns true; false if it, or its link, was not there and `ifExists` is set
   * @throws IpvsError EADDRNOTAVAIL: the link has no such address; ENODEV: there is no such link
   */
  deleteAddress(
    link: LinkReference,
    address: AddressConfig,
    options?: DeleteOptions,
  ): Returns<boolean>[How];
  deleteAddress(...args: Given<'deleteAddress'>) {
    return this.#send(linkCalls.deleteAddress, args);
  }

  /**
   * Brings the addresses of a link to what is wanted: reads them once, and sends the fewest
   * messages, in parts between which other operations have their turn. Those that the link has and
   * should have stay untouched, as do listed ones that are passed back in. For what becomes of the
   * others see {@link ensureAddress}. An address may be wanted more than once, if all of its
   * settings agree.
   * @throws TypeError an address is wanted with two prefix lengths, of which IPv6 allows one, or
   *   with settings that contradict each other
   * @throws ReconcileError some changes were refused; the others were made
   * @throws IpvsError ENODEV: there is no such link
   */
  reconcileAddresses(
    link: LinkReference,
    wanted: readonly AddressConfig[],
    options?: ReconcileOptions,
  ): Returns<Reconciled>[How];
  reconcileAddresses(...args: Parameters<typeof reconcile>) {
    return this.#follow('reconcileAddresses', given(reconcile, args, subjectOf));
  }
}

registerEntries(LinkOperations.prototype);
