/**
 * The result of a reconciliation, and the error where a part of it was refused.
 * @module
 */
import { IpvsError } from '../core/errors.js';

/** The changes that {@link Links.reconcileAddresses} has made: addresses such as '10.96.0.1/32'. */
export interface Reconciled {
  /** Addresses that the link did not have. */
  readonly added: readonly string[];
  /**
   * Addresses that were deleted, including IPv6 addresses that were added again with another
   * prefix length or peer.
   */
  readonly removed: readonly string[];
  /** Addresses that the link had, and that got other lifetimes or, for IPv6, other flags. */
  readonly updated: readonly string[];
}

/**
 * Some of the changes were refused; the others have been made. `errors` says which were refused and
 * why, `done` which were made.
 */
export class ReconcileError extends IpvsError {
  /** One error for each change that was not made. */
  readonly errors: readonly IpvsError[];
  /** The changes that were made. */
  readonly done: Reconciled;

  /** Not for callers. */
  constructor(message: string, errors: readonly IpvsError[], done: Reconciled) {
    const [first] = errors;
    super(message, {
      code: first?.code ?? 'ERR_IPVS_OUTCOME_UNKNOWN',
      errno: first?.errno,
      syscall: first?.syscall,
      operation: 'reconcileAddresses',
      target: first?.target,
      cause: first,
    });
    this.errors = errors;
    this.done = done;
  }
}
