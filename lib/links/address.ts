/**
 * Addresses of links.
 * @module
 */
import { AF_INET6, type Family, formatAddress } from '../core/address.js';
import { Names, type Unknown } from '../core/names.js';
import { families } from '../ipvs/reference.js';
import type { Layout } from '../native/addon.js';
import { readName } from '../native/link-name.js';
import type { Records } from '../native/records.js';
import { type AddressFlag, flagsOf } from './flags.js';
import { addressScopes, FOREVER } from './numbers.js';

/** Where an address is valid (RT_SCOPE_*; `ip address add ... scope`). */
export type AddressScope = 'global' | 'site' | 'link' | 'host' | 'nowhere';
export type { AddressFlag } from './flags.js';

/** @internal */
export const scopes = new Names<AddressScope>(addressScopes);

/**
 * An address in full, as it is wanted. What {@link Links.listAddresses} returns is one: it stands
 * for exactly what was listed, and where the link still has that, nothing is changed. Whatever
 * contradicts the address, or the link that it is put on, is refused.
 */
export interface AddressSettings {
  /** IPv4 or IPv6. IFA_LOCAL. */
  readonly address: string;
  /** Bits of the network, 0 to 32 or 128. Default: all, as of a virtual address. */
  readonly prefixLength?: number | undefined;
  /**
   * RT_SCOPE_*, `ip address add ... scope`. Default for a new IPv4 address, as with `ip`: 'host'
   * in 127.0.0.0/8, 'global' elsewhere, also in 169.254.0.0/16. An address that the link has keeps
   * its scope. IPv6 addresses have the scope that their bits tell; another is refused.
   */
  readonly scope?: AddressScope | Unknown | undefined;
  /**
   * Whether the kernel makes a route to the network of the address. Default: for IPv4 true, and as
   * it is for one that the link has; for IPv6 false (IFA_F_NOPREFIXROUTE), which makes adding
   * cheaper and deleting much cheaper.
   */
  readonly prefixRoute?: boolean | undefined;
  /**
   * IPv6: whether the kernel looks for another host with the address, before which it is not
   * usable. Default false (IFA_F_NODAD): a virtual address stands on many hosts.
   */
  readonly duplicateDetection?: boolean | undefined;
  /**
   * The other end of a point-to-point link, of the same family (IFA_ADDRESS, `peer`). Default, and
   * null: none.
   */
  readonly peer?: string | null | undefined;
  /**
   * IPv4 (IFA_BROADCAST, `broadcast`). Null: none. Default: none for a new address, and as it is
   * for one that the link has.
   */
  readonly broadcast?: string | null | undefined;
  /**
   * IPv4: 1 to 15 bytes (IFA_LABEL, `label`). Default, and null: the name of the link for a new
   * address, and as it is for one that the link has. A deletion deletes the address under this
   * label only.
   */
  readonly label?: string | null | undefined;
  /**
   * Seconds until the address is deprecated, at most those of `validLifetime`; null: never.
   * Default: `validLifetime`. IFA_CACHEINFO, `preferred_lft`.
   */
  readonly preferredLifetime?: number | null | undefined;
  /**
   * Seconds until the kernel deletes the address, from 1 on; null: never. Default: never.
   * IFA_CACHEINFO, `valid_lft`.
   */
  readonly validLifetime?: number | null | undefined;
  /**
   * All the flags of a listed address, instead of `prefixRoute` and `duplicateDetection`. Those
   * that are the kernel's own, such as 'tentative', count for nothing. With `flags`, lifetimes are
   * those of the time of listing: an address that expires is left to do so.
   */
  readonly flags?: readonly AddressFlag[] | undefined;
  /** That of the address. */
  readonly family?: Family | undefined;
  /**
   * The name of the link that a listed address is on. It must be, by its name or its index, the one
   * that the address is put on.
   */
  readonly link?: string | undefined;
  /** The index of that link. */
  readonly index?: number | undefined;
}

/**
 * An address to be put on a link: '10.96.0.1/32', 'fd00::1/128', without a prefix length all bits;
 * or in full.
 */
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

/** @internal */
export const familyNumber = (property: string, family: unknown) =>
  families.number(property, family);

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
  return {
    link: readName(records, base, fields.link),
    index: records.number(base, fields.index),
    ...readSettings(records, base + fields.settings.offset, layout),
  };
}

/** An address without the link that it is on. @internal */
export type BareAddress = Omit<LinkAddress, 'link' | 'index'>;

/** Reads the settings at `base`. @internal */
export function readSettings(records: Records, settings: number, layout: Layout): BareAddress {
  const { fields: known } = layout.addressSettings;
  const family = records.number(settings, known.family);
  const text = (start: number) => formatAddress(records.bytes, start, family);
  const optional = (start: number) =>
    records.bytes.subarray(start, start + 16).every((byte) => byte === 0) ? null : text(start);
  const lifetime = (field: 'preferred' | 'valid') => {
    const seconds = records.number(settings, known[field]);
    return seconds === FOREVER ? null : seconds;
  };
  const flags = records.number(settings, known.flags);
  const label = readName(records, settings, known.label);
  return {
    family: family === AF_INET6 ? 'ipv6' : 'ipv4',
    address: text(settings + known.address.offset),
    prefixLength: records.number(settings, known.prefixLength),
    peer: optional(settings + known.peer.offset),
    broadcast: optional(settings + known.broadcast.offset),
    scope: scopes.name(records.number(settings, known.scope)),
    flags: flagsOf(flags),
    label: label === '' ? null : label,
    preferredLifetime: lifetime('preferred'),
    validLifetime: lifetime('valid'),
  };
}
