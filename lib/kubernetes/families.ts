/**
 * The address families of Kubernetes, and addresses in canonical form.
 * @module
 */
import {
  AF_INET,
  AF_INET6,
  describeAddress,
  formatAddress,
  isMapped,
  isPlainUnicast,
  parseAddress,
} from '../core/address.js';

/** A family, named as in `spec.ipFamilies`. */
export type IPFamily = 'IPv4' | 'IPv6';

/** All families, in the order of kube-proxy. @internal */
export const IP_FAMILIES: readonly IPFamily[] = ['IPv4', 'IPv6'];

const bytes = new Uint8Array(16);

/** Returns the family of an address; undefined if the text is no address. @internal */
export function familyOf(address: string): IPFamily | undefined {
  const family = parseAddress(address, bytes, 0);
  if (family === AF_INET) return 'IPv4';
  return family === AF_INET6 ? 'IPv6' : undefined;
}

/**
 * Returns an address in canonical form; undefined if the text is no address of the family.
 * @internal
 */
export function canonicalAddress(address: string, family: IPFamily): string | undefined {
  const found = parseAddress(address, bytes, 0);
  // The text of an IPv4 address is canonical.
  if (found === AF_INET) return family === 'IPv4' ? address : undefined;
  if (found !== AF_INET6 || family !== 'IPv6') return undefined;
  return formatAddress(bytes, 0, AF_INET6);
}

/**
 * Returns what kind of address it is that no service can have ('a multicast address'); undefined
 * for unicast addresses. @internal
 */
export function unusableKind(address: string): string | undefined {
  const family = parseAddress(address, bytes, 0);
  if (isPlainUnicast(bytes, 0, family)) return undefined;
  const kind = describeAddress(bytes, 0, family);
  return kind === 'unicast' ? undefined : kind;
}

/**
 * Returns what kind of address it is that no endpoint can have; undefined for others. @internal
 */
export function unusableEndpointKind(address: string): string | undefined {
  const kind = unusableKind(address);
  if (kind !== undefined || !address.includes(':')) return kind;
  return isMapped(bytes, 0) ? 'an IPv4 address in IPv6 form' : undefined;
}

/** Returns true for an address of the loopback networks 127.0.0.0/8 and ::1. @internal */
export function isLoopback(address: string): boolean {
  return address.startsWith('127.') || address === '::1';
}

/** Returns true for an IPv6 address of fe80::/10, in canonical form. @internal */
export function isLinkLocal(address: string): boolean {
  return /^fe[89ab][\da-f]:/.test(address);
}
