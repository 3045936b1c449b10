/**
 * The entries of the connection table, and the names of their protocols and states.
 * @module
 */
import type { Family } from '../core/address.js';
import { NameTable, type Unknown } from '../core/name-table.js';
import type { Protocol } from '../ipvs/names.js';
import { layout } from '../native/layout.js';

/** An address and a port. */
export interface Endpoint {
  /** IPv4, or IPv6 in its shortest form. */
  readonly address: string;
  /** 0 in templates of persistence that hold for all ports. */
  readonly port: number;
}

/** An entry of the connection table (/proc/net/ip_vs_conn; `ipvsadm -Lcn`). */
export interface Connection {
  /** The protocol of client, virtual address and server alike. */
  readonly protocol: ConnectionProtocol;
  /** The address family of client and virtual address. */
  readonly family: Family;
  /**
   * The client. In a template: the client's address under the netmask of the persistence, and
   * port 0.
   */
  readonly client: Endpoint;
  /**
   * The address and port that the client sends to. In a template for a firewall mark, the mark
   * stands in place of the address, as the kernel prints it: its service is `{ fwmark, family }`.
   */
  readonly virtual: Endpoint;
  /**
   * The real server. It can be passed wherever a destination is expected; in a filter, port 0 is
   * every port.
   */
  readonly destination: Endpoint;
  /** The state of the connection, as IPVS sees it. */
  readonly state: ConnectionState;
  /** Seconds until the entry expires, unless packets arrive. */
  readonly expires: number;
  /**
   * True for a template: no connection, but the record of a client's persistence. Templates that
   * the kernel has invalidated, whose destination port it replaces by 65535, are left out.
   */
  readonly template: boolean;
  /** The firewall mark, in a template for one. No other entry records it. */
  readonly fwmark: number | null;
  /** The persistence engine that made the template. */
  readonly engine: string | null;
  /** The data that the engine goes by, such as a Call-ID: a character for each byte. */
  readonly engineData: string | null;
  /**
   * `local` for an entry that was made here, `sync` for one that a sync daemon learned from the
   * master. Null unless the option `origin` is set.
   */
  readonly origin: 'local' | 'sync' | null;
}

/** The protocol of a connection. 'ip' is that of the templates for a firewall mark. */
export type ConnectionProtocol = Protocol | 'ip' | 'icmp' | 'icmpv6' | Unknown;

/** @internal */
export const connectionProtocols = new NameTable<Protocol | 'ip' | 'icmp' | 'icmpv6'>(
  layout.connectionProtocols,
);

/**
 * A state of a connection as Linux 6.1 to 7.2 print it: of TCP, UDP and SCTP; of a template of
 * persistence NONE or ASSURED. Several protocols have a NONE and an ESTABLISHED.
 */
export type ConnectionState =
  // TCP
  | 'NONE'
  | 'ESTABLISHED'
  | 'SYN_SENT'
  | 'SYN_RECV'
  | 'FIN_WAIT'
  | 'TIME_WAIT'
  | 'CLOSE'
  | 'CLOSE_WAIT'
  | 'LAST_ACK'
  | 'LISTEN'
  | 'SYNACK'
  // UDP
  | 'UDP'
  // SCTP
  | 'INIT1'
  | 'INIT'
  | 'C-SENT'
  | 'C-REPLIED'
  | 'C-WAIT'
  | 'COOKIE'
  | 'C-ECHOED'
  | 'S-SENT'
  | 'S-RECEIVED'
  | 'S-ACK-SENT'
  | 'REJECTED'
  | 'CLOSED'
  // Templates of persistence, besides NONE
  | 'ASSURED'
  // States that the kernel has no name for
  | 'ERR!'
  | 'BUG!'
  | '?';

/** Every state. Keys, so that the compiler notices one that is missing. */
const STATES = {
  NONE: true,
  ESTABLISHED: true,
  SYN_SENT: true,
  SYN_RECV: true,
  FIN_WAIT: true,
  TIME_WAIT: true,
  CLOSE: true,
  CLOSE_WAIT: true,
  LAST_ACK: true,
  LISTEN: true,
  SYNACK: true,
  UDP: true,
  INIT1: true,
  INIT: true,
  'C-SENT': true,
  'C-REPLIED': true,
  'C-WAIT': true,
  COOKIE: true,
  'C-ECHOED': true,
  'S-SENT': true,
  'S-RECEIVED': true,
  'S-ACK-SENT': true,
  REJECTED: true,
  CLOSED: true,
  ASSURED: true,
  'ERR!': true,
  'BUG!': true,
  '?': true,
} satisfies Record<ConnectionState, true>;

/** The states with a name, which messages list. @internal */
export const NAMED_STATES = Object.keys(STATES)
  .filter(isConnectionState)
  .filter((state) => /^[A-Z]/.test(state) && !state.endsWith('!'));

/** Returns true for a state that Linux prints. @internal */
export function isConnectionState(value: unknown): value is ConnectionState {
  return typeof value === 'string' && Object.hasOwn(STATES, value);
}
