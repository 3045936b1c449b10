/**
 * The encoded requests of an exchange about links, with the addresses that belong to them.
 * @module
 */
import { isInputError, wrongValue } from '../core/input-errors.js';
import type { LinkOperationName, Native } from '../native/addon.js';
import { EncodedRequests } from '../native/encoded-requests.js';
import { layout } from '../native/layout.js';
import { Records } from '../native/records.js';
import { encodeAddressText } from './encode-address.js';
import { encodeAddressSettings, readAddressSettings } from './encode-settings.js';
import { checkListedLink } from './listed-link.js';

const { fields: requestFields } = layout.linkRequest;
const { size: settingsSize, fields: settingsFields } = layout.addressSettings;
/** The capacity of a fresh buffer, in addresses. */
const FIRST_ADDRESSES = 16;

/**
 * A buffer of encoded requests. The addresses of all requests are in a buffer of their own, in
 * which each request has a range.
 */
export class LinkRequestBuffer extends EncodedRequests<LinkOperationName> {
  readonly #native: Pick<Native, 'encodeAddresses' | 'findContradiction'>;
  #addresses = new Records(new ArrayBuffer(FIRST_ADDRESSES * settingsSize));
  #capacity = FIRST_ADDRESSES;
  /** Counts the addresses of committed requests. */
  #committed = 0;
  /** Counts these and the addresses of the request that is being encoded. */
  #encoded = 0;
  /** The names of the links that addresses were listed on, where the addon checks the link. */
  readonly #listedOn = new Map<number, string | undefined>();

  constructor(native: Pick<Native, 'encodeAddresses' | 'findContradiction'>) {
    super(layout.linkRequest, layout.linkOperations);
    this.#native = native;
  }

  override begin(operation: string): void {
    super.begin(operation);
    this.#encoded = this.#committed;
    this.#setNumber('firstAddress', this.#encoded);
  }

  override commit(): void {
    super.commit();
    this.#committed = this.#encoded;
  }

  override clear(): void {
    super.clear();
    this.#committed = 0;
    if (this.#listedOn.size > 0) this.#listedOn.clear();
  }

  /**
   * Adds an address to the request.
   * @param link the link of the request: its name or its index
   * @param required AF_INET or AF_INET6: the family that the address must have; 0: any
   */
  addAddress(property: string, config: unknown, link: string | number, required = 0): void {
    const base = this.#nextAddress();
    if (this.#listedOn.size > 0) this.#listedOn.delete(this.#encoded);
    const family =
      typeof config === 'string'
        ? encodeAddressText(this.#addresses, base, property, config)
        : this.#encodeSettings(base, property, config, link);
    if (required !== 0 && family !== required) {
      throw wrongValue(property, config, 'is not of the family in options.family');
    }
    this.#addCount(1);
  }

  #encodeSettings(base: number, property: string, config: unknown, link: string | number): number {
    const settings = readAddressSettings(property, config);
    const family = encodeAddressSettings(this.#addresses, base, property, settings);
    const listed = checkListedLink(property, settings, link);
    if (listed !== undefined) {
      this.#addresses.setNumber(base, settingsFields.link, listed.index);
      this.#listedOn.set(this.#encoded, listed.name);
    }
    return family;
  }

  /**
   * Adds many addresses to the request: plain texts natively, the others one by one. No two of them
   * may ask for the same address with different settings.
   */
  addAddresses(
    property: string,
    configs: readonly unknown[],
    link: string | number,
    required: number,
  ): void {
    const first = this.#encoded;
    const end = first + configs.length;
    this.#reserve(end);
    for (let place = 0; place < configs.length; place++) {
      const { bytes } = this.#addresses;
      const rest = bytes.subarray(this.#encoded * settingsSize, end * settingsSize);
      const count = this.#native.encodeAddresses(configs, place, required, rest);
      this.#addCount(count);
      place += count;
      if (place === configs.length) break;
      try {
        this.addAddress(`${property}[${place}]`, configs[place], link, required);
      } catch (error) {
        throw isInputError(error) ? Object.assign(error, { index: place }) : error;
      }
    }
    this.#checkContradictions(property, configs, first);
  }

  /** Checks the addresses from `first` on, which are those of `configs`. */
  #checkContradictions(property: string, configs: readonly unknown[], first: number): void {
    const { bytes } = this.#addresses;
    const encoded = bytes.subarray(first * settingsSize, this.#encoded * settingsSize);
    const found = this.#native.findContradiction(encoded);
    if (found === undefined) return;
    const [earlier, later] = found;
    const lengthOf = (place: number) =>
      this.#addresses.number((first + place) * settingsSize, settingsFields.prefixLength);
    const difference =
      lengthOf(earlier) === lengthOf(later)
        ? 'other settings'
        : 'another prefix length, which a link has once';
    const rule = `contradicts ${property}[${earlier}], the same address with ${difference}`;
    const error = wrongValue(`${property}[${later}]`, configs[later], rule);
    throw Object.assign(error, { index: later });
  }

  /** Adds addresses of other records, from `base` on, to the request. */
  copyAddresses(records: Records, base: number, count: number): void {
    this.#reserve(this.#encoded + count);
    const source = records.bytes.subarray(base, base + count * settingsSize);
    this.#addresses.bytes.set(source, this.#encoded * settingsSize);
    this.#addCount(count);
  }

  /** Returns where the first address of the request at `index` is. */
  firstAddress(index: number): { readonly records: Records; readonly base: number } {
    const first = this.records.number(this.base(index), requestFields.firstAddress);
    return { records: this.#addresses, base: first * settingsSize };
  }

  /** Returns, as text, the link that an address of the request at `index` was listed on. */
  listedOn(index: number, place: number): string {
    const { records, base } = this.firstAddress(index);
    const number = records.number(base + place * settingsSize, settingsFields.link);
    const name = this.#listedOn.get(base / settingsSize + place);
    return name === undefined ? `link ${number}` : `${name} (link ${number})`;
  }

  /** Returns the addresses of the committed requests. */
  addressBytes(): Uint8Array {
    return this.#addresses.bytes.subarray(0, this.#committed * settingsSize);
  }

  /** Returns where the next address is to be encoded: zeros. */
  #nextAddress(): number {
    this.#reserve(this.#encoded + 1);
    const base = this.#encoded * settingsSize;
    this.#addresses.bytes.fill(0, base, base + settingsSize);
    return base;
  }

  /** Makes room for as many addresses. */
  #reserve(count: number): void {
    if (count <= this.#capacity) return;
    this.#capacity = Math.max(count, this.#capacity * 2);
    this.#addresses = this.#addresses.enlarged(this.#capacity * settingsSize);
  }

  #addCount(count: number): void {
    this.#encoded += count;
    const first = this.records.number(this.current, requestFields.firstAddress);
    this.#setNumber('addresses', this.#encoded - first);
  }

  #setNumber(field: 'firstAddress' | 'addresses', value: number): void {
    this.records.setNumber(this.current, requestFields[field], value);
  }
}
