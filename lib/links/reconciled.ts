/**
 * The result of a reconciliation of addresses.
 * @module
 */

/**
 * The changes that {@link Links.reconcileAddresses} has made or, in a dry run, would make:
 * addresses such as '10.96.0.1/32'.
 */
export interface Reconciled {
  /** Addresses that the link did not have. */
  readonly added: readonly string[];
  /**
   * Addresses that were deleted, including IPv6 addresses that were added again with another
   * prefix length or peer.
   */
  readonly removed: readonly string[];
  /**
   * Addresses that the link had, and that got other lifetimes or, for IPv6, other flags; and
   * secondary IPv4 addresses that were restored as they were, because the kernel deletes them with
   * the first address of their network.
   */
  readonly updated: readonly string[];
}
