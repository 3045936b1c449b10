/**
 * Links: what names one, and what the kernel tells of it.
 * @module
 */
import { checkInteger, own } from '../check.js';
import { wrongType, wrongValue } from '../errors.js';
import { Names, type Unknown } from '../names.js';
import type { Layout } from '../native.js';
import type { Records } from '../records.js';
import type { LinkRequests } from './requests.js';

/** A link by its name, by its index, or as the library returns it, which is by its index. */
export type LinkReference = string | number | { readonly index: number };

/** The state of a link as its driver tells it (IFLA_OPERSTATE, RFC 2863 §3.1.14): of a dummy link that is up it is 'unknown'. */
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
  /** IFLA_IFNAME. */
  readonly name: string;
  /** 'dummy', 'veth', 'bridge' ... (IFLA_INFO_KIND); null: it has none, as loopback and most hardware. */
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

const states = new Names<LinkState>({
  unknown: 0,
  'not-present': 1,
  down: 2,
  'lower-layer-down': 3,
  testing: 4,
  dormant: 5,
  up: 6,
});

/** IFF_UP of linux/if.h. */
const IFF_UP = 1;
/** IFNAMSIZ less the NUL. */
const MAX_NAME = 15;
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
    name: records.name(base, fields.name),
    kind: kind === '' ? null : kind,
    up: (records.number(base, fields.flags) & IFF_UP) !== 0,
    state: states.name(records.number(base, fields.state)),
    mtu: records.number(base, fields.mtu),
    hardwareAddress: hardware.length === 0 ? null : [...hardware].map(hexOctet).join(':'),
  };
}

const hexOctet = (octet: number) => octet.toString(16).padStart(2, '0');

/** A name that the kernel accepts for a link: up to 15 characters, and none of those that it refuses (dev_valid_name). @internal */
export function checkLinkName(property: string, name: unknown): string {
  const rule = `the name of a link: 1 to ${MAX_NAME} characters without blanks, '/', ':' and '%'`;
  if (typeof name !== 'string') throw wrongType(property, name, rule);
  const fits = /^[!-~]+$/.test(name) && name.length <= MAX_NAME && !/[/:%]/.test(name);
  if (!fits || name === '.' || name === '..') throw wrongValue(property, name, `is not ${rule}`);
  return name;
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
    request.records.setName(base, fields.name, checkLinkName(property, reference));
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
  const checked = checkInteger(named ? `${property}.index` : property, index, 1, MAX_INDEX);
  request.records.setNumber(base, fields.index, checked);
}

/** The link of a request, in words. @internal */
export function formatLinkReference(request: LinkRequests, index: number): string {
  const { fields } = request.layout.linkRequest;
  const base = request.base(index);
  const number = request.records.number(base, fields.index);
  return number === 0 ? request.records.name(base, fields.name) : `link ${number}`;
}
