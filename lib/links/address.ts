/**
 * Addresses of links.
 * @module
 */
import { AF_INET, AF_INET6, type Family, formatAddress, parseAddress } from '../address.js';
import { checkBoolean, checkInteger, readObject } from '../check.js';
import { wrongType, wrongValue } from '../errors.js';
import { Names, type Unknown } from '../names.js';
import type { Layout } from '../native.js';
import type { Records } from '../records.js';

/** Where an address is valid (RT_SCOPE_*; `ip address add ... scope`). */
export type AddressScope = 'global' | 'site' | 'link' | 'host' | 'nowhere';
const scopes = new Names<AddressScope>({
  global: 0,
  site: 200,
  link: 253,
  host: 254,
  nowhere: 255,
});

/** What the kernel says of an address (IFA_F_*). */
export type AddressFlag =
  | 'secondary'
  | 'no-dad'
  | 'optimistic'
  | 'dad-failed'
  | 'home-address'
  | 'deprecated'
  | 'tentative'
  | 'permanent'
  | 'manage-temporary'
  | 'no-prefix-route'
  | 'multicast-auto-join'
  | 'stable-privacy';
/** In the order of the bits. */
const FLAGS: readonly AddressFlag[] = [
  'secondary',
  'no-dad',
  'optimistic',
  'dad-failed',
  'home-address',
  'deprecated',
  'tentative',
  'permanent',
  'manage-temporary',
  'no-prefix-route',
  'multicast-auto-join',
  'stable-privacy',
];
const NO_DAD = 1 << FLAGS.indexOf('no-dad');
const NO_PREFIX_ROUTE = 1 << FLAGS.indexOf('no-prefix-route');

/** An address in full. */
export interface AddressSettings {
  /** IPv4 or IPv6. IFA_LOCAL. */
  readonly address: string;
  /** Bits of the network, 0 to 32 or 128. Default: all, as of a virtual address. */
  readonly prefixLength?: number | undefined;
  /** Default 'global'. */
  readonly scope?: AddressScope | Unknown | undefined;
  /**
   * Whether the kernel makes a route to the network of the address. Default: for IPv4 true; for IPv6 false (IFA_F_NOPREFIXROUTE), which
   * makes adding cheaper and deleting much cheaper.
   */
  readonly prefixRoute?: boolean | undefined;
  /**
   * IPv6: whether the kernel looks for another host with the address, before which it is not usable. Default false (IFA_F_NODAD): a
   * virtual address stands on many hosts.
   */
  readonly duplicateDetection?: boolean | undefined;
}

/** An address to be put on a link: '10.96.0.1/32', 'fd00::1/128', without a prefix length all bits; or in full. */
export type AddressConfig = string | AddressSettings;

/** An address that a link has. */
export interface LinkAddress {
  /** The name of the link. */
  readonly link: string;
  /** The index of the link. */
  readonly index: number;
  /** ifa_family. */
  readonly family: Family;
  /** The link's own end: IFA_LOCAL, or IFA_ADDRESS where there is no other. */
  readonly address: string;
  /** Bits of the network. */
  readonly prefixLength: number;
  /** The other end of a point-to-point link; null: there is none. */
  readonly peer: string | null;
  /** IPv4; null: there is none. */
  readonly broadcast: string | null;
  /** RT_SCOPE_*. */
  readonly scope: AddressScope | Unknown;
  /** IFA_FLAGS. */
  readonly flags: readonly AddressFlag[];
  /** IPv4: IFA_LABEL; null: there is none. */
  readonly label: string | null;
  /** Seconds until it is deprecated; null: never. */
  readonly preferredLifetime: number | null;
  /** Seconds until it is deleted; null: never. */
  readonly validLifetime: number | null;
}

/** The keys of everything that names an address, also of what the library returns. */
const KEYS = new Set([
  'address',
  'prefixLength',
  'scope',
  'prefixRoute',
  'duplicateDetection',
  'link',
  'index',
  'family',
  'peer',
  'broadcast',
  'flags',
  'label',
  'preferredLifetime',
  'validLifetime',
] as const);
const FOREVER = 0xffffffff;
const families = new Names<Family>({ ipv4: AF_INET, ipv6: AF_INET6 });

/** @internal */
export const familyNumber = (property: string, family: unknown) =>
  families.number(property, family);

/** Writes an address to the settings at `base`, which are zeros. @internal */
export function writeAddress(
  records: Records,
  base: number,
  layout: Layout,
  property: string,
  config: unknown,
): void {
  if (typeof config === 'string') {
    writeText(records, base, layout, property, config);
    return;
  }
  if (typeof config !== 'object') {
    throw wrongType(property, config, "an address such as '10.96.0.1/32', or an object");
  }
  const settings = readObject(property, config, KEYS);
  const { address, prefixLength, scope, prefixRoute, duplicateDetection, peer } = settings;
  if (typeof address !== 'string') throw wrongType(`${property}.address`, address, 'an IP address');
  const family = writeIp(records, base, layout, `${property}.address`, address, address);
  const { fields } = layout.addressSettings;
  const bits = family === AF_INET6 ? 128 : 32;
  const length =
    prefixLength === undefined
      ? bits
      : checkInteger(`${property}.prefixLength`, prefixLength, 0, bits, 'bits');
  records.setNumber(base, fields.prefixLength, length);
  if (scope !== undefined) {
    records.setNumber(base, fields.scope, scopes.numberOrUnknown(`${property}.scope`, scope, 255));
  }
  if (typeof peer === 'string') {
    const other = parseAddress(peer, records.bytes, base + fields.peer.offset);
    if (other !== family) throw wrongValue(`${property}.peer`, peer, 'is not of the same family');
  }
  const wantsRoute =
    prefixRoute === undefined ? undefined : checkBoolean(`${property}.prefixRoute`, prefixRoute);
  const wantsDetection =
    duplicateDetection !== undefined &&
    checkBoolean(`${property}.duplicateDetection`, duplicateDetection);
  if (wantsDetection && family === AF_INET) {
    throw wrongValue(`${property}.duplicateDetection`, true, 'is for IPv6 only');
  }
  writeFlags(records, base, layout, family, wantsRoute, wantsDetection);
}

function writeText(
  records: Records,
  base: number,
  layout: Layout,
  property: string,
  text: string,
): void {
  const slash = text.indexOf('/');
  const address = slash < 0 ? text : text.slice(0, slash);
  const family = writeIp(records, base, layout, property, address, text);
  const bits = family === AF_INET6 ? 128 : 32;
  let length = bits;
  if (slash >= 0) {
    const digits = text.slice(slash + 1);
    length = /^(0|[1-9]\d{0,2})$/.test(digits) ? Number(digits) : bits + 1;
    if (length > bits) throw wrongValue(property, text, `has no prefix length from 0 to ${bits}`);
  }
  records.setNumber(base, layout.addressSettings.fields.prefixLength, length);
  writeFlags(records, base, layout, family, undefined, false);
}

function writeIp(
  records: Records,
  base: number,
  layout: Layout,
  property: string,
  address: string,
  shown: string,
): number {
  const { fields } = layout.addressSettings;
  const family = parseAddress(address, records.bytes, base + fields.address.offset);
  if (family === 0) throw wrongValue(property, shown, 'is not an IP address');
  records.setNumber(base, fields.family, family);
  return family;
}

function writeFlags(
  records: Records,
  base: number,
  layout: Layout,
  family: number,
  prefixRoute: boolean | undefined,
  duplicateDetection: boolean,
): void {
  const { fields } = layout.addressSettings;
  const route = prefixRoute ?? family === AF_INET;
  const noDad = family === AF_INET6 && !duplicateDetection;
  records.setNumber(base, fields.flags, (route ? 0 : NO_PREFIX_ROUTE) | (noDad ? NO_DAD : 0));
}

/** The address of the settings at `base` as text: '10.96.0.1/32'. @internal */
export function formatLinkAddress(records: Records, base: number, layout: Layout): string {
  const { fields } = layout.addressSettings;
  const family = records.number(base, fields.family);
  const address = formatAddress(records.bytes, base + fields.address.offset, family);
  return `${address}/${records.number(base, fields.prefixLength)}`;
}

/** Reads the address at `base`. @internal */
export function readLinkAddress(records: Records, base: number, layout: Layout): LinkAddress {
  const { fields } = layout.linkAddress;
  const settings = base + fields.settings.offset;
  const { fields: known } = layout.addressSettings;
  const family = records.number(settings, known.family);
  const text = (start: number) => formatAddress(records.bytes, start, family);
  const optional = (start: number) =>
    records.bytes.subarray(start, start + 16).every((byte) => byte === 0) ? null : text(start);
  const lifetime = (field: 'preferred' | 'valid') => {
    const seconds = records.number(base, fields[field]);
    return seconds === FOREVER ? null : seconds;
  };
  const flags = records.number(settings, known.flags);
  const label = records.name(base, fields.label);
  return {
    link: records.name(base, fields.link),
    index: records.number(base, fields.index),
    family: family === AF_INET6 ? 'ipv6' : 'ipv4',
    address: text(settings + known.address.offset),
    prefixLength: records.number(settings, known.prefixLength),
    peer: optional(settings + known.peer.offset),
    broadcast: optional(base + fields.broadcast.offset),
    scope: scopes.name(records.number(settings, known.scope)),
    flags: flagsOf(flags),
    label: label === '' ? null : label,
    preferredLifetime: lifetime('preferred'),
    validLifetime: lifetime('valid'),
  };
}

/** Of IPv4 and IPv6 alike; bit 0 is 'secondary' of the one and 'temporary' of the other. */
function flagsOf(bits: number): AddressFlag[] {
  return FLAGS.filter((_, bit) => (bits & (1 << bit)) !== 0);
}
