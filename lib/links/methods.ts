/**
 * The operations on links as methods, asynchronous and synchronous.
 * @module
 */
import type { DeleteOptions } from '../core/delete-options.js';
import { registerEntries } from '../core/stack.js';
import type { ArgumentsOf } from '../queue/operation.js';
import type { Returns } from '../queue/returns.js';
import type { AddressConfig, LinkAddress } from './address.js';
import type { Link } from './link.js';
import type { LinkReference } from './link-reference.js';
import type { EnsuredLink, LinkOperation, linkOperations } from './operations.js';
import type {
  DummyOptions,
  LinkChanges,
  ListAddressesOptions,
  ListLinksOptions,
} from './options.js';
import type { ReconcileAddressesOptions, Reconciled, reconcile } from './reconcile.js';

/** The arguments of the operation of a method. */
type Given<Name extends keyof typeof linkOperations> = ArgumentsOf<(typeof linkOperations)[Name]>;

/** Runs the operations on links, asynchronously or synchronously. @internal */
export interface LinkRunner<How extends 'promise' | 'value'> {
  readonly operations: typeof linkOperations;
  readonly run: <Value, Args extends readonly unknown[]>(
    operation: LinkOperation<Value, Args>,
    args: Args,
  ) => Returns<Value>[How];
  readonly reconcile: (args: Parameters<typeof reconcile>) => Returns<Reconciled>[How];
}

/**
 * The operations on links and addresses. Those of {@link Links} return promises, those of
 * {@link SyncLinks} their values.
 *
 * On bad input, every operation throws, or rejects with, a TypeError or RangeError before anything
 * is sent. If the kernel refuses an operation, it throws, or rejects with, an IpvsError. Every
 * operation can fail with ETIMEDOUT, ERR_IPVS_OUTCOME_UNKNOWN and ERR_IPVS_CLOSED, every one that
 * changes something also with EPERM (CAP_NET_ADMIN in the user namespace that owns the network
 * namespace is missing), and with the errors that are listed with it.
 */
export abstract class LinkMethods<How extends 'promise' | 'value'> {
  readonly #runner: LinkRunner<How>;

  /**
   * Not for callers.
   * @internal
   */
  protected constructor(runner: LinkRunner<How>) {
    this.#runner = runner;
  }

  /** Lists all links, or those of a kind. RTM_GETLINK, `ip link show`. */
  listLinks(options?: ListLinksOptions): Returns<Link[]>[How];
  listLinks(...args: Given<'listLinks'>) {
    return this.#runner.run(this.#runner.operations.listLinks, args);
  }

  /** Returns a link, or undefined if there is none. RTM_GETLINK, `ip link show dev`. */
  getLink(link: LinkReference): Returns<Link | undefined>[How];
  getLink(...args: Given<'getLink'>) {
    return this.#runner.run(this.#runner.operations.getLink, args);
  }

  /**
   * Creates a dummy link if there is none of this name, and switches it on unless `up` is false. A
   * dummy link that exists gets the settings in `options`. RTM_NEWLINK, `ip link add NAME type
   * dummy`. The kernel loads the module of dummy links if it can; in the initial network namespace
   * that also creates a link dummy0, unless the module's parameter numdummies is 0. Resolves to
   * 'unchanged' if the link was as wanted, so that nothing was sent.
   * @throws TypeError the kernel accepts no link of this name; 'all' and 'default' are reserved
   * @throws IpvsError EEXIST: there is a link of this name that is no dummy; it is left as it is
   * @throws IpvsError EINVAL: the MTU is not accepted; ENOTSUP: the kernel has no dummy links
   * @example
   * ```ts
   * import { Links } from 'ipvs';
   *
   * const links = await Links.open();
   * console.log(await links.ensureDummy('vip0', { mtu: 1400 })); // created
   * console.log(await links.ensureDummy('vip0', { mtu: 1500 })); // updated
   * console.log(await links.ensureDummy('vip0', { mtu: 1500 })); // unchanged
   * await links.close();
   * ```
   */
  ensureDummy(name: string, options?: DummyOptions): Returns<EnsuredLink>[How];
  ensureDummy(...args: Given<'ensureDummy'>) {
    return this.#runner.run(this.#runner.operations.ensureDummy, args);
  }

  /**
   * Changes settings of a link of any kind. RTM_SETLINK, `ip link set`. When a link is switched off
   * (`up: false`), or its MTU is set below 1280, the kernel deletes its IPv6 addresses, and they do
   * not come back.
   * @throws IpvsError ENODEV: there is no such link; EINVAL: the MTU is not accepted
   */
  setLink(link: LinkReference, changes: LinkChanges): Returns<void>[How];
  setLink(...args: Given<'setLink'>) {
    return this.#runner.run(this.#runner.operations.setLink, args);
  }

  /**
   * Deletes a link of any kind with its addresses, which is much cheaper than deleting thousands of
   * addresses one by one. RTM_DELLINK, `ip link delete`.
   * @returns true; false if there was no such link and `ifExists` is set
   * @throws IpvsError ENODEV: there is no such link; ENOTSUP: it cannot be deleted, as loopback
   */
  deleteLink(link: LinkReference, options?: DeleteOptions): Returns<boolean>[How];
  deleteLink(...args: Given<'deleteLink'>) {
    return this.#runner.run(this.#runner.operations.deleteLink, args);
  }

  /**
   * Lists the addresses of a link or, without `link`, of all links. The kernel filters them.
   * RTM_GETADDR, `ip address show`.
   * @throws IpvsError ENODEV: there is no such link
   */
  listAddresses(link?: LinkReference, options?: ListAddressesOptions): Returns<LinkAddress[]>[How];
  listAddresses(...args: Given<'listAddresses'>) {
    return this.#runner.run(this.#runner.operations.listAddresses, args);
  }

  /**
   * Adds an address that the link does not have. RTM_NEWADDR, `ip address add`. IPv6 addresses
   * are added without duplicate address detection and without a route to their network, unless
   * their settings ask for it. A listed address ({@link Links.listAddresses}) is added as it was.
   * @throws IpvsError EEXIST: the link has the address, for IPv6 with any prefix length; ENODEV:
   *   there is no such link; EADDRNOTAVAIL: for IPv6, the address is not unicast; EACCES: IPv6 is
   *   switched off on the link; EINVAL: for IPv6, the MTU of the link is below 1280 bytes; for
   *   IPv4, the link has addresses of another scope in the same network; for both, the address was
   *   listed on another link; ENOBUFS: for IPv4, the MTU is below 68; ENOTSUP: the kernel has no
   *   IPv6
   */
  addAddress(link: LinkReference, address: AddressConfig): Returns<void>[How];
  addAddress(...args: Given<'addAddress'>) {
    return this.#runner.run(this.#runner.operations.addAddress, args);
  }

  /**
   * Adds an address if the link does not have it, permanently unless its settings have lifetimes.
   * An address that the link has gets the wanted lifetimes and, for IPv6, the wanted flags, prefix
   * length and peer; settings that are left out stay as they are. An IPv6 address that failed the
   * detection of duplicates is added again, unless it is a listed one. If the address is as wanted,
   * nothing is sent, and there is no event: it resolves to 'unchanged', also for an address that
   * was just listed.
   * @throws IpvsError EEXIST: for IPv4, the link has the address with another scope, label,
   *   broadcast address, prefix route or peer in the same network than the wanted one, and the
   *   kernel does not change these: the message says which it is and both values; ENODEV: there is
   *   no such link; others as {@link addAddress}
   */
  ensureAddress(link: LinkReference, address: AddressConfig): Returns<EnsuredLink>[How];
  ensureAddress(...args: Given<'ensureAddress'>) {
    return this.#runner.run(this.#runner.operations.ensureAddress, args);
  }

  /**
   * Deletes the address with this prefix length, and with this label if it is given. For IPv4, its
   * peer, or the address itself if that has none, must be in the same network as the given one.
   * Other settings are ignored, and so is the peer of IPv6. RTM_DELADDR, `ip address delete`.
   * @returns true; false if there was no such address, or no such link, and `ifExists` is set
   * @throws IpvsError EADDRNOTAVAIL: the link has no such address; ENODEV: there is no such link
   */
  deleteAddress(
    link: LinkReference,
    address: AddressConfig,
    options?: DeleteOptions,
  ): Returns<boolean>[How];
  deleteAddress(...args: Given<'deleteAddress'>) {
    return this.#runner.run(this.#runner.operations.deleteAddress, args);
  }

  /**
   * Gives a link the wanted addresses. It reads the addresses of the link once, and sends as few
   * messages as possible, in chunks between which other operations are executed. Addresses that
   * are as wanted are not touched, including listed ones that are passed back in. Others are
   * changed as {@link ensureAddress} does. `wanted` may contain an address more than once, if its
   * settings do not contradict each other.
   * @throws TypeError an address is wanted with two prefix lengths, of which IPv6 allows only one,
   *   or with settings that contradict each other; `prune` does not return a boolean
   * @throws ReconcileError some changes were refused; the others were made
   * @throws IpvsError ENODEV: there is no such link; ERR_IPVS_TOO_MANY_DELETIONS: more addresses
   *   would be deleted than `maxDeletions`
   * @example
   * ```ts
   * import { Links } from 'ipvs';
   *
   * const links = await Links.open();
   * await links.ensureDummy('vip0');
   * await links.addAddress('vip0', '10.96.0.9/32');
   * const wanted = ['10.96.0.1/32', 'fd00::1/128'];
   * const { added, removed } = await links.reconcileAddresses('vip0', wanted, { prune: true });
   * console.log(added, removed); // [ '10.96.0.1/32', 'fd00::1/128' ] [ '10.96.0.9/32' ]
   *
   * const planned = await links.reconcileAddresses('vip0', [], {
   *   prune: ({ family }) => family === 'ipv6',
   *   dryRun: true,
   * });
   * console.log(planned.removed); // [ 'fd00::1/128' ]
   * await links.close();
   * ```
   */
  reconcileAddresses(
    link: LinkReference,
    wanted: readonly AddressConfig[],
    options?: ReconcileAddressesOptions,
  ): Returns<Reconciled>[How];
  reconcileAddresses(...args: Parameters<typeof reconcile>) {
    return this.#runner.reconcile(args);
  }
}

registerEntries(LinkMethods.prototype);
