/**
 * Destinations, the real servers of a service: their types.
 * @module
 */
import type { Family } from '../core/address.js';
import type { Unknown } from '../core/name-table.js';
import type { Forwarding } from './names.js';
import type { DestinationAddress } from './reference-types.js';
import type { Counter, Stats } from './stats.js';
import type { Tunnel, TunnelConfig } from './tunnel.js';

/** The settings of a destination, all of them optional. */
export interface DestinationSettings {
  /**
   * The method by which packets reach the real server. Default 'direct', as in ipvsadm. Only
   * 'masquerade' can translate ports; only 'tunnel' can cross from one address family to the other.
   * IPVS_DEST_ATTR_FWD_METHOD, `ipvsadm -m -g -i`.
   */
  readonly forwarding?: Forwarding | Unknown | undefined;
  /**
   * Its share of new connections, 0 to 2147483647. Default 1. Weight 0 keeps existing connections
   * and gives it no new ones, except from clients that persistence sends back: they return until
   * their template expires, unless the kernel parameter `expireQuiescentTemplate` is true.
   * IPVS_DEST_ATTR_WEIGHT, `ipvsadm -w`.
   */
  readonly weight?: number | undefined;
  /**
   * The number of connections above which it gets no new ones, 1 to 2147483647. Default 0: no
   * limit. IPVS_DEST_ATTR_U_THRESH, `ipvsadm -x`.
   */
  readonly upperThreshold?: number | undefined;
  /**
   * The number of connections below which it gets new ones again after it had too many; at most the
   * upper threshold. Default 0: three quarters of the upper threshold.
   * IPVS_DEST_ATTR_L_THRESH, `ipvsadm -y`.
   */
  readonly lowerThreshold?: number | undefined;
  /**
   * The tunnel that wraps packets, with forwarding 'tunnel'. Default `{ type: 'ipip' }`.
   * IPVS_DEST_ATTR_TUN_TYPE, `ipvsadm --tun-type`.
   */
  readonly tunnel?: TunnelConfig | Tunnel | null | undefined;
}

/**
 * A destination to add: its key and its settings. What the kernel would accept but not do is
 * refused, such as another port than the service's without 'masquerade'.
 *
 * A {@link Destination} is accepted too, also after `JSON.stringify()` and `JSON.parse()`. It has
 * `stats`, which show that it comes from the kernel: it is written as it is, including values that
 * only another program could have set.
 */
export type DestinationConfig = DestinationAddress & DestinationSettings;

/**
 * The settings of a destination to change. Everything that is left out stays as it is, with `{}`
 * all; `tunnel` is one setting. Takes settings only: a {@link Destination} is refused, since it
 * also has a key and counters.
 */
export type DestinationChanges = DestinationSettings;

/**
 * A destination as the kernel has it. It can be passed as a {@link DestinationReference} anywhere,
 * and written with addDestination() and ensureDestination().
 */
export interface Destination<Value extends Counter = number> {
  /** The address: IPv4, or IPv6 in its shortest form (RFC 5952). IPVS_DEST_ATTR_ADDR. */
  readonly address: string;
  /**
   * The port. With a service by firewall mark, 0 is the port that the client asked for.
   * IPVS_DEST_ATTR_PORT.
   */
  readonly port: number;
  /**
   * The family of the address; with a tunnel, it may be another than the service's.
   * IPVS_DEST_ATTR_ADDR_FAMILY.
   */
  readonly family: Family;
  /** The method by which packets reach it. IPVS_DEST_ATTR_FWD_METHOD. */
  readonly forwarding: Forwarding | Unknown;
  /**
   * Its share of new connections: see {@link DestinationSettings.weight}. IPVS_DEST_ATTR_WEIGHT.
   */
  readonly weight: number;
  /**
   * The number of connections above which it gets no new ones; 0: no limit.
   * IPVS_DEST_ATTR_U_THRESH.
   */
  readonly upperThreshold: number;
  /**
   * The number of connections below which it gets new ones again; 0: three quarters of the upper
   * threshold. IPVS_DEST_ATTR_L_THRESH.
   */
  readonly lowerThreshold: number;
  /**
   * Null unless forwarding is 'tunnel', or another program has left settings of a tunnel, which
   * then change nothing. IPVS_DEST_ATTR_TUN_TYPE.
   */
  readonly tunnel: Tunnel | null;
  /**
   * TCP connections in state ESTABLISHED, SYN_SENT, SYN_RECV or SYNACK, and SCTP connections in
   * state ESTABLISHED; live. 0 does not mean that the destination is unused: see
   * {@link Destination.inactiveConnections}. IPVS_DEST_ATTR_ACTIVE_CONNS.
   */
  readonly activeConnections: number;
  /**
   * All other connections; live: every UDP flow, and TCP connections that one side or both have
   * closed (FIN_WAIT, CLOSE_WAIT, TIME_WAIT, LAST_ACK, CLOSE). Traffic may still pass on them: on
   * UDP flows, and from a server to a client that has closed its own half. A destination of weight
   * 0 is drained when active and inactive connections are both 0. TIME_WAIT delays that by up to
   * 120 seconds, and a UDP flow that goes on never expires: limit the wait.
   * IPVS_DEST_ATTR_INACT_CONNS.
   */
  readonly inactiveConnections: number;
  /**
   * Templates of persistence; live. They carry no traffic, and count neither as active nor as
   * inactive. IPVS_DEST_ATTR_PERSIST_CONNS.
   */
  readonly persistentConnections: number;
  /** Counters and rates. IPVS_DEST_ATTR_STATS64. */
  readonly stats: Stats<Value>;
}
