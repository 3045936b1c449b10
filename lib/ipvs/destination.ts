/**
 * Destinations, the real servers behind a service: what they are made of, and their records.
 * @module
 */
import {
  AF_INET,
  AF_INET6,
  describeAddress,
  type Family,
  formatAddress,
  isMapped,
} from '../core/address.js';
import { checkInteger, checkObject, propertyNames } from '../core/check.js';
import { destinationObjectHint } from '../core/hints.js';
import { wrongType, wrongValue } from '../core/input-errors.js';
import type { Unknown } from '../core/names.js';
import { layout } from '../native/layout.js';
import type { Records } from '../native/records.js';
import { type Forwarding, forwardings, limits, tunnelTypes } from './names.js';
import {
  checkKeyed,
  DESTINATION_IDENTITY,
  type DestinationAddress,
  encodeDestinationKey,
} from './reference.js';
import type { RequestBuffer } from './request-buffer.js';
import {
  type Counter,
  type DecodeCounter,
  decodeStats,
  isFromKernel,
  type Stats,
} from './stats.js';
import { decodeTunnel, encodeTunnel, type Tunnel, type TunnelConfig } from './tunnel.js';

/** The settings of a destination, all of them optional. */
export interface DestinationSettings {
  /**
   * How packets reach the real server. Default 'direct', as in ipvsadm. Only 'masquerade' can translate ports; only 'tunnel' can cross
   * from one address family to the other.
   * IPVS_DEST_ATTR_FWD_METHOD, `ipvsadm -m -g -i`.
   */
  readonly forwarding?: Forwarding | Unknown | undefined;
  /**
   * Its share of new connections, 0 to 2147483647. Default 1. Weight 0 keeps existing connections and
   * gives it no new ones, except from clients that persistence sends back: they return until their
   * template expires, unless the kernel parameter `expireQuiescentTemplate` is true.
   * IPVS_DEST_ATTR_WEIGHT, `ipvsadm -w`.
   */
  readonly weight?: number | undefined;
  /** Connections above which it gets no new ones, 1 to 2147483647; 0, the default: no limit. IPVS_DEST_ATTR_U_THRESH, `ipvsadm -x`. */
  readonly upperThreshold?: number | undefined;
  /** Connections below which it gets new ones again after it had too many; at most the upper threshold. 0, the default: three quarters of it. IPVS_DEST_ATTR_L_THRESH, `ipvsadm -y`. */
  readonly lowerThreshold?: number | undefined;
  /** How packets are wrapped, with forwarding 'tunnel'. Default `{ type: 'ipip' }`. IPVS_DEST_ATTR_TUN_TYPE, `ipvsadm --tun-type`. */
  readonly tunnel?: TunnelConfig | Tunnel | null | undefined;
}

/**
 * A destination to be made: its name and its settings. What the kernel would accept but not do is
 * refused, such as another port than the service's without 'masquerade'.
 *
 * A {@link Destination} is accepted too, also after `JSON.stringify()` and `JSON.parse()`. It has
 * `stats`, which show that it comes from the kernel: it is written as it is, including values that
 * only another program could have set.
 */
export type DestinationConfig = DestinationAddress & DestinationSettings;

/**
 * What an update of a destination changes. Everything that is left out stays as it is, with `{}`
 * all; `tunnel` is one setting. Takes settings only: a {@link Destination} is refused, since it also
 * has a name and counters.
 */
export type DestinationChanges = DestinationSettings;

/**
 * A destination as the kernel has it. It can be passed as a {@link DestinationReference} anywhere,
 * and written with addDestination() and ensureDestination().
 */
export interface Destination<Value extends Counter = number> {
  /** IPv4, or IPv6 in its shortest form (RFC 5952). IPVS_DEST_ATTR_ADDR. */
  readonly address: string;
  /** Of a service by firewall mark, 0 is the port that the client asked for. IPVS_DEST_ATTR_PORT. */
  readonly port: number;
  /** Of the address; with a tunnel, it may be another than the service's. IPVS_DEST_ATTR_ADDR_FAMILY. */
  readonly family: Family;
  /** How packets reach it. IPVS_DEST_ATTR_FWD_METHOD. */
  readonly forwarding: Forwarding | Unknown;
  /** Its share of new connections: see {@link DestinationSettings.weight}. IPVS_DEST_ATTR_WEIGHT. */
  readonly weight: number;
  /** Connections above which it gets no new ones; 0: no limit. IPVS_DEST_ATTR_U_THRESH. */
  readonly upperThreshold: number;
  /** Connections below which it gets new ones again; 0: three quarters of the upper threshold. IPVS_DEST_ATTR_L_THRESH. */
  readonly lowerThreshold: number;
  /** Null unless forwarding is 'tunnel', or another program has left settings of a tunnel, which then change nothing. */
  readonly tunnel: Tunnel | null;
  /**
   * TCP connections in state ESTABLISHED, SYN_SENT, SYN_RECV or SYNACK, and SCTP connections in state
   * ESTABLISHED; live. 0 does not mean that the destination is unused: see
   * {@link Destination.inactiveConnections}. IPVS_DEST_ATTR_ACTIVE_CONNS.
   */
  readonly activeConnections: number;
  /**
   * All other connections; live: every UDP flow, and TCP connections that one side or both have
   * closed (FIN_WAIT, CLOSE_WAIT, TIME_WAIT, LAST_ACK, CLOSE). Traffic may still pass on them: on UDP
   * flows, and from a server to a client that has closed its own half. A destination of weight 0 is
   * drained when active and inactive connections are both 0. TIME_WAIT delays that by up to 120
   * seconds, and a UDP flow that goes on never expires: limit the wait. IPVS_DEST_ATTR_INACT_CONNS.
   */
  readonly inactiveConnections: number;
  /**
   * Templates of persistence; live. They carry no traffic, and count neither as active nor as
   * inactive. IPVS_DEST_ATTR_PERSIST_CONNS.
   */
  readonly persistentConnections: number;
  /** Its counters and rates. IPVS_DEST_ATTR_STATS64. */
  readonly stats: Stats<Value>;
}

const MAX_INT = 2 ** 31 - 1;
/** Thresholds of Linux 6, which looks at neither sign nor size. */
const MAX_WORD = 2 ** 32 - 1;
const SETTINGS = ['forwarding', 'weight', 'upperThreshold', 'lowerThreshold', 'tunnel'] as const;
/** What a returned destination has besides, and one of a sample: harmless where it is passed back in. */
const STATE = [
  'activeConnections',
  'inactiveConnections',
  'persistentConnections',
  'stats',
  'change',
] as const;
const CONFIG_KEYS: ReadonlySet<string> = new Set([...DESTINATION_IDENTITY, ...SETTINGS, ...STATE]);
const CHANGE_KEYS: ReadonlySet<string> = new Set(SETTINGS);
/** A reference may be any object that this package returned. @internal */
export const DESTINATION_KEYS: ReadonlySet<string> = CONFIG_KEYS;

/** Writes the destination of an add or ensure, after its service's key: every setting, with defaults. @internal */
export function encodeDestinationConfig(request: RequestBuffer, config: unknown): void {
  const property = 'destination';
  if (typeof config === 'string') {
    throw wrongType(property, config, `an object${destinationObjectHint(config)}`);
  }
  const settings = checkKeyed(request, property, config, CONFIG_KEYS, encodeDestinationKey);
  encodeDestinationKey(request, property, settings);
  checkUnicast(request, property);
  const { records } = request;
  const base = request.destination();
  const { fields } = layout.destination;
  records.setNumber(base, fields.forwarding, forwardings.number(property, 'direct'));
  records.setNumber(base, fields.weight, 1);
  const { stats } = settings;
  const read = isFromKernel(stats);
  writeSettings(request, property, settings, read);
  checkFamilies(request, property);
  if (!read) {
    checkPortKept(request, property);
    checkTunnel(request, property);
  }
  checkThresholds(request, property);
}

/** Writes the changes of an update; the keys of service and destination stand already. @internal */
export function encodeDestinationChanges(request: RequestBuffer, changes: unknown): void {
  const property = 'changes';
  const settings = checkObject(property, changes, CHANGE_KEYS);
  const named = writeSettings(request, property, settings, false);
  const { forwarding, upperThreshold, lowerThreshold } = layout.changes;
  if ((named & forwarding) !== 0) {
    checkFamilies(request, property);
    checkPortKept(request, property);
    checkTunnel(request, property);
  }
  // With one threshold alone, the native side checks it against the other that the destination has.
  if ((named & upperThreshold) !== 0 && (named & lowerThreshold) !== 0) {
    checkThresholds(request, property);
  }
}

/**
 * Writes settings; what was `read` from the kernel as it is, the rest checked for mistakes.
 * @returns the settings that were named, as bits of Changes
 */
function writeSettings(
  request: RequestBuffer,
  property: string,
  settings: Readonly<Record<string, unknown>>,
  read: boolean,
): number {
  const { records } = request;
  const base = request.destination();
  const { fields } = layout.destination;
  const names = propertyNames(property);
  let named = 0;
  const { forwarding } = settings;
  if (forwarding !== undefined) {
    const number = read
      ? forwardings.numberOrUnknown(names.forwarding, forwarding, limits.forwarding)
      : forwardings.number(names.forwarding, forwarding);
    records.setNumber(base, fields.forwarding, number);
    named |= layout.changes.forwarding;
  }
  for (const key of ['weight', 'upperThreshold', 'lowerThreshold'] as const) {
    const value = settings[key];
    if (value === undefined) continue;
    const max = read ? MAX_WORD : MAX_INT;
    records.setNumber(base, fields[key], checkInteger(names[key], value, 0, max));
    named |= layout.changes[key];
  }
  const { tunnel } = settings;
  if (tunnel === null) {
    named |= layout.changes.tunnelReset;
  } else if (tunnel !== undefined) {
    encodeTunnel(request, `${property}.tunnel`, tunnel, read);
    named |= layout.changes.tunnel;
  }
  records.setNumber(request.base(), layout.request.fields.changes, named);
  return named;
}

/** Only a tunnel crosses from one address family to the other; the kernel refuses the rest. */
function checkFamilies(request: RequestBuffer, property: string): void {
  const { records } = request;
  const base = request.destination();
  const { fields } = layout.destination;
  const forwarding = forwardings.name(records.number(base, fields.forwarding));
  const family = records.number(request.service(), layout.service.fields.family);
  if (forwarding === 'tunnel' || family === records.number(base, fields.family)) return;
  throw wrongValue(
    `${property}.forwarding`,
    forwarding,
    "cannot cross from one address family to the other: only 'tunnel' can",
  );
}

/** The kernel accepts another port than the service's whatever the forwarding, and then ignores it. */
function checkPortKept(request: RequestBuffer, property: string): void {
  const { records } = request;
  const service = request.service();
  const base = request.destination();
  const forwarding = forwardings.name(records.number(base, layout.destination.fields.forwarding));
  const mark = records.number(service, layout.service.fields.fwmark);
  const port = records.number(base, layout.destination.fields.port);
  const servicePort = records.number(service, layout.service.fields.port);
  if (forwarding === 'masquerade' || mark !== 0 || port === servicePort) return;
  const why = `leaves the service's port ${servicePort}: only 'masquerade' translates ports`;
  // An update has no port of its own to be wrong: there it is the forwarding that does not fit.
  if (property === 'changes') {
    throw wrongValue(
      `${property}.forwarding`,
      forwarding,
      `does not go with the destination's port ${port}, since it ${why}`,
    );
  }
  throw wrongValue(
    `${property}.port`,
    port,
    `does not go with forwarding '${forwarding}', which ${why}`,
  );
}

/** A tunnel that was named goes with one forwarding only. */
function checkTunnel(request: RequestBuffer, property: string): void {
  const { records } = request;
  const base = request.destination();
  const { fields } = layout.destination;
  const named = records.number(request.base(), layout.request.fields.changes);
  const forwarding = forwardings.name(records.number(base, fields.forwarding));
  if ((named & layout.changes.tunnel) === 0 || forwarding === 'tunnel') return;
  const type = tunnelTypes.name(records.number(base, fields.tunnelType));
  throw wrongValue(`${property}.tunnel`, { type }, `does not go with forwarding '${forwarding}'`);
}

function checkThresholds(request: RequestBuffer, property: string): void {
  const { records } = request;
  const base = request.destination();
  const { fields } = layout.destination;
  const upper = records.number(base, fields.upperThreshold);
  const lower = records.number(base, fields.lowerThreshold);
  if (lower > upper) {
    throw wrongValue(
      `${property}.lowerThreshold`,
      lower,
      `is above the upper threshold of ${upper}${upper === 0 ? ', which is none: set both, or lowerThreshold: 0 to have neither' : ''}`,
    );
  }
}

/** Addresses that can be no real server's. What depends on the host's own addresses, the kernel checks. */
function checkUnicast(request: RequestBuffer, property: string): void {
  const { records } = request;
  const { fields } = layout.destination;
  const at = request.destination() + fields.address.offset;
  const family = records.number(request.destination(), fields.family);
  if (isUnicast(records.bytes, at, family)) return;
  const text = formatAddress(records.bytes, at, family);
  const plain = family === AF_INET6 && isMapped(records.bytes, at);
  const hint = plain ? `: write ${formatAddress(records.bytes, at + 12, AF_INET)}` : '';
  throw wrongValue(
    `${property}.address`,
    text,
    `is not a unicast address, as a real server's must be${hint}`,
  );
}

function isUnicast(bytes: Uint8Array, at: number, family: number): boolean {
  if (family === AF_INET6 && isMapped(bytes, at)) return false;
  return describeAddress(bytes, at, family) === 'unicast';
}

/** The destination in the record of a DestinationEntry at `base`. @internal */
export function decodeDestinationEntry<Value extends Counter>(
  records: Records,
  base: number,
  read: DecodeCounter<Value>,
): Destination<Value> {
  const entry = layout.destinationEntry.fields;
  return decodeDestination(
    records,
    base + entry.destination.offset,
    records.u32(base, entry.activeConnections),
    records.u32(base, entry.inactiveConnections),
    records.u32(base, entry.persistentConnections),
    decodeStats(records, base + entry.stats.offset, read),
  );
}

/** The destination whose record is at `at`, with these counters. @internal */
export function decodeDestination<Value extends Counter>(
  records: Records,
  at: number,
  activeConnections: number,
  inactiveConnections: number,
  persistentConnections: number,
  stats: Stats<Value>,
): Destination<Value> {
  const { fields } = layout.destination;
  const family = records.u16(at, fields.family);
  const forwarding = forwardings.name(records.u32(at, fields.forwarding));
  return {
    address: formatAddress(records.bytes, at + fields.address.offset, family),
    port: records.u16(at, fields.port),
    family: family === AF_INET6 ? 'ipv6' : 'ipv4',
    forwarding,
    weight: records.u32(at, fields.weight),
    upperThreshold: records.u32(at, fields.upperThreshold),
    lowerThreshold: records.u32(at, fields.lowerThreshold),
    tunnel: decodeTunnel(records, at, forwarding === 'tunnel'),
    activeConnections,
    inactiveConnections,
    persistentConnections,
    stats,
  };
}
