/**
 * Responses to requests about links.
 * @module
 */
import type { LinkStatusName, Native, NativeLinkResponse } from '../native/addon.js';
import { layout } from '../native/layout.js';
import { type Records, recordsOf } from '../native/records.js';
import type { FailedResult } from '../native/request-error.js';
import { ExchangeResponse } from '../native/response.js';
import { type Incremental, type List, listOf } from '../queue/incremental.js';
import { decodeLinkAddress, type LinkAddress } from './address.js';
import { decodeLink, type Link } from './link.js';
import { AddressPlan, type PrunePredicate } from './plan.js';

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
  readonly #native: Pick<Native, 'keepAddresses'>;

  constructor(native: Pick<Native, 'keepAddresses'>, response: NativeLinkResponse) {
    super(response, layout.linkResult, layout.linkStatuses);
    this.#links = recordsOf(response.links);
    this.#addresses = recordsOf(response.addresses);
    this.#changes = recordsOf(response.changes);
    this.#native = native;
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
    return new AddressPlan(this.link(index), this.#changes, first, count);
  }

  /** Returns the changes without the deletions that a predicate refuses. */
  planPrunedBy(index: number, predicate: PrunePredicate): Incremental<AddressPlan> {
    return this.plan(index).prunedBy(predicate, this.#native.keepAddresses);
  }

  #link(place: number): Link {
    return decodeLink(this.#links, place * layout.link.size);
  }

  #address(place: number): LinkAddress {
    return decodeLinkAddress(this.#addresses, place * layout.linkAddress.size);
  }
}
