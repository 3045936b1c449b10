/**
 * References: how arguments name services and destinations.
 * @module
 */
import type { Family } from '../core/address.js';
import type { Unknown } from '../core/name-table.js';
import type { Protocol } from './names.js';

/** A service with an address (`ipvsadm -t`, `-u`, `--sctp-service`). */
export interface ServiceAddress {
  /** The protocol (IPVS_SVC_ATTR_PROTOCOL). */
  readonly protocol: Protocol | Unknown;
  /**
   * The virtual address (IPVS_SVC_ATTR_ADDR): IPv4 dotted, or IPv6, without brackets. Its form
   * decides the family.
   */
  readonly address: string;
  /**
   * The virtual port, 0 to 65535 (IPVS_SVC_ATTR_PORT). 0 is every port, and needs persistence.
   */
  readonly port: number;
}

/** A service that takes the packets with a firewall mark (`ipvsadm -f`). */
export interface FirewallMark {
  /** The mark, 1 to 4294967295 (IPVS_SVC_ATTR_FWMARK). */
  readonly fwmark: number;
  /**
   * The family (IPVS_SVC_ATTR_AF). IPv4 and IPv6 services may share one mark. Default `'ipv4'`;
   * `'ipv6'` is `ipvsadm -6`.
   */
  readonly family?: Family | undefined;
}

/**
 * Names a service: `{ protocol, address, port }`, `{ fwmark, family }`, any service that this
 * package returned, or a string: `tcp://10.96.0.1:443`, `udp://[fd00::1]:53`, `fwmark://7` (IPv4),
 * `fwmark6://7` (IPv6).
 */
export type ServiceReference = string | ServiceAddress | FirewallMark;

/** Names a destination by an object. */
export interface DestinationAddress {
  /** The real server's address (IPVS_DEST_ATTR_ADDR): IPv4 dotted, or IPv6, without brackets. */
  readonly address: string;
  /**
   * The real server's port, 0 to 65535 (IPVS_DEST_ATTR_PORT). Default: the port of the service; of
   * a firewall mark 0, which keeps the packet's.
   */
  readonly port?: number | undefined;
}

/**
 * Names a destination of a service: `{ address, port }`, any destination that this package
 * returned, or a string: `10.0.0.1:80`, `[fd00::2]:80`, and without a port, which is then the
 * service's, `10.0.0.1` and `fd00::2`.
 */
export type DestinationReference = string | DestinationAddress;
