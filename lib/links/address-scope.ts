/**
 * The scopes of addresses.
 * @module
 */
import { isFilled } from '../core/address.js';
import { NameTable } from '../core/name-table.js';
import { layout } from '../native/layout.js';

/** The scope in which an address is valid (RT_SCOPE_*; `ip address add ... scope`). */
export type AddressScope = 'global' | 'site' | 'link' | 'host' | 'nowhere';

/** @internal */
export const scopes = new NameTable<AddressScope>(layout.addressScopes);

/** The first byte of 127.0.0.0/8. */
const LOOPBACK = 127;

/** Returns the default scope of a new IPv4 address, the one that `ip` chooses. @internal */
export function defaultIpv4Scope(bytes: Uint8Array, at: number): number {
  return bytes[at] === LOOPBACK ? layout.addressScopes.host : layout.addressScopes.global;
}

/** Returns the scope of an IPv6 address, which the kernel derives from its bits. @internal */
export function ipv6Scope(bytes: Uint8Array, at: number): number {
  const range = bytes[at] === 0xfe ? (bytes[at + 1] ?? 0) & 0xc0 : 0;
  if (range === 0x80) return layout.addressScopes.link;
  if (range === 0xc0) return layout.addressScopes.site;
  const isLoopback = isFilled(bytes, at, 15, 0) && bytes[at + 15] === 1;
  return isLoopback ? layout.addressScopes.host : layout.addressScopes.global;
}
