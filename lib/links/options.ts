/**
 * Options and settings of the operations on links.
 * @module
 */

/** Options of {@link Links.ensureDummy}. */
export interface DummyOptions {
  /**
   * True switches the link on, false off: the kernel deletes the IPv6 addresses of one that was on.
   * Default true.
   */
  readonly up?: boolean | undefined;
  /**
   * Bytes. Default: 1500 for a new link, and unchanged for one that exists. For the minimum that
   * addresses need see {@link LinkChanges.mtu}.
   */
  readonly mtu?: number | undefined;
}

/** Settings of a link to change; those that are left out stay as they are. */
export interface LinkChanges {
  /** True switches the link on, false off. */
  readonly up?: boolean | undefined;
  /**
   * Bytes. Below 1280 the kernel deletes all IPv6 addresses of the link and accepts none, below 68
   * the IPv4 addresses too; they do not come back when the MTU is raised.
   */
  readonly mtu?: number | undefined;
}

/** Options of {@link Links.listLinks}. */
export interface ListLinksOptions {
  /** Only links of this kind ('dummy'). Default: all. */
  readonly kind?: string | undefined;
}

/** Options of {@link Links.listAddresses}. */
export interface ListAddressesOptions {
  /** Only addresses of this family. Default: both. */
  readonly family?: 'ipv4' | 'ipv6' | undefined;
}
