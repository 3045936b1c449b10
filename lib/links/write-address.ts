/**
 * Writing the wanted addresses of links: what their settings may be, and what contradicts.
 * @module
 */
import { AF_INET, AF_INET6, isFilled, parseAddress } from '../core/address.js';
import { checkInteger, readObject } from '../core/check.js';
import { networkHint } from '../core/hints.js';
import { wrongType, wrongValue } from '../core/input-errors.js';
import { families } from '../ipvs/reference.js';
import type { Layout } from '../native/addon.js';
import { labelBytes, writeName } from '../native/link-name.js';
import type { Records } from '../native/records.js';
import { type AddressSettings, scopes } from './address.js';
import { checkFlags, defaultFlags } from './flags.js';
import { checkLinkIndex } from './link.js';
import { FOREVER } from './numbers.js';

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
/** The first byte of 127.0.0.0/8. */
const LOOPBACK = 127;

/** How a call names the link of an address: by its name, or by its index, which is 0 otherwise. */
interface CalledLink {
  readonly name: string;
  readonly index: number;
}

/** Settings, of which nothing but the names is known. */
type Unchecked = ReturnType<typeof readObject<keyof AddressSettings>>;

/** Where an address is written. */
interface Place {
  readonly records: Records;
  readonly base: number;
  readonly layout: Layout;
  readonly property: string;
}

/**
 * Writes an address to the settings at `base`, which are zeros.
 * @param link what the address is put on; without it, no link is looked at
 * @returns the name of the link that the address was listed on, where the addon is to see whether
 *   it is that
 * @internal
 */
export function writeAddress(
  records: Records,
  base: number,
  layout: Layout,
  property: string,
  config: unknown,
  link?: CalledLink,
): string | undefined {
  if (typeof config === 'string') {
    writeText(records, base, layout, property, config);
    return undefined;
  }
  if (typeof config !== 'object') {
    throw wrongType(property, config, "an address such as '10.96.0.1/32', or an object");
  }
  const settings = readObject(property, config, KEYS);
  return writeSettings({ records, base, layout, property }, settings, link);
}

function writeSettings(
  place: Place,
  settings: Unchecked,
  called: CalledLink | undefined,
): string | undefined {
  const { records, base, layout, property } = place;
  const { fields } = layout.addressSettings;
  const { address, prefixLength, flags, prefixRoute, duplicateDetection } = settings;
  if (typeof address !== 'string') throw wrongType(`${property}.address`, address, 'an IP address');
  const family = writeIp(records, base, layout, `${property}.address`, address, address);
  if (
    settings.family !== undefined &&
    families.number(`${property}.family`, settings.family) !== family
  ) {
    throw wrongValue(`${property}.family`, settings.family, `is not the family of ${address}`);
  }
  const bits = family === AF_INET6 ? 128 : 32;
  const length =
    prefixLength === undefined
      ? bits
      : checkInteger(`${property}.prefixLength`, prefixLength, 0, bits, 'bits');
  records.setNumber(base, fields.prefixLength, length);
  records.setNumber(base, fields.flags, checkFlags(property, family, settings));
  const { addressGiven: bit } = layout;
  const given =
    (flags === undefined ? 0 : bit.listed | bit.prefixRoute | bit.duplicateDetection) |
    (prefixRoute === undefined ? 0 : bit.prefixRoute) |
    (duplicateDetection === undefined ? 0 : bit.duplicateDetection) |
    writeScope(place, family, settings) |
    writePeer(place, family, settings) |
    writeBroadcast(place, family, settings) |
    writeLabel(place, family, settings) |
    writeLifetimes(place, settings);
  records.setNumber(base, fields.given, given);
  return writeLink(place, settings, called);
}

function writeScope(place: Place, family: number, { scope }: Unchecked): number {
  const { records, base, layout } = place;
  const property = `${place.property}.scope`;
  if (scope === undefined) return 0;
  const number = scopes.numberOrUnknown(property, scope, 255);
  const { fields } = layout.addressSettings;
  if (family === AF_INET6) {
    const inherent = ipv6Scope(records.bytes, base + fields.address.offset);
    if (number !== inherent) {
      throw wrongValue(
        property,
        scope,
        `is not that of the address, whose bits tell '${scopes.name(inherent)}'`,
      );
    }
  }
  records.setNumber(base, fields.scope, number);
  return layout.addressGiven.scope;
}

/** The scope of the IPv6 address at `at`, as the kernel has it from its bits. */
function ipv6Scope(bytes: Uint8Array, at: number): number {
  const range = bytes[at] === 0xfe ? (bytes[at + 1] ?? 0) & 0xc0 : 0;
  if (range === 0x80) return scopes.number('scope', 'link');
  if (range === 0xc0) return scopes.number('scope', 'site');
  const isLoopback = isFilled(bytes, at, 15, 0) && bytes[at + 15] === 1;
  return scopes.number('scope', isLoopback ? 'host' : 'global');
}

function writePeer(place: Place, family: number, { peer }: Unchecked): number {
  const { records, base, layout } = place;
  const property = `${place.property}.peer`;
  if (peer === undefined) return 0;
  if (peer === null) return layout.addressGiven.peer;
  if (typeof peer !== 'string') throw wrongType(property, peer, 'an IP address, or null');
  const { fields } = layout.addressSettings;
  const start = base + fields.peer.offset;
  const other = parseAddress(peer, records.bytes, start);
  if (other === 0) throw wrongValue(property, peer, `is not an IP address${networkHint(peer)}`);
  if (other !== family) throw wrongValue(property, peer, 'is not of the same family');
  // The kernel means the same by it as by none.
  const own = records.bytes.subarray(base + fields.address.offset);
  const bytes = records.bytes.subarray(start, start + 16);
  if (bytes.every((byte, at) => byte === own[at])) bytes.fill(0);
  return layout.addressGiven.peer;
}

function writeBroadcast(place: Place, family: number, { broadcast }: Unchecked): number {
  const { records, base, layout } = place;
  const property = `${place.property}.broadcast`;
  if (broadcast === undefined) return 0;
  if (broadcast === null) return layout.addressGiven.broadcast;
  if (typeof broadcast !== 'string')
    throw wrongType(property, broadcast, 'an IPv4 address, or null');
  if (family === AF_INET6) throw wrongValue(property, broadcast, 'is for IPv4 only');
  const start = base + layout.addressSettings.fields.broadcast.offset;
  if (parseAddress(broadcast, records.bytes, start) !== AF_INET) {
    throw wrongValue(property, broadcast, 'is not an IPv4 address');
  }
  return layout.addressGiven.broadcast;
}

function writeLabel(place: Place, family: number, { label }: Unchecked): number {
  const { records, base, layout } = place;
  if (label === undefined || label === null) return 0;
  const bytes = labelBytes(`${place.property}.label`, label);
  if (family === AF_INET6) throw wrongValue(`${place.property}.label`, label, 'is for IPv4 only');
  writeName(records, base, layout.addressSettings.fields.label, bytes);
  return layout.addressGiven.label;
}

function writeLifetimes(place: Place, settings: Unchecked): number {
  const { records, base, layout, property } = place;
  const { preferredLifetime, validLifetime, flags } = settings;
  if (preferredLifetime === undefined && validLifetime === undefined) return 0;
  const seconds = (name: string, value: unknown, least: number, otherwise: number) => {
    if (value === undefined) return otherwise;
    if (value === null) return FOREVER;
    return checkInteger(`${property}.${name}`, value, least, FOREVER - 1, 'seconds');
  };
  // A listed address may be in its last second.
  const valid = seconds('validLifetime', validLifetime, flags === undefined ? 1 : 0, FOREVER);
  const preferred = seconds('preferredLifetime', preferredLifetime, 0, valid);
  if (preferred > valid) {
    throw wrongValue(
      `${property}.preferredLifetime`,
      preferredLifetime,
      'is longer than validLifetime',
    );
  }
  const { fields } = layout.addressSettings;
  records.setNumber(base, fields.preferred, preferred);
  records.setNumber(base, fields.valid, valid);
  return layout.addressGiven.lifetimes;
}

/** What to do with an address that was listed on another link. @internal */
export const ANY_LINK = 'leave out link and index to use it with another link';

/**
 * Sees that a listed address is put on its own link; where only the kernel knows, the addon does,
 * and the name of that link is returned.
 */
function writeLink(
  place: Place,
  settings: Unchecked,
  called: CalledLink | undefined,
): string | undefined {
  const { records, base, layout, property } = place;
  const { link, index } = settings;
  if (link !== undefined && typeof link !== 'string') {
    throw wrongType(`${property}.link`, link, 'the name of a link');
  }
  const number = index === undefined ? 0 : checkLinkIndex(`${property}.index`, index);
  if (called === undefined || (link === undefined && number === 0)) return undefined;
  const wrong = (key: 'link' | 'index', rule: string) =>
    wrongValue(`${property}.${key}`, settings[key], `${rule}: ${ANY_LINK}`);
  if (called.index === 0) {
    if (link === called.name) return undefined;
    if (number === 0) throw wrong('link', `is not the link '${called.name}'`);
    // The call may name the link by another of its names.
    records.setNumber(base, layout.addressSettings.fields.link, number);
    return link;
  }
  if (number === called.index) return undefined;
  if (number === 0) throw wrong('link', `is not the link ${called.index}`);
  throw wrong(
    'index',
    `${link === undefined ? '' : `('${link}') `}is not the link ${called.index}`,
  );
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
  records.setNumber(base, layout.addressSettings.fields.flags, defaultFlags(family));
}

/** Writes an IP address, its family and the scope that is the default for it; returns its family. */
function writeIp(
  records: Records,
  base: number,
  layout: Layout,
  property: string,
  address: string,
  shown: string,
): number {
  const { fields } = layout.addressSettings;
  const start = base + fields.address.offset;
  const family = parseAddress(address, records.bytes, start);
  if (family === 0) throw wrongValue(property, shown, `is not an IP address${networkHint(shown)}`);
  records.setNumber(base, fields.family, family);
  if (family === AF_INET && records.bytes[start] === LOOPBACK) {
    records.setNumber(base, fields.scope, scopes.number('scope', 'host'));
  }
  return family;
}
