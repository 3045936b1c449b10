/**
 * Responses to requests about links.
 * @module
 */
import type { LinkStatusName, NativeLinkResponse } from '../native/addon.js';
import { layout } from '../native/layout.js';
import { type Records, recordsOf } from '../native/records.js';
import type { FailedResult } from '../native/request-error.js';
import { ExchangeResponse } from '../native/response.js';
import { type List, listOf } from '../queue/incremental.js';
import { decodeLinkAddress, type LinkAddress } from './address.js';
import { decodeLink, type Link } from './link.js';
import { AddressPlan } from './plan.js';

/** The result of a request that failed. */
export interface FailedLinkResult extends FailedResult {
  /** The address that the link has, where the kernel does not let it be changed. */
  readonly present?: LinkAddress;
}

type Field = keyof typeof layout.linkResult.fields;

/** The response to an exchange; `index` is the place of a request in it. */
export class LinkResponse extends ExchangeResponse<Field, LinkStatusName> {
  readonly #links: Records;
  readonly #addresses: Records;
  /** The changes of all plans. */
  readonly #changes: Records;

  constructor(native: NativeLinkResponse) {
    super(native, layout.linkResult, layout.linkStatuses);
    this.#links = recordsOf(native.links);
    this.#addresses = recordsOf(native.addresses);
    this.#changes = recordsOf(native.changes);
  }

  override result(index: number): FailedResult<LinkStatusName> & FailedLinkResult {
    const result = super.result(index);
    if (result.status !== 'otherSettings') return result;
    return { ...result, present: this.#address(this.number(index, 'firstAddress')) };
  }

  /** Returns the only link of a result. */
  link(index: number): Link {
    return this.#link(this.number(index, 'firstLink'));
  }

  links(index: number): List<Link> {
    const first = this.number(index, 'firstLink');
    return listOf(first, this.number(index, 'links'), (place) => this.#link(place));
  }

  addresses(index: number): List<LinkAddress> {
    const first = this.number(index, 'firstAddress');
    return listOf(first, this.number(index, 'addresses'), (place) => this.#address(place));
  }

  /** Returns the changes that give a link the wanted addresses. */
  plan(index: number): AddressPlan {
    const first = this.number(index, 'firstChange');
    const count = this.number(index, 'changes');
    return new AddressPlan(this.link(index).index, this.#changes, first, count);
  }

  #link(place: number): Link {
    return decodeLink(this.#links, place * layout.link.size);
  }

  #address(place: number): LinkAddress {
    return decodeLinkAddress(this.#addresses, place * layout.linkAddress.size);
  }
}
