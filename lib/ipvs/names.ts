/**
 * The names of protocols, forwarding methods and tunnels, which the kernel numbers.
 * @module
 */
import { NameTable } from '../core/name-table.js';
import { layout } from '../native/layout.js';

/**
 * A transport protocol that IPVS balances (IPPROTO_TCP, _UDP, _SCTP;
 * `ipvsadm -t -u --sctp-service`).
 */
export type Protocol = 'tcp' | 'udp' | 'sctp';
/** @internal */
export const protocols = new NameTable<Protocol>(layout.protocols);

/**
 * The method by which packets reach a destination (IPVS_DEST_ATTR_FWD_METHOD):
 * - `masquerade`: destination NAT; the replies must pass the director (`ipvsadm -m`)
 * - `direct`: unchanged, to the real server's link-layer address (`-g`)
 * - `tunnel`: wrapped in another packet to the real server (`-i`)
 * - `local`: to a server on the director itself
 * - `bypass`: to the original destination address, for transparent caches
 */
export type Forwarding = 'masquerade' | 'direct' | 'tunnel' | 'local' | 'bypass';
/** @internal */
export const forwardings = new NameTable<Forwarding>(layout.forwardings);

/** The type of a tunnel (IPVS_DEST_ATTR_TUN_TYPE; `ipvsadm --tun-type`). */
export type TunnelType = 'ipip' | 'gue' | 'gre';
/** @internal */
export const tunnelTypes = new NameTable<TunnelType>(layout.tunnelTypes);

/**
 * The checksum of a GUE or GRE tunnel (IPVS_DEST_ATTR_TUN_FLAGS; `ipvsadm --tun-nocsum --tun-csum
 * --tun-remcsum`).
 */
export type TunnelChecksum = 'none' | 'checksum' | 'remote-checksum';
/** @internal */
export const tunnelChecksums = new NameTable<TunnelChecksum>(layout.tunnelChecksums);
