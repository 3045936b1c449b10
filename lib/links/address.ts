/**
 * Addresses of links: their settings, and how the kernel's records of them are decoded.
 * @module
 */
import { AF_INET6, type Family, formatAddress, isFilled } from '../core/address.js';
import { decodeName } from '../core/link-name.js';
import type { Unknown } from '../core/name-table.js';
import { layout } from '../native/layout.js';
import type { Records } from '../native/records.js';
import { type AddressFlag, flagsOf } from './address-flags.js';
import { type AddressScope, scopes } from './address-scope.js';

export type { AddressFlag } from './address-flags.js';
export type { AddressScope } from './address-scope.js';

/**
 * The settings of an address that a link is to have. What {@link Links.listAddresses} returns is
 * such an object: it stands for exactly the address that was listed, and nothing is changed where
 * the link still has it. A setting that contradicts the address, or the link of the call, is
 * refused.
 */
export interface AddressSettings {
  /** IPv4 or IPv6. IFA_LOCAL. */
  readonly address: string;
  /** Bits of the network, 0 to 32 or 128. Default: all, as for a virtual address. */
  readonly prefixLength?: number | undefined;
  /**
   * RT_SCOPE_*, `ip address add ... scope`. Default for a new IPv4 address, as with `ip`: 'host'
   * in 127.0.0.0/8, 'global' elsewhere, also in 169.254.0.0/16. An address that the link already
   * has keeps its scope. The scope of an IPv6 address follows from its bits; any other is refused.
   */
  readonly scope?: AddressScope | Unknown | undefined;
  /**
   * If true, the kernel adds a route to the network of the address. Default for IPv4: true for a
   * new address, and unchanged for one that the link has. Default for IPv6: false
   * (IFA_F_NOPREFIXROUTE), which makes adding cheaper and deleting much cheaper.
   */
  readonly prefixRoute?: boolean | undefined;
  /**
   * IPv6: if true, the kernel looks for another host with the address, and the address cannot be
   * used before that is done. Default false (IFA_F_NODAD): many hosts have the same virtual
   * address.
   */
  readonly duplicateDetection?: boolean | undefined;
  /**
   * The other end of a point-to-point link, of the same family (IFA_ADDRESS, `peer`). Null: none.
   * Default: none for a new address, and unchanged for one that the link has.
   */
  readonly peer?: string | null | undefined;
  /**
   * IPv4: the broadcast address (IFA_BROADCAST, `broadcast`). Null: none. Default: none for a new
   * address, and unchanged for one that the link has.
   */
  readonly broadcast?: string | null | undefined;
  /**
   * IPv4: 1 to 15 bytes (IFA_LABEL, `label`). Default, and null: the name of the link for a new
   * address, and unchanged for one that the link has. A deletion deletes the address under this
   * label only.
   */
  readonly label?: string | null | undefined;
  /**
   * Seconds until the address is deprecated, at most `validLifetime`; null: never. Default:
   * `validLifetime`. IFA_CACHEINFO, `preferred_lft`.
   */
  readonly preferredLifetime?: number | null | undefined;
  /**
   * Seconds until the kernel deletes the address, at least 1; null: never. Default: never.
   * IFA_CACHEINFO, `valid_lft`.
   */
  readonly validLifetime?: number | null | undefined;
  /**
   * All flags of a listed address, instead of `prefixRoute` and `duplicateDetection`. Flags that
   * only the kernel sets, such as 'tentative', are ignored. With `flags`, the lifetimes are those
   * at the time of listing: an address that expires is left to expire.
   */
  readonly flags?: readonly AddressFlag[] | undefined;
  /** The family of the address. */
  readonly family?: Family | undefined;
  /**
   * The name of the link that a listed address is on. It must be the link of the call: either this
   * name or the index must be the same.
   */
  readonly link?: string | undefined;
  /** The index of that link. */
  readonly index?: number | undefined;
}

/**
 * An address that a link is to have: '10.96.0.1/32', 'fd00::1/128', without a prefix length all
 * bits; or an object with its settings.
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

/** An address without the link that it is on. @internal */
export type BareAddress = Omit<LinkAddress, 'link' | 'index'>;

const { fields: settingsFields } = layout.addressSettings;
const { fields: addressFields } = layout.linkAddress;

/** Returns the address of the settings at `base` as text: '10.96.0.1/32'. @internal */
export function formatLinkAddress(records: Records, base: number): string {
  const family = records.number(base, settingsFields.family);
  const address = formatAddress(records.bytes, base + settingsFields.address.offset, family);
  return `${address}/${records.number(base, settingsFields.prefixLength)}`;
}

/** Decodes the address at `base`. @internal */
export function decodeLinkAddress(records: Records, base: number): LinkAddress {
  return {
    link: decodeName(records.nameBytes(base, addressFields.link)),
    index: records.number(base, addressFields.index),
    ...decodeSettings(records, base + addressFields.settings.offset),
  };
}

/** Decodes the settings at `base`. @internal */
export function decodeSettings(records: Records, base: number): BareAddress {
  const { bytes } = records;
  const family = records.number(base, settingsFields.family);
  const text = (field: 'address' | 'peer' | 'broadcast') =>
    formatAddress(bytes, base + settingsFields[field].offset, family);
  const optional = (field: 'peer' | 'broadcast') =>
    isFilled(bytes, base + settingsFields[field].offset, 16, 0) ? null : text(field);
  const lifetime = (field: 'preferred' | 'valid') => {
    const seconds = records.number(base, settingsFields[field]);
    return seconds === layout.lifetimes.forever ? null : seconds;
  };
  const label = decodeName(records.nameBytes(base, settingsFields.label));
  return {
    family: family === AF_INET6 ? 'ipv6' : 'ipv4',
    address: text('address'),
    prefixLength: records.number(base, settingsFields.prefixLength),
    peer: optional('peer'),
    broadcast: optional('broadcast'),
    scope: scopes.name(records.number(base, settingsFields.scope)),
    flags: flagsOf(records.number(base, settingsFields.flags)),
    label: label === '' ? null : label,
    preferredLifetime: lifetime('preferred'),
    validLifetime: lifetime('valid'),
  };
}
