/**
 * Filters of the connection table: their options, their records, and what the kernel has to be
 * asked for them.
 * @module
 */
import { constants } from 'node:os';
import { AF_INET, parseAddress } from '../core/address.js';
import { checkInteger, checkName } from '../core/check.js';
import { IpvsError, wrongType, wrongValue } from '../core/errors.js';
import { networkHint } from '../core/hints.js';
import { Names, type Unknown } from '../core/names.js';
import { calls } from '../ipvs/calls.js';
import { DESTINATION_KEYS } from '../ipvs/destination.js';
import type { Protocol } from '../ipvs/names.js';
import {
  type DestinationReference,
  encodeDestinationReference,
  encodeServiceReference,
  formatServiceAt,
  formatServiceKey,
  type ServiceReference,
} from '../ipvs/reference.js';
import type { Results } from '../ipvs/results.js';
import { SERVICE_KEYS, type Service } from '../ipvs/service.js';
import { renamed } from '../ipvs/snapshot.js';
import type { Layout } from '../native/addon.js';
import { layout as published } from '../native/layout.js';
import { type Records, RequestBuffer, recordsOf } from '../native/records.js';
import { bound, type Call } from '../queue/packed.js';

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
  // What the kernel has no name for
  | 'ERR!'
  | 'BUG!'
  | '?';

// As keys, so that the compiler misses none.
const STATES = Object.keys({
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
} satisfies Record<ConnectionState, true>);

/** 'ip' is that of the templates for a firewall mark. */
export type ConnectionProtocol = Protocol | 'ip' | 'icmp' | 'icmpv6' | Unknown;

/** Which connections are wanted: those that meet every condition. All are tested natively. */
export interface ConnectionFilter {
  /**
   * By the service. Entries record what the client speaks to, but not the service that took the
   * connection. So a service that does not exist matches what came to its address and port, usually
   * nothing, and its count is 0, except that port 0 and firewall marks reject as said below. In a
   * drain check, call getService() first. What matches a service:
   * - of port 0: every port of its address, except those that have services of their own when the
   *   call is made. Rejects with ESRCH where there is no such service
   * - by firewall mark: its templates, and all connections that may be its own: those to its
   *   destinations, or to `destination` where that is given. They include those that other services
   *   send to the same address and port, since no entry but a template records a mark. The kernel's
   *   own counts are `activeConnections` and `inactiveConnections` of the destination. Rejects with
   *   ESRCH where there is no such service, unless `destination` is given
   * - any other: what came to its address and port, also with a mark that another service takes
   */
  readonly service?: ServiceReference | undefined;
  /**
   * By the real server's address and port; without a port, the service's, which must then be given
   * too. Port 0 is every port. With a service of port 0 or by firewall mark, connections that keep
   * the port which the client chose are included, since those services send them to a destination
   * of any port.
   */
  readonly destination?: DestinationReference | undefined;
  /**
   * By the real server's address ('10.1.0.1', 'fd00::2') or network ('10.1.0.0/16', 'fd00::/64'),
   * on every port.
   */
  readonly server?: string | undefined;
  /** By the client's address ('10.0.0.7', 'fd00::7') or network ('10.0.0.0/8', 'fd00::/64'). */
  readonly client?: string | undefined;
  /** By protocol. */
  readonly protocol?: ConnectionProtocol | undefined;
  /** By state. */
  readonly state?: ConnectionState | undefined;
}

/** The names of the conditions. @internal */
export const FILTER_KEYS = [
  'service',
  'destination',
  'server',
  'client',
  'protocol',
  'state',
] as const;

const MAX_PROTOCOL = 65535;

/** @internal */
export const connectionProtocols = new Names<Protocol | 'ip' | 'icmp' | 'icmpv6'>(
  published.connectionProtocols,
);

/** Facts about the service of a filter that entries do not record, as the addon takes them. */
export interface ServiceFacts {
  /**
   * Of a service of port 0: the ports of its address that have services of their own, 16 bits each.
   */
  readonly claimedPorts: Uint8Array;
  /** Of a firewall mark: the keys of its destinations. */
  readonly destinations: Uint8Array;
}

/** A filter as the addon takes it, and what the kernel has to be asked before it is used. */
export interface PackedFilter {
  readonly filter: Uint8Array;
  readonly facts: ServiceFacts;
  /** A service whose facts only the kernel knows: its neighbours' ports, or its destinations. */
  readonly unknown: { readonly service: string; readonly ask: keyof ServiceFacts } | undefined;
}

const NO_FACTS: ServiceFacts = {
  claimedPorts: new Uint8Array(0),
  destinations: new Uint8Array(0),
};

/** Checks the conditions of `filter`, and packs them. @internal */
export function packFilter(
  filter: Readonly<Partial<Record<(typeof FILTER_KEYS)[number], unknown>>>,
  layout: Layout,
): PackedFilter {
  const property = 'options';
  const { fields, size } = layout.connectionFilter;
  const records = recordsOf(new ArrayBuffer(size));
  let criteria = 0;
  let facts = NO_FACTS;
  let unknown: PackedFilter['unknown'];

  // The keys lie in the filter as they lie in a request, which knows how to read references.
  const request = new RequestBuffer(layout);
  request.begin('getDestination');
  if (filter.service !== undefined) {
    encodeServiceReference(request, `${property}.service`, filter.service, SERVICE_KEYS);
    const key = request.service();
    const bytes = request.records.bytes.subarray(key, key + fields.service.size);
    records.bytes.set(bytes, fields.service.offset);
    criteria |= layout.criteria.service;
    unknown = unknownOf(request, layout);
  }
  if (filter.destination !== undefined) {
    const name = `${property}.destination`;
    const hasPort = encodeDestinationReference(request, name, filter.destination, DESTINATION_KEYS);
    if (!hasPort && filter.service === undefined) {
      // Without a service there is none whose port a destination could have.
      const rule = 'needs a port, or a service beside it whose port it has; see also server';
      throw wrongValue(name, filter.destination, rule);
    }
    const key = destinationKey(request, layout);
    records.bytes.set(key, fields.destination.offset);
    criteria |= layout.criteria.destination;
    if (unknown?.ask === 'destinations') {
      facts = { ...NO_FACTS, destinations: key };
      unknown = undefined;
    }
  }
  for (const side of ['client', 'server'] as const) {
    if (filter[side] === undefined) continue;
    writeNetwork(records, property, side, filter[side], layout);
    criteria |= layout.criteria[side];
  }
  if (filter.protocol !== undefined) {
    const name = `${property}.protocol`;
    const number = connectionProtocols.numberOrUnknown(name, filter.protocol, MAX_PROTOCOL);
    records.setNumber(0, fields.protocol, number);
    criteria |= layout.criteria.protocol;
  }
  if (filter.state !== undefined) {
    records.setName(0, fields.state, checkState(`${property}.state`, filter.state));
    criteria |= layout.criteria.state;
  }
  records.setNumber(0, fields.criteria, criteria);
  return { filter: records.bytes, facts, unknown };
}

function unknownOf(request: RequestBuffer, layout: Layout): PackedFilter['unknown'] {
  const { records } = request;
  const base = request.service();
  const { fwmark, port } = layout.service.fields;
  const service = formatServiceAt(records, base);
  if (records.number(base, fwmark) !== 0) return { service, ask: 'destinations' };
  return records.number(base, port) === 0 ? { service, ask: 'claimedPorts' } : undefined;
}

/** A copy of the key of the destination that was written to `request`. */
function destinationKey(request: RequestBuffer, layout: Layout): Uint8Array {
  const key = request.destination();
  return request.records.bytes.slice(key, key + layout.connectionFilter.fields.destination.size);
}

function writeNetwork(
  records: Records,
  options: string,
  side: 'client' | 'server',
  value: unknown,
  layout: Layout,
): void {
  const property = `${options}.${side}`;
  const rule = "an address or a network such as '10.0.0.0/8'";
  if (typeof value !== 'string') throw wrongType(property, value, rule);
  const [, address = '', bits] = /^([^/]*)(?:\/(0|[1-9]\d{0,2}))?$/.exec(value) ?? [];
  const { fields } = layout.connectionFilter;
  const family = parseAddress(address, records.bytes, fields[side].offset);
  if (family === 0) throw wrongValue(property, value, `is not ${rule}${networkHint(value)}`);
  const max = family === AF_INET ? 32 : 128;
  const prefix =
    bits === undefined ? max : checkInteger(`${property} prefix`, Number(bits), 0, max);
  records.setNumber(0, fields[`${side}Family`], family);
  records.setNumber(0, fields[`${side}Prefix`], prefix);
}

/** The states that somebody may ask for. */
const NAMED_STATES = STATES.filter((state) => /^[A-Z]/.test(state) && !state.endsWith('!'));

function checkState(property: string, value: unknown): ConnectionState {
  if (typeof value !== 'string' || !STATES.includes(value))
    checkName(property, value, NAMED_STATES);
  // checkName() has seen one of them.
  return value as ConnectionState;
}

/** Makes a call to the kernel. */
type Run = <Value>(call: Call<RequestBuffer, Results, Value>) => Promise<Value>;

/** The facts that a filter needs, for a method of that name. @internal */
export async function factsFor(
  operation: string,
  { facts, unknown }: PackedFilter,
  layout: Layout,
  run: Run,
): Promise<ServiceFacts> {
  if (unknown === undefined) return facts;
  try {
    if (unknown.ask === 'claimedPorts') {
      const services = await run(bound(calls.listServices, undefined));
      return { ...facts, claimedPorts: claimedPorts(unknown.service, services) };
    }
    const destinations = await run(bound(calls.listDestinations, unknown.service, undefined));
    return { ...facts, destinations: packDestinations(unknown.service, destinations, layout) };
  } catch (error) {
    throw error instanceof IpvsError ? renamed(error, operation) : error;
  }
}

/** The error where there is no such service, of whose connections there would be none to find. */
function absent(service: string): IpvsError {
  return new IpvsError(`listServices ${service}: there is no such service (ESRCH)`, {
    code: 'ESRCH',
    errno: -constants.errno.ESRCH,
    syscall: 'IPVS_CMD_GET_SERVICE',
    operation: 'listServices',
    target: service,
    missing: 'service',
  });
}

/** The ports of other services with the protocol and the address of `service`, whose own is 0. */
function claimedPorts(service: string, services: readonly Service<number | bigint>[]): Uint8Array {
  const ports = services.flatMap((each) => {
    if (each.fwmark !== undefined) return [];
    const { protocol, address, port } = each;
    return formatServiceKey({ protocol, address, port: 0 }) === service ? [port] : [];
  });
  // Its own.
  if (!ports.includes(0)) throw absent(service);
  const others = ports.filter((port) => port !== 0);
  return new Uint8Array(Uint16Array.from(others).buffer);
}

function packDestinations(
  service: string,
  destinations: readonly DestinationReference[],
  layout: Layout,
): Uint8Array {
  const { size } = layout.connectionFilter.fields.destination;
  const keys = new Uint8Array(destinations.length * size);
  const request = new RequestBuffer(layout);
  request.begin('getDestination');
  encodeServiceReference(request, 'service', service, SERVICE_KEYS);
  for (const [index, destination] of destinations.entries()) {
    encodeDestinationReference(request, 'destination', destination, DESTINATION_KEYS);
    keys.set(destinationKey(request, layout), index * size);
  }
  return keys;
}
