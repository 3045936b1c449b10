/**
 * The connection table, which the kernel shows under /proc only: streamed and counted natively, in bounded memory.
 * @module
 */
import { AF_INET, AF_INET6, type Family, formatAddress, parseAddress } from './address.js';
import { checkBoolean, checkInteger, readArray, readOptions } from './check.js';
import { DESTINATION_KEYS } from './destination.js';
import { wrongType, wrongValue } from './errors.js';
import { Names, type Protocol, type Unknown } from './names.js';
import type { Layout, NativeConnections } from './native.js';
import { Records, RequestBuffer } from './records.js';
import {
  type DestinationReference,
  type ServiceReference,
  writeDestinationReference,
  writeServiceReference,
} from './reference.js';
import { SERVICE_KEYS } from './service.js';

/** An address and a port. */
export interface Endpoint {
  /** IPv4, or IPv6 in its shortest form. */
  readonly address: string;
  /** 0 in templates of persistence that hold for all ports. */
  readonly port: number;
}

/** A state of a connection, as the kernel prints it; of a template of persistence NONE or ASSURED. */
export type ConnectionState =
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
  | 'UDP'
  | 'ASSURED'
  | (string & {});

/** 'ip' is that of the templates for a firewall mark. */
export type ConnectionProtocol = Protocol | 'ip' | 'icmp' | 'icmpv6' | Unknown;

/** An entry of the connection table (/proc/net/ip_vs_conn; `ipvsadm -Lcn`). */
export interface Connection {
  /** Of client, virtual address and server alike. */
  readonly protocol: ConnectionProtocol;
  /** Of client and virtual address. */
  readonly family: Family;
  /** Of a template: the client's address under the netmask of the persistence, and port 0. */
  readonly client: Endpoint;
  /** What the client speaks to. Of a template for a firewall mark, the mark stands in place of the address: see `fwmark`. */
  readonly virtual: Endpoint;
  /** The real server. It can be passed where a destination is asked for. */
  readonly destination: Endpoint;
  /** Where the protocol stands, as IPVS sees it. */
  readonly state: ConnectionState;
  /** Seconds until it goes, unless packets come. */
  readonly expires: number;
  /** True: no connection, but the memory of persistence for a client. */
  readonly template: boolean;
  /** Of a template for a firewall mark, the mark. No other entry records it. */
  readonly fwmark: number | null;
  /** The persistence engine that made it. */
  readonly engine: string | null;
  /** What the engine goes by, such as a Call-ID: a character for each byte. */
  readonly engineData: string | null;
  /** Whether the entry was made here, or learned from the master by a sync daemon. Null unless `origin` was asked for. */
  readonly origin: 'local' | 'sync' | null;
}

/** Which connections are wanted: those that meet every condition. All are tested natively. */
export interface ConnectionFilter {
  /** By what the client speaks to. A service by firewall mark finds its templates only, since connections do not record it. */
  readonly service?: ServiceReference | undefined;
  /** By the real server; without a port, the service's, which must then be given too. */
  readonly destination?: DestinationReference | undefined;
  /** By the client's address ('10.0.0.7', 'fd00::7') or network ('10.0.0.0/8', 'fd00::/64'). */
  readonly client?: string | undefined;
  /** By protocol. */
  readonly protocol?: ConnectionProtocol | undefined;
  /** By state. */
  readonly state?: ConnectionState | undefined;
}

/** Options of a stream of connections. */
export interface ConnectionOptions extends ConnectionFilter {
  /** True: say whether an entry is local or learned (/proc/net/ip_vs_conn_sync), and nothing of persistence engines. Default false. */
  readonly origin?: boolean | undefined;
  /** Ends the stream; it throws the signal's reason. */
  readonly signal?: AbortSignal | undefined;
}

/** A column by which connections are counted apart. */
export type CountBy = 'service' | 'destination' | 'state' | 'protocol';

/** Options of counting. */
export interface CountOptions extends ConnectionFilter {
  /** The columns that are counted apart. Default none: one number for all. */
  readonly by?: readonly CountBy[] | undefined;
}

/** How many connections have the same in the columns that were asked for. Templates count too. */
export interface ConnectionCount {
  /** Connections and templates. */
  readonly count: number;
  /** With 'service': what the clients speak to. */
  readonly service?: { readonly protocol: ConnectionProtocol } & Endpoint;
  /** With 'destination'. */
  readonly destination?: Endpoint;
  /** With 'state'. */
  readonly state?: ConnectionState;
  /** With 'protocol'. */
  readonly protocol?: ConnectionProtocol;
}

const FILTER_KEYS = ['service', 'destination', 'client', 'protocol', 'state'] as const;
const STREAM_KEYS = new Set([...FILTER_KEYS, 'origin', 'signal'] as const);
const COUNT_KEYS = new Set([...FILTER_KEYS, 'by'] as const);
const COUNT_BY: readonly CountBy[] = ['service', 'destination', 'state', 'protocol'];
const MAX_STATE = 15;
const MAX_PROTOCOL = 65535;

const connectionProtocols = new Names<Protocol | 'ip' | 'icmp' | 'icmpv6'>({
  tcp: 6,
  udp: 17,
  sctp: 132,
  ip: 0,
  icmp: 1,
  icmpv6: 58,
});

/** What a stream needs to know. */
export interface StreamRequest {
  /** The packed filter. */
  readonly filter: Uint8Array;
  readonly origin: boolean;
  readonly signal: AbortSignal | undefined;
}

/** Checks the options of a stream. @internal */
export function checkStreamOptions(options: unknown, layout: Layout): StreamRequest {
  const property = 'options';
  const { origin, signal, ...filter } = readOptions(options, STREAM_KEYS);
  return {
    filter: packFilter(filter, layout),
    origin: origin !== undefined && checkBoolean(`${property}.origin`, origin),
    signal: checkSignal(`${property}.signal`, signal),
  };
}

/** Checks the options of counting. @internal */
export function checkCountOptions(
  options: unknown,
  layout: Layout,
): { readonly filter: Uint8Array; readonly by: ReadonlySet<CountBy> } {
  const property = 'options';
  const { by, ...filter } = readOptions(options, COUNT_KEYS);
  return { filter: packFilter(filter, layout), by: checkCountBy(`${property}.by`, by) };
}

function checkCountBy(property: string, value: unknown): ReadonlySet<CountBy> {
  const rule = `an array of ${COUNT_BY.join(', ')}`;
  if (value === undefined) return new Set();
  const columns = readArray(property, value, rule, (column) => {
    const known = COUNT_BY.find((each) => each === column);
    if (known === undefined) throw wrongValue(property, value, `is not ${rule}`);
    return known;
  });
  return new Set(columns);
}

/** An AbortSignal or nothing. @internal */
export function checkSignal(property: string, value: unknown): AbortSignal | undefined {
  if (value === undefined || isSignal(value)) return value;
  throw wrongType(property, value, 'an AbortSignal');
}

/** Also one of another realm, as test runners have them. */
function isSignal(value: unknown): value is AbortSignal {
  return (
    typeof value === 'object' && value !== null && 'aborted' in value && 'throwIfAborted' in value
  );
}

function packFilter(
  filter: Readonly<Record<(typeof FILTER_KEYS)[number], unknown>>,
  layout: Layout,
): Uint8Array {
  const property = 'options';
  const { fields, size } = layout.connectionFilter;
  const records = new Records(new ArrayBuffer(size));
  let criteria = 0;

  // The keys lie in the filter as they lie in a request, which knows how to read references.
  const request = new RequestBuffer(layout);
  request.begin('getDestination');
  if (filter.service !== undefined) {
    writeServiceReference(request, `${property}.service`, filter.service, SERVICE_KEYS);
    const key = request.service();
    records.bytes.set(
      request.records.bytes.subarray(key, key + fields.service.size),
      fields.service.offset,
    );
    criteria |= layout.criteria.service;
  }
  if (filter.destination !== undefined) {
    const name = `${property}.destination`;
    const hasPort = writeDestinationReference(request, name, filter.destination, DESTINATION_KEYS);
    if (!hasPort && filter.service === undefined) {
      // Without a service there is none whose port a destination could have.
      const rule = 'needs a port, or a service beside it whose port it has';
      throw wrongValue(name, filter.destination, rule);
    }
    const key = request.destination();
    const bytes = request.records.bytes.subarray(key, key + fields.destination.size);
    records.bytes.set(bytes, fields.destination.offset);
    criteria |= layout.criteria.destination;
  }
  if (filter.client !== undefined) {
    writeClient(records, `${property}.client`, filter.client, layout);
    criteria |= layout.criteria.client;
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
  return records.bytes;
}

function writeClient(records: Records, property: string, value: unknown, layout: Layout): void {
  const rule = "an address or a network such as '10.0.0.0/8'";
  if (typeof value !== 'string') throw wrongType(property, value, rule);
  const [, address = '', bits] = /^([^/]*)(?:\/(0|[1-9]\d{0,2}))?$/.exec(value) ?? [];
  const { fields } = layout.connectionFilter;
  const family = parseAddress(address, records.bytes, fields.client.offset);
  if (family === 0) throw wrongValue(property, value, `is not ${rule}`);
  const max = family === AF_INET ? 32 : 128;
  const prefix =
    bits === undefined ? max : checkInteger(`${property} prefix`, Number(bits), 0, max);
  records.setNumber(0, fields.clientFamily, family);
  records.setNumber(0, fields.clientPrefix, prefix);
}

function checkState(property: string, value: unknown): string {
  const rule = `the name of a state, of 1 to ${MAX_STATE} characters such as ESTABLISHED`;
  if (typeof value !== 'string') throw wrongType(property, value, rule);
  if (!/^[\x21-\x7e]{1,15}$/.test(value)) throw wrongValue(property, value, `is not ${rule}`);
  return value;
}

/** Some entries of the table, each read when it is asked for. */
export interface Part {
  readonly count: number;
  read(place: number): Connection;
  /** No part comes after this one. */
  readonly last: boolean;
}

/** A part of the table as the addon hands it over. @internal */
export function readPart(native: NativeConnections, layout: Layout): Part {
  const records = new Records(native.connections);
  const { size } = layout.connection;
  return {
    count: native.connections.byteLength / size,
    last: native.done,
    read: (place) => readConnection(records, place * size, native.texts, layout),
  };
}

function readConnection(
  records: Records,
  base: number,
  texts: readonly string[],
  layout: Layout,
): Connection {
  const { fields } = layout.connection;
  const { bytes } = records;
  const protocol = connectionProtocols.name(records.number(base, fields.protocol));
  const family = records.number(base, fields.family);
  const template = (records.number(base, fields.flags) & layout.connectionFlags.template) !== 0;
  return {
    protocol,
    family: family === AF_INET6 ? 'ipv6' : 'ipv4',
    client: {
      address: formatAddress(bytes, base + fields.client.offset, family),
      port: records.number(base, fields.clientPort),
    },
    virtual: {
      address: formatAddress(bytes, base + fields.virtualAddress.offset, family),
      port: records.number(base, fields.virtualPort),
    },
    destination: readDestinationEndpoint(records, base, layout),
    state: textAt(texts, records.number(base, fields.state)) ?? '',
    expires: records.number(base, fields.expires),
    template,
    fwmark: template && protocol === 'ip' ? readMark(records, base, layout) : null,
    engine: textAt(texts, records.number(base, fields.engine)),
    engineData: textAt(texts, records.number(base, fields.engineData)),
    origin: originOf(records.number(base, fields.origin), layout),
  };
}

/** 0 is no text; the first has number 1. */
function textAt(texts: readonly string[], number: number): string | null {
  return number === 0 ? null : (texts[number - 1] ?? null);
}

function readDestinationEndpoint(records: Records, base: number, layout: Layout): Endpoint {
  const { fields } = layout.connection;
  const family = records.number(base, fields.destinationFamily);
  return {
    address: formatAddress(records.bytes, base + fields.destination.offset, family),
    port: records.number(base, fields.destinationPort),
  };
}

/** The mark that stands, in network byte order, where the virtual address would. */
function readMark(records: Records, base: number, layout: Layout): number {
  const at = base + layout.connection.fields.virtualAddress.offset;
  const [a = 0, b = 0, c = 0, d = 0] = records.bytes.subarray(at, at + 4);
  return ((a << 24) | (b << 16) | (c << 8) | d) >>> 0;
}

function originOf(number: number, { origins }: Layout): 'local' | 'sync' | null {
  if (number === origins.local) return 'local';
  return number === origins.sync ? 'sync' : null;
}

/** The counts as the addon hands them over, with the columns that were counted apart. @internal */
export function readCounts(
  native: { readonly counts: ArrayBuffer; readonly texts: readonly string[] },
  by: ReadonlySet<CountBy>,
  layout: Layout,
): ConnectionCount[] {
  const records = new Records(native.counts);
  const { size, fields } = layout.connectionCount;
  const counts: ConnectionCount[] = [];
  for (let base = 0; base < native.counts.byteLength; base += size) {
    const { protocol, virtual, destination, state } = readConnection(
      records,
      base + fields.group.offset,
      native.texts,
      layout,
    );
    counts.push({
      count: records.number(base, fields.count),
      ...(by.has('service') ? { service: { protocol, ...virtual } } : {}),
      ...(by.has('destination') ? { destination } : {}),
      ...(by.has('state') ? { state } : {}),
      ...(by.has('protocol') ? { protocol } : {}),
    });
  }
  // An empty table has no groups, but without groups it still has a number.
  return counts.length === 0 && by.size === 0 ? [{ count: 0 }] : counts;
}

/** The columns to count by, as the addon numbers them. @internal */
export function countMask(by: ReadonlySet<CountBy>, layout: Layout): number {
  let mask = 0;
  for (const column of by) mask |= layout.countBy[column];
  return mask;
}
