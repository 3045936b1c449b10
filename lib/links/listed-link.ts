/**
 * The link that a listed address is on, which must be the link of the call.
 * @module
 */
import { wrongType, wrongValue } from '../core/input-errors.js';
import { decodeName, encodeName } from '../core/link-name.js';
import { checkLinkIndex } from './link-index.js';

/** The remedy for an address that was listed on another link. */
export const ANY_LINK = 'leave out link and index to use it with another link';

/** The link that an address was listed on. */
interface ListedLink {
  readonly index: number;
  /** Undefined if the caller gave the index only. */
  readonly name: string | undefined;
}

/** Returns the name of a link in the form in which the library lists it. */
const canonicalName = (name: string) => decodeName(encodeName(name));

/**
 * Checks that an address was listed on the link that it is now to be on.
 * @param settings what the address says about its link, unchecked
 * @param link the link of the call: its name or its index
 * @returns the link of the address, if only the kernel knows whether the two are the same
 */
export function checkListedLink(
  property: string,
  settings: { readonly link: unknown; readonly index: unknown },
  link: string | number,
): ListedLink | undefined {
  const { link: name, index } = settings;
  if (name !== undefined && typeof name !== 'string') {
    throw wrongType(`${property}.link`, name, 'the name of a link');
  }
  const checked = index === undefined ? 0 : checkLinkIndex(`${property}.index`, index);
  if (checked === 0 && name === undefined) return undefined;
  if (typeof link === 'string') {
    if (name === link || name === canonicalName(link)) return undefined;
    // The call may use another name of the same link.
    if (checked !== 0) return { index: checked, name };
    throw otherLink(`${property}.link`, name, `is not the link '${canonicalName(link)}'`);
  }
  if (checked === link) return undefined;
  if (checked === 0) throw otherLink(`${property}.link`, name, `is not the link ${link}`);
  const called = name === undefined ? '' : `('${name}') `;
  throw otherLink(`${property}.index`, index, `${called}is not the link ${link}`);
}

const otherLink = (property: string, value: unknown, rule: string) =>
  wrongValue(property, value, `${rule}: ${ANY_LINK}`);
