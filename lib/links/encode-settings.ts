/**
 * Checking and encoding of addresses in object form.
 * @module
 */
import { AF_INET, AF_INET6, families, parseAddress } from '../core/address.js';
import { checkInteger, readObject } from '../core/check.js';
import { networkHint } from '../core/hints.js';
import { wrongType, wrongValue } from '../core/input-errors.js';
import { labelBytes } from '../core/link-name.js';
import { layout } from '../native/layout.js';
import type { Records } from '../native/records.js';
import type { AddressSettings } from './address.js';
import { checkFlags } from './address-flags.js';
import { ipv6Scope, scopes } from './address-scope.js';
import { bitsOf, encodeIp } from './encode-address.js';

/** The settings of an address, including those that only listed addresses have. */
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

const { fields } = layout.addressSettings;
/** The bits of `given`: the settings that the caller has named. */
const bit = layout.addressGiven;
const { forever } = layout.lifetimes;

/** Settings whose values are unchecked. */
type UncheckedSettings = Readonly<Record<keyof AddressSettings, unknown>>;

/** The place where an address is encoded. */
interface Place {
  readonly records: Records;
  readonly base: number;
  /** The name of the address in errors. */
  readonly property: string;
}

/** Reads the settings of an address that is not a text. */
export function readAddressSettings(property: string, config: unknown): UncheckedSettings {
  if (typeof config !== 'object') {
    throw wrongType(property, config, "an address such as '10.96.0.1/32', or an object");
  }
  return readObject(property, config, KEYS);
}

/**
 * Encodes an address as the settings at `base`, which are zeros. The link of the address is not
 * looked at.
 * @returns the family of the address
 */
export function encodeAddressSettings(
  records: Records,
  base: number,
  property: string,
  settings: UncheckedSettings,
): number {
  const place = { records, base, property };
  const { address, prefixLength, flags, prefixRoute, duplicateDetection } = settings;
  if (typeof address !== 'string') throw wrongType(`${property}.address`, address, 'an IP address');
  const family = encodeIp(records, base, `${property}.address`, address, address);
  if (
    settings.family !== undefined &&
    families.number(`${property}.family`, settings.family) !== family
  ) {
    throw wrongValue(`${property}.family`, settings.family, `is not the family of ${address}`);
  }
  const bits = bitsOf(family);
  const length =
    prefixLength === undefined
      ? bits
      : checkInteger(`${property}.prefixLength`, prefixLength, 0, bits, 'bits');
  records.setNumber(base, fields.prefixLength, length);
  records.setNumber(base, fields.flags, checkFlags(property, family, settings));
  const given =
    (flags === undefined ? 0 : bit.listed | bit.prefixRoute | bit.duplicateDetection) |
    (prefixRoute === undefined ? 0 : bit.prefixRoute) |
    (duplicateDetection === undefined ? 0 : bit.duplicateDetection) |
    encodeScope(place, family, settings.scope) |
    encodePeer(place, family, settings.peer) |
    encodeBroadcast(place, family, settings.broadcast) |
    encodeLabel(place, family, settings.label) |
    encodeLifetimes(place, settings);
  records.setNumber(base, fields.given, given);
  return family;
}

// Each of these returns its bit of `given`, or 0 if the setting was left out.

function encodeScope({ records, base, property }: Place, family: number, scope: unknown): number {
  if (scope === undefined) return 0;
  const number = scopes.numberOrUnknown(`${property}.scope`, scope, 255);
  if (family === AF_INET6) {
    const inherent = ipv6Scope(records.bytes, base + fields.address.offset);
    if (number !== inherent) {
      throw wrongValue(
        `${property}.scope`,
        scope,
        `is not that of the address, whose bits tell '${scopes.name(inherent)}'`,
      );
    }
  }
  records.setNumber(base, fields.scope, number);
  return bit.scope;
}

function encodePeer(place: Place, family: number, peer: unknown): number {
  const { records, base } = place;
  const property = `${place.property}.peer`;
  if (peer === undefined) return 0;
  if (peer === null) return bit.peer;
  if (typeof peer !== 'string') throw wrongType(property, peer, 'an IP address, or null');
  const start = base + fields.peer.offset;
  const peerFamily = parseAddress(peer, records.bytes, start);
  if (peerFamily === 0) {
    throw wrongValue(property, peer, `is not an IP address${networkHint(peer)}`);
  }
  if (peerFamily !== family) throw wrongValue(property, peer, 'is not of the same family');
  // To the kernel, an address that is its own peer has none.
  const own = records.bytes.subarray(base + fields.address.offset);
  const bytes = records.bytes.subarray(start, start + 16);
  if (bytes.every((byte, at) => byte === own[at])) bytes.fill(0);
  return bit.peer;
}

function encodeBroadcast(place: Place, family: number, broadcast: unknown): number {
  const { records, base } = place;
  const property = `${place.property}.broadcast`;
  if (broadcast === undefined) return 0;
  if (broadcast === null) return bit.broadcast;
  if (typeof broadcast !== 'string') {
    throw wrongType(property, broadcast, 'an IPv4 address, or null');
  }
  if (family === AF_INET6) throw wrongValue(property, broadcast, 'is for IPv4 only');
  if (parseAddress(broadcast, records.bytes, base + fields.broadcast.offset) !== AF_INET) {
    throw wrongValue(property, broadcast, 'is not an IPv4 address');
  }
  return bit.broadcast;
}

function encodeLabel({ records, base, property }: Place, family: number, label: unknown): number {
  if (label === undefined || label === null) return 0;
  const bytes = labelBytes(`${property}.label`, label);
  if (family === AF_INET6) throw wrongValue(`${property}.label`, label, 'is for IPv4 only');
  records.setNameBytes(base, fields.label, bytes);
  return bit.label;
}

function encodeLifetimes({ records, base, property }: Place, settings: UncheckedSettings): number {
  const { preferredLifetime, validLifetime, flags } = settings;
  if (preferredLifetime === undefined && validLifetime === undefined) return 0;
  const seconds = (name: string, value: unknown, min: number, byDefault: number) => {
    if (value === undefined) return byDefault;
    if (value === null) return forever;
    return checkInteger(`${property}.${name}`, value, min, forever - 1, 'seconds');
  };
  // A listed address may be in its last second.
  const valid = seconds('validLifetime', validLifetime, flags === undefined ? 1 : 0, forever);
  const preferred = seconds('preferredLifetime', preferredLifetime, 0, valid);
  if (preferred > valid) {
    throw wrongValue(
      `${property}.preferredLifetime`,
      preferredLifetime,
      'is longer than validLifetime',
    );
  }
  records.setNumber(base, fields.preferred, preferred);
  records.setNumber(base, fields.valid, valid);
  return bit.lifetimes;
}
