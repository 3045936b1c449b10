/**
 * The error of a reconciliation of which a part was refused.
 * @module
 */
import { IpvsError } from './errors.js';

/**
 * Some of the changes were refused; the others have been made. `errors` says which were refused and
 * why, `done` which were made. A dry run of {@link Links.reconcileAddresses} throws it for changes
 * that are refused without being sent; then `done` has those that would be made.
 */
export class ReconcileError<Done = unknown> extends IpvsError {
  /** The errors of the changes that were not made. */
  readonly errors: readonly IpvsError[];
  /** The changes that were made: the result so far. */
  readonly done: Done;

  /** Not for callers. */
  constructor(operation: string, message: string, errors: readonly IpvsError[], done: Done) {
    const [first] = errors;
    super(message, {
      code: first?.code ?? 'ERR_IPVS_OUTCOME_UNKNOWN',
      errno: first?.errno,
      syscall: first?.syscall,
      operation,
      target: first?.target,
      cause: first,
    });
    this.errors = errors;
    this.done = done;
  }
}
