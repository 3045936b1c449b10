/**
 * The result of a reconciliation.
 * @module
 */
import { formatChange, type MadeChanges } from './changes.js';
import type { DrainingDestination, StateChange, Unchanged } from './types.js';

/**
 * The changes that {@link Ipvs.reconcile} made, or with `dryRun` would make. `String(result)` is a
 * list of the changes for people, a line for each.
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
  /** The source of the changes; empty once they are read. */
  #made: readonly MadeChanges[];

  /**
   * Not for callers.
   * @param made the changes of each plan
   * @internal
   */
  constructor(
    made: readonly MadeChanges[],
    unchanged: Unchanged,
    draining: readonly DrainingDestination[],
  ) {
    this.#made = made;
    let changes: readonly StateChange[] | undefined;
    // A property of its own, so that JSON.stringify() and comparisons see it.
    Object.defineProperty(this, 'changes', {
      enumerable: true,
      get: () => {
        changes ??= this.#made.flatMap((part) => [...part.list()]);
        this.#made = [];
        return changes;
      },
    });
    this.unchanged = unchanged;
    this.draining = draining;
  }

  /** Reads what the changes need of the wanted records, whose memory is used again. @internal */
  keep(): void {
    for (const part of this.#made) part.keep();
  }

  /** For console.log(), which would show an accessor instead of the changes. */
  [Symbol.for('nodejs.util.inspect.custom')](): object {
    return { ...this };
  }

  /**
   * Returns the changes as text, a line for each: `+` an addition, `~` an update with the old and
   * the new settings, `-` a deletion. Without changes, the text is empty.
   */
  toString(): string {
    return this.changes.map(formatChange).join('\n');
  }
}
