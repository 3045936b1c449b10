/**
 * The changes that give a link the wanted addresses, as csrc/rtnl/plan.h plans them.
 * @module
 */
import { layout } from '../native/layout.js';
import type { Records } from '../native/records.js';
import { formatLinkAddress } from './address.js';

const { size, fields } = layout.addressSettings;
const kinds = layout.addressChanges;

/** What to do with an address. */
export type ChangeKind = 'add' | 'replace' | 'delete';

/** The planned changes of a link's addresses. A change is identified by the base of its record. */
export class AddressPlan {
  /** The index of the link. */
  readonly link: number;
  readonly records: Records;
  /** The changes, in the order in which they are to be made. */
  readonly changes: readonly number[];

  /**
   * @param first the place of the first record of the plan in `records`
   * @param count how many records there are
   */
  constructor(link: number, records: Records, first: number, count: number) {
    this.link = link;
    this.records = records;
    const changes: number[] = [];
    for (let base = first * size; base < (first + count) * size; base += size) {
      // A present address belongs to the refused change before it.
      if (this.#number(base) !== kinds.present) changes.push(base);
    }
    this.changes = changes;
  }

  /** Returns what to do with the address. To replace one that is refused fails, and says why. */
  kindOf(change: number): ChangeKind {
    const number = this.#number(change);
    if (number === kinds.add) return 'add';
    return number === kinds.delete ? 'delete' : 'replace';
  }

  /** Returns how many records the change has: two if it is refused because of a present address. */
  sizeOf(change: number): 1 | 2 {
    return this.#number(change) === kinds.refuse ? 2 : 1;
  }

  /** Returns the address of the change as text. */
  addressOf(change: number): string {
    return formatLinkAddress(this.records, change);
  }

  #number(base: number): number {
    return this.records.number(base, fields.change);
  }
}
