/**
 * The results of requests about links, decoded from the response of the addon.
 * @module
 */
import { type Listed, Outcomes } from '../ipvs/results.js';
import type { LinkStatusName, NativeLinkResults } from '../native/addon.js';
import { layout } from '../native/layout.js';
import { type Records, recordsOf } from '../native/records.js';
import type { FailedResult } from '../native/refusal.js';
import { decodeLinkAddress, type LinkAddress } from './address.js';
import { decodeLink, type Link } from './link.js';
import { AddressPlan } from './plan.js';

/** The result of a request that failed. */
export interface FailedLinkResult extends FailedResult {
  /** The address that the link has, where the kernel does not let it be changed. */
  readonly present?: LinkAddress;
}

type Field = keyof typeof layout.linkOutcome.fields;

/** The results of a batch; `index` is the place of a request in it. */
export class LinkResults extends Outcomes<Field, LinkStatusName> {
  readonly #links: Records;
  readonly #addresses: Records;
  /** The changes of all plans. */
  readonly #changes: Records;

  constructor(response: NativeLinkResults) {
    super(response, layout.linkOutcome, layout.linkStatuses);
    this.#links = recordsOf(response.links);
    this.#addresses = recordsOf(response.addresses);
    this.#changes = recordsOf(response.changes);
  }

  override verdict(index: number): FailedResult<LinkStatusName> & FailedLinkResult {
    const result = super.verdict(index);
    if (result.status !== 'otherSettings') return result;
    return { ...result, present: this.#address(this.outcome(index, 'firstAddress')) };
  }

  /** Returns the only link of a result. */
  link(index: number): Link {
    return this.#link(this.outcome(index, 'firstLink'));
  }

  links(index: number): Listed<Link> {
    const first = this.outcome(index, 'firstLink');
    return this.list(first, this.outcome(index, 'links'), (place) => this.#link(place));
  }

  addresses(index: number): Listed<LinkAddress> {
    const first = this.outcome(index, 'firstAddress');
    return this.list(first, this.outcome(index, 'addresses'), (place) => this.#address(place));
  }

  /** Returns the changes that give a link the wanted addresses. */
  plan(index: number): AddressPlan {
    const first = this.outcome(index, 'firstChange');
    const count = this.outcome(index, 'changes');
    return new AddressPlan(this.link(index).index, this.#changes, first, count);
  }

  #link(place: number): Link {
    return decodeLink(this.#links, place * layout.link.size);
  }

  #address(place: number): LinkAddress {
    return decodeLinkAddress(this.#addresses, place * layout.linkAddress.size);
  }
}
