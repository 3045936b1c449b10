/**
 * Links: what names one, and what the kernel tells of it.
 * @module
 */
import { checkInteger, own } from '../core/check.js';
import { wrongType } from '../core/input-errors.js';
import { Names, type Unknown } from '../core/names.js';
import type { Layout } from '../native/addon.js';
import { newLinkNameBytes, readName, writeName } from '../native/link-name.js';
import type { Records } from '../native/records.js';
import { linkFlags, linkStates } from './numbers.js';
import type { LinkRequests } from './requests.js';

/** A link by its name, by its index, or as the library returns it, which is by its index. */
export type LinkReference = string | number | { readonly index: number };

/**
 * The state of a link as its driver tells it (IFLA_OPERSTATE, RFC 2863 §3.1.14): of a dummy link
 * that is up it is 'unknown'.
 */
export type LinkState =
  | 'unknown'
  | 'not-present'
  | 'down'
  | 'lower-layer-down'
  | 'testing'
  | 'dormant'
  | 'up';

/** A network link. */
export interface Link {
  /** A number that no other link of the network namespace has. */
  readonly index: number;
  /**
   * IFLA_IFNAME. The kernel takes any bytes but few for it: those that are no UTF-8, and characters
   * that would not be seen, stand as `\xHH`, also where the name is passed back in.
   */
  readonly name: string;
  /**
   * 'dummy', 'veth', 'bridge' ... (IFLA_INFO_KIND); null: it has none, as loopback and most
   * hardware.
   */
  readonly kind: string | null;
  /** Whether it is switched on (IFF_UP). */
  readonly up: boolean;
  /** IFLA_OPERSTATE. */
  readonly state: LinkState | Unknown;
  /** Bytes. IFLA_MTU. */
  readonly mtu: number;
  /** '02:42:ac:11:00:02' (IFLA_ADDRESS); null: it has none. */
  readonly hardwareAddress: string | null;
}

const states = new Names<LinkState>(linkStates);

const IFF_UP = linkFlags.up;
const MAX_INDEX = 2 ** 31 - 1;

/** Reads the link at `base`. @internal */
export function readLink(records: Records, base: number, layout: Layout): Link {
  const { fields } = layout.link;
  const kind = records.name(base, fields.kind);
  const start = base + fields.hardware.offset;
  const hardware = records.bytes.subarray(
    start,
    start + records.number(base, fields.hardwareLength),
  );
  return {
    index: records.number(base, fields.index),
    name: readName(records, base, fields.name),
    kind: kind === '' ? null : kind,
    up: (records.number(base, fields.flags) & IFF_UP) !== 0,
    state: states.name(records.number(base, fields.state)),
    mtu: records.number(base, fields.mtu),
    hardwareAddress: hardware.length === 0 ? null : [...hardware].map(hexOctet).join(':'),
  };
}

const hexOctet = (octet: number) => octet.toString(16).padStart(2, '0');

/** Writes the name of the link that a request is about. @internal */
export function writeLinkName(request: LinkRequests, property: string, name: unknown): void {
  const { name: field } = request.layout.linkRequest.fields;
  writeName(request.records, request.base(), field, newLinkNameBytes(property, name));
}

/** Writes the link that a request is about. @internal */
export function writeLinkReference(
  request: LinkRequests,
  property: string,
  reference: unknown,
): void {
  const { fields } = request.layout.linkRequest;
  const base = request.base();
  if (typeof reference === 'string') {
    writeLinkName(request, property, reference);
    return;
  }
  const named = typeof reference === 'object' && reference !== null;
  const index = named ? own(reference, 'index') : reference;
  if (typeof index !== 'number') {
    throw wrongType(
      property,
      reference,
      'a link: its name, its index, or an object with its index',
    );
  }
  const checked = checkLinkIndex(named ? `${property}.index` : property, index);
  request.records.setNumber(base, fields.index, checked);
}

/** A number that the kernel gives to links. @internal */
export const checkLinkIndex = (property: string, index: unknown) =>
  checkInteger(property, index, 1, MAX_INDEX);

/**
 * How a request names its link: by its name; by its index, which is 0 otherwise; or, where both are
 * known, by both.
 * @internal
 */
export function linkOf(
  request: LinkRequests,
  at: number = request.base(),
): { readonly name: string; readonly index: number } {
  const { fields } = request.layout.linkRequest;
  return {
    name: readName(request.records, at, fields.name),
    index: request.records.number(at, fields.index),
  };
}

/** The link of a request, as its caller named it; '' if it has none. @internal */
export function formatLinkReference(request: LinkRequests, index: number): string {
  const link = linkOf(request, request.base(index));
  if (link.name !== '' || link.index === 0) return link.name;
  return `link ${link.index}`;
}
