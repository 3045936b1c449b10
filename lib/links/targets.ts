/**
 * Targets: what errors say that a request about links is about.
 * @module
 */
import { describeArgument } from '../core/arguments.js';
import type { LinkOperationName } from '../native/addon.js';
import { layout } from '../native/layout.js';
import { formatLinkAddress } from './address.js';
import { formatLinkReference } from './link-reference.js';
import type { LinkRequestBuffer } from './request-buffer.js';

const { fields } = layout.linkRequest;

/** The object that an operation is about; null: all links. */
type Subject = 'link' | 'address' | null;

const SUBJECTS: Readonly<Record<LinkOperationName, Subject>> = {
  listLinks: null,
  getLink: 'link',
  ensureDummy: 'link',
  setLink: 'link',
  deleteLink: 'link',
  listAddresses: 'link',
  addAddress: 'address',
  ensureAddress: 'address',
  deleteAddress: 'address',
  replaceAddress: 'address',
  planAddresses: 'link',
};

/**
 * Returns what the request at `index` is about: '10.96.0.1/32 of vip0', 'link 7' or ''. What is not
 * encoded is named by the arguments.
 */
export function targetOf(
  operation: LinkOperationName,
  requests: LinkRequestBuffer,
  index: number,
  [first, second]: readonly unknown[] = [],
): string {
  const subject = SUBJECTS[operation];
  if (subject === null) return '';
  const link = formatLinkReference(requests, index) || describeArgument(first);
  if (subject === 'link') return link;
  const isEncoded = requests.records.number(requests.base(index), fields.addresses) > 0;
  const { records, base } = requests.firstAddress(index);
  const address = isEncoded ? formatLinkAddress(records, base) : describeArgument(second);
  return [address, link].filter((part) => part !== '').join(' of ');
}
