/**
 * The changes that give a link the wanted addresses, as csrc/rtnl/plan.h plans them.
 * @module
 */
import { isPruned } from '../core/reconcile-options.js';
import type { Native } from '../native/addon.js';
import { layout } from '../native/layout.js';
import { type Records, recordsOf } from '../native/records.js';
import { Incremental } from '../queue/incremental.js';
import { YIELD_INTERVAL } from '../queue/slicer.js';
import { decodeSettings, formatLinkAddress, type LinkAddress } from './address.js';
import type { Link } from './link.js';

const { size, fields } = layout.addressSettings;
const kinds = layout.addressChanges;

/** The change of an address. */
export type ChangeKind = 'add' | 'replace' | 'delete';

/** Returns true for an address that is to be pruned. */
export type PrunePredicate = (address: LinkAddress) => boolean;

/** The planned changes of a link's addresses. A change is identified by the base of its record. */
export class AddressPlan {
  readonly link: Pick<Link, 'index' | 'name'>;
  readonly records: Records;
  /** The changes, in the order in which they are to be made. */
  readonly changes: readonly number[];
  readonly #first: number;
  readonly #count: number;

  /**
   * @param first the place of the first record of the plan in `records`
   * @param count how many records there are
   */
  constructor(link: AddressPlan['link'], records: Records, first: number, count: number) {
    this.link = link;
    this.records = records;
    this.#first = first;
    this.#count = count;
    const changes: number[] = [];
    for (let base = first * size; base < (first + count) * size; base += size) {
      // A present address belongs to the refused change before it.
      if (this.#number(base) !== kinds.present) changes.push(base);
    }
    this.changes = changes;
  }

  /**
   * Returns the changes in chunks of at least `least`, except for the last one. A deletion and the
   * additions that make up for it are in one chunk.
   */
  *chunks(least: number): Generator<readonly number[]> {
    for (let first = 0, end = 0; first < this.changes.length; first = end) {
      end = Math.min(first + least, this.changes.length);
      while (this.#continues(end)) end++;
      yield this.changes.slice(first, end);
    }
  }

  /** Returns true if the change at a place must be made together with the one before it. */
  #continues(place: number): boolean {
    const [before, change] = [this.changes[place - 1], this.changes[place]];
    if (before === undefined || change === undefined) return false;
    return this.#number(change) === kinds.restore || this.#number(before) === kinds.delete;
  }

  /**
   * Returns true for a deletion whose address the next change adds with other settings. Adding its
   * record restores the address.
   */
  isReplaced(change: number): boolean {
    return this.#number(change) === kinds.delete;
  }

  /** Returns what to do with the address. To replace one that is refused fails, and says why. */
  kindOf(change: number): ChangeKind {
    const number = this.#number(change);
    if (number === kinds.add) return 'add';
    return number === kinds.delete || number === kinds.prune ? 'delete' : 'replace';
  }

  /** Returns true if the change is refused because of a present address, and is not sent. */
  isRefused(change: number): boolean {
    return this.#number(change) === kinds.refuse;
  }

  /** Returns how many records the change has: two if it is refused because of a present address. */
  sizeOf(change: number): 1 | 2 {
    return this.isRefused(change) ? 2 : 1;
  }

  /** Returns the address of the change as text. */
  addressOf(change: number): string {
    return formatLinkAddress(this.records, change);
  }

  /**
   * Returns the plan without the deletions that a predicate refuses. It is called for each address
   * to prune, in the kernel's order.
   * @param keepAddresses plans anew
   * @throws TypeError the predicate does not return a boolean; the error of the predicate
   */
  prunedBy(
    predicate: PrunePredicate,
    keepAddresses: Native['keepAddresses'],
  ): Incremental<AddressPlan> {
    return new Incremental(() => this.#prunedBy(predicate, keepAddresses));
  }

  *#prunedBy(
    predicate: PrunePredicate,
    keepAddresses: Native['keepAddresses'],
  ): Generator<void, AddressPlan> {
    let kept = 0;
    let asked = 0;
    // The plan prunes in reverse order.
    for (const change of this.changes.toReversed()) {
      if (this.#number(change) !== kinds.prune) continue;
      if (!this.#isPruned(change, predicate)) {
        this.records.setNumber(change, fields.change, kinds.keep);
        kept++;
      }
      if (++asked % YIELD_INTERVAL === 0) yield;
    }
    if (kept === 0) return this;
    const [begin, end] = [this.#first * size, (this.#first + this.#count) * size];
    const records = recordsOf(keepAddresses(this.records.bytes.subarray(begin, end)));
    return new AddressPlan(this.link, records, 0, records.bytes.length / size);
  }

  #isPruned(change: number, predicate: PrunePredicate): boolean {
    const { name: link, index } = this.link;
    const address = { link, index, ...decodeSettings(this.records, change) };
    return isPruned(predicate, address, this.addressOf(change));
  }

  #number(base: number): number {
    return this.records.number(base, fields.change);
  }
}
