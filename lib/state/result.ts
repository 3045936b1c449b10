/**
 * The result of a reconciliation.
 * @module
 */
import { formatChange, type PlannedRequests } from './changes.js';
import type { DrainingDestination, StateChange, Unchanged } from './types.js';

/** Requests of a plan, but for those that failed. @internal */
export interface MadeRequests {
  readonly planned: PlannedRequests;
  readonly failed: ReadonlySet<number>;
}

/**
 * What {@link Ipvs.reconcile} has done, or with `dryRun` would do. `String(result)` is a list of
 * the changes for people, a line for each.
 */
export class ReconcileResult {
  /**
   * The changes, in the order in which they were made. A destination that begins to drain is an
   * update of its weight. The destinations of a deleted service are not listed. The array is made
   * when it is first read.
   */
  declare readonly changes: readonly StateChange[];
  /** The number of wanted services and destinations that were as they should be. */
  readonly unchanged: Unchanged;
  /** The destinations that are not wanted, and stay until their connections have ended. */
  readonly draining: readonly DrainingDestination[];
  readonly #isEmpty: boolean;

  /**
   * Not for callers.
   * @internal
   */
  constructor(
    made: readonly MadeRequests[],
    unchanged: Unchanged,
    draining: readonly DrainingDestination[],
  ) {
    this.#isEmpty = made.every(({ planned }) => planned.count === 0);
    let parts = made;
    let changes: readonly StateChange[] | undefined;
    // A property of its own, so that JSON.stringify() and comparisons see it.
    Object.defineProperty(this, 'changes', {
      enumerable: true,
      get: () => {
        changes ??= parts.flatMap(({ planned, failed }) => [...planned.changes(failed)]);
        // Releases the wanted records.
        parts = [];
        return changes;
      },
    });
    this.unchanged = unchanged;
    this.draining = draining;
  }

  /** True if nothing was to be changed. @internal */
  get isEmpty(): boolean {
    return this.#isEmpty;
  }

  /** For console.log(), which would show an accessor instead of the changes. */
  [Symbol.for('nodejs.util.inspect.custom')](): object {
    return { ...this };
  }

  /**
   * Returns the changes as text, a line for each: `+` an addition, `~` an update with the old and the
   * new settings, `-` a deletion. Without changes, the text is empty.
   */
  toString(): string {
    return this.changes.map(formatChange).join('\n');
  }
}
