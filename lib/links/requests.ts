/**
 * The records that go to the links of a network namespace, and those that come back.
 * @module
 */
import { isInputError, wrongValue } from '../core/input-errors.js';
import { type Listed, Outcomes } from '../ipvs/results.js';
import type {
  Layout,
  LinkOperationName,
  LinkStatusName,
  Native,
  NativeLinkResults,
} from '../native/addon.js';
import { layout } from '../native/layout.js';
import { Records, Requests, recordsOf } from '../native/records.js';
import type { FailedResult } from '../native/refusal.js';
import { type LinkAddress, readLinkAddress } from './address.js';
import { type Link, linkOf, readLink } from './link.js';
import { writeAddress } from './write-address.js';

const FIRST_ADDRESSES = 16;

/** Requests, and the addresses that belong to them. */
export class LinkRequests extends Requests<LinkOperationName> {
  readonly #native: Pick<Native, 'packAddresses' | 'contradictionOf'>;
  #addresses: Records;
  #capacity = FIRST_ADDRESSES;
  /** Addresses of committed requests. */
  #committed = 0;
  /** Those of the request that is being written too. */
  #written = 0;
  /** By the place of an address, the name of the link that it was listed on: see writeAddress(). */
  readonly #listedOn = new Map<number, string>();

  constructor(native: Pick<Native, 'packAddresses' | 'contradictionOf'>) {
    super(layout, layout.linkRequest, layout.linkOperations);
    this.#native = native;
    this.#addresses = new Records(new ArrayBuffer(FIRST_ADDRESSES * layout.addressSettings.size));
  }

  override begin(operation: LinkOperationName): void {
    super.begin(operation);
    this.#written = this.#committed;
    this.#setNumber('firstAddress', this.#written);
  }

  override clear(): void {
    super.clear();
    this.#committed = 0;
    if (this.#listedOn.size > 0) this.#listedOn.clear();
  }

  override commit(): void {
    super.commit();
    this.#committed = this.#written;
  }

  /**
   * Writes another address of the request.
   * @param family AF_INET, AF_INET6, or 0: the one that it must be of
   */
  addAddress(property: string, config: unknown, family = 0): void {
    const base = this.#nextAddress();
    const link = typeof config === 'string' ? undefined : linkOf(this);
    const listedOn = writeAddress(this.#addresses, base, this.layout, property, config, link);
    if (listedOn !== undefined) this.#listedOn.set(this.#written, listedOn);
    else if (this.#listedOn.size > 0) this.#listedOn.delete(this.#written);
    const is = this.#addresses.number(base, this.layout.addressSettings.fields.family);
    if (family !== 0 && is !== family) {
      throw wrongValue(property, config, 'is not of the family in options.family');
    }
    this.#commitAddresses(1);
  }

  /**
   * Writes many addresses of the request: plain texts natively, the rest one by one. No two of them
   * may want the same address differently.
   */
  addAddresses(property: string, configs: readonly unknown[], family: number): void {
    const { size } = this.layout.addressSettings;
    const end = this.#written + configs.length;
    this.#reserve(end);
    for (let place = 0; place < configs.length; place++) {
      const room = this.#addresses.bytes.subarray(this.#written * size, end * size);
      const packed = this.#native.packAddresses(configs, place, family, room);
      this.#commitAddresses(packed);
      place += packed;
      if (place === configs.length) break;
      try {
        this.addAddress(`${property}[${place}]`, configs[place], family);
      } catch (error) {
        throw isInputError(error) ? Object.assign(error, { index: place }) : error;
      }
    }
    const all = this.#addresses.bytes.subarray((end - configs.length) * size, end * size);
    const [first, second] = this.#native.contradictionOf(all) ?? [];
    if (first === undefined || second === undefined) return;
    const error = wrongValue(
      `${property}[${second}]`,
      configs[second],
      `contradicts ${property}[${first}], the same address with ${this.#difference(all, first, second)}`,
    );
    throw Object.assign(error, { index: second });
  }

  /** In what two addresses differ that are one to the kernel. */
  #difference(addresses: Uint8Array, first: number, second: number): string {
    const { size, fields } = this.layout.addressSettings;
    const lengthOf = (place: number) =>
      this.#addresses.number(
        addresses.byteOffset - this.#addresses.bytes.byteOffset + place * size,
        fields.prefixLength,
      );
    return lengthOf(first) === lengthOf(second)
      ? 'other settings'
      : 'another prefix length, which a link has once';
  }

  /** Writes another address of the request: the one that is at `base` of other records. */
  copyAddress(records: Records, base: number): void {
    const { size } = this.layout.addressSettings;
    const place = this.#nextAddress(); // which may make the records anew
    this.#addresses.bytes.set(records.bytes.subarray(base, base + size), place);
    this.#commitAddresses(1);
  }

  /** The first address of the request at `index`. */
  firstAddress(index: number): { readonly records: Records; readonly base: number } {
    const { fields } = this.layout.linkRequest;
    const place = this.records.number(this.base(index), fields.firstAddress);
    return { records: this.#addresses, base: place * this.layout.addressSettings.size };
  }

  /** The link that an address of the request at `index` says that it was listed on, as text. */
  listedOn(index: number, place: number): string {
    const { fields, size } = this.layout.addressSettings;
    const { records, base } = this.firstAddress(index);
    const number = records.number(base + place * size, fields.link);
    const name = this.#listedOn.get(base / size + place);
    return name === undefined ? `link ${number}` : `${name} (link ${number})`;
  }

  /** The addresses of the committed requests. */
  addressBytes(): Uint8Array {
    return this.#addresses.bytes.subarray(0, this.#committed * this.layout.addressSettings.size);
  }

  #nextAddress(): number {
    const { size } = this.layout.addressSettings;
    this.#reserve(this.#written + 1);
    const base = this.#written * size;
    this.#addresses.bytes.fill(0, base, base + size);
    return base;
  }

  /** Makes room for as many addresses. */
  #reserve(count: number): void {
    if (count <= this.#capacity) return;
    this.#capacity = Math.max(count, this.#capacity * 2);
    this.#addresses = this.#addresses.enlarged(this.#capacity * this.layout.addressSettings.size);
  }

  #commitAddresses(count: number): void {
    const { fields } = this.layout.linkRequest;
    this.#written += count;
    this.#setNumber(
      'addresses',
      this.#written - this.records.number(this.base(), fields.firstAddress),
    );
  }

  #setNumber(field: 'firstAddress' | 'addresses', value: number): void {
    this.records.setNumber(this.base(), this.layout.linkRequest.fields[field], value);
  }
}

/** What became of a request. */
export interface LinkVerdict extends FailedResult {
  /** The address that the link has, where the kernel does not let it be changed. */
  readonly present?: LinkAddress;
}

/** Results of a batch. */
export class LinkResults extends Outcomes<keyof Layout['linkOutcome']['fields'], LinkStatusName> {
  readonly layout: Layout;
  /** The changes of all plans. */
  readonly changeRecords: Records;
  readonly #links: Records;
  readonly #addresses: Records;

  constructor(native: NativeLinkResults, layout: Layout) {
    super(native, layout.linkOutcome, layout.linkStatuses);
    this.layout = layout;
    this.#links = recordsOf(native.links);
    this.#addresses = recordsOf(native.addresses);
    this.changeRecords = recordsOf(native.changes);
  }

  override verdict(index: number): FailedResult<LinkStatusName> & LinkVerdict {
    const verdict = super.verdict(index);
    if (verdict.status !== 'otherSettings') return verdict;
    return { ...verdict, present: this.#address(this.outcome(index, 'firstAddress')) };
  }

  /** The one link of a request's answer. */
  link(index: number): Link {
    const base = this.outcome(index, 'firstLink') * this.layout.link.size;
    return readLink(this.#links, base, this.layout);
  }

  links(index: number): Listed<Link> {
    const first = this.outcome(index, 'firstLink');
    const { size } = this.layout.link;
    return this.list(first, this.outcome(index, 'links'), (place) =>
      readLink(this.#links, place * size, this.layout),
    );
  }

  addresses(index: number): Listed<LinkAddress> {
    const first = this.outcome(index, 'firstAddress');
    return this.list(first, this.outcome(index, 'addresses'), (place) => this.#address(place));
  }

  #address(place: number): LinkAddress {
    const base = place * this.layout.linkAddress.size;
    return readLinkAddress(this.#addresses, base, this.layout);
  }

  /** Where the changes of a plan begin. */
  changeBases(index: number): number[] {
    const first = this.outcome(index, 'firstChange');
    const { size } = this.layout.addressSettings;
    const count = this.outcome(index, 'changes');
    return Array.from({ length: count }, (_, place) => (first + place) * size);
  }
}
