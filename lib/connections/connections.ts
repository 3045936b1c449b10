/**
 * The connection table, which the kernel shows under /proc only: streamed and counted natively, in bounded memory.
 * @module
 */
import { AF_INET6, type Family, formatAddress } from '../core/address.js';
import { checkBoolean, readArray, readOptions } from '../core/check.js';
import { wrongValue } from '../core/errors.js';
import { checkSignal } from '../core/signals.js';
import type { ServiceKey } from '../ipvs/canonical.js';
import { protocols } from '../ipvs/names.js';
import type { Layout, NativeConnections } from '../native/addon.js';
import { Records } from '../native/records.js';
import {
  type ConnectionFilter,
  type ConnectionProtocol,
  type ConnectionState,
  connectionProtocols,
  FILTER_KEYS,
  type PackedFilter,
  packFilter,
} from './filter.js';

/** An address and a port. */
export interface Endpoint {
  /** IPv4, or IPv6 in its shortest form. */
  readonly address: string;
  /** 0 in templates of persistence that hold for all ports. */
  readonly port: number;
}

/** An entry of the connection table (/proc/net/ip_vs_conn; `ipvsadm -Lcn`). */
export interface Connection {
  /** Of client, virtual address and server alike. */
  readonly protocol: ConnectionProtocol;
  /** Of client and virtual address. */
  readonly family: Family;
  /** Of a template: the client's address under the netmask of the persistence, and port 0. */
  readonly client: Endpoint;
  /**
   * What the client speaks to. Of a template for a firewall mark, the mark stands in place of the
   * address, as the kernel prints it: its service is `{ fwmark, family }`.
   */
  readonly virtual: Endpoint;
  /**
   * The real server. It can be passed where a destination is asked for; in a filter, port 0 is
   * every port.
   */
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
export interface CountOptions<By extends readonly CountBy[] = readonly CountBy[]>
  extends ConnectionFilter {
  /** The columns that are counted apart. Default none: one number for all. */
  readonly by?: By | undefined;
}

/** The columns by which connections are counted. */
export interface CountColumns {
  /**
   * With 'service': what the clients speak to; of templates for a firewall mark, the mark. It can
   * be passed where a service is asked for. In a filter, port 0 is every port.
   */
  readonly service: ServiceKey;
  /**
   * With 'destination'. It can be passed where a destination is asked for. In a filter, port 0 is
   * every port.
   */
  readonly destination: Endpoint;
  /** With 'state'. */
  readonly state: ConnectionState;
  /** With 'protocol'. */
  readonly protocol: ConnectionProtocol;
}

/**
 * How many connections, templates among them, have the same in the columns that were asked for. It has those columns; where the compiler does
 * not know them, all are optional.
 */
export type ConnectionCount<By extends readonly CountBy[] = readonly CountBy[]> = {
  /** Connections and templates. */
  readonly count: number;
} & (number extends By['length'] ? Partial<CountColumns> : Pick<CountColumns, By[number]>);

const STREAM_KEYS = new Set([...FILTER_KEYS, 'origin', 'signal'] as const);
const COUNT_KEYS = new Set([...FILTER_KEYS, 'by'] as const);
const COUNT_BY: readonly CountBy[] = ['service', 'destination', 'state', 'protocol'];

/** What a stream needs to know. */
export interface StreamRequest {
  readonly filter: PackedFilter;
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
): { readonly filter: PackedFilter; readonly by: ReadonlySet<CountBy> } {
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
    // The kernel prints no others; a newer one may.
    state: (textAt(texts, records.number(base, fields.state)) ?? '') as ConnectionState,
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
    const group = base + fields.group.offset;
    const connection = readConnection(records, group, native.texts, layout);
    const { protocol, destination, state } = connection;
    counts.push({
      count: records.number(base, fields.count),
      ...(by.has('service') ? { service: readService(records, group, connection, layout) } : {}),
      ...(by.has('destination') ? { destination } : {}),
      ...(by.has('state') ? { state } : {}),
      ...(by.has('protocol') ? { protocol } : {}),
    });
  }
  // An empty table has no groups, but without groups it still has a number.
  return counts.length === 0 && by.size === 0 ? [{ count: 0 }] : counts;
}

/** The service of a group, as references name it. */
function readService(
  records: Records,
  base: number,
  { fwmark, family, virtual }: Connection,
  layout: Layout,
): ServiceKey {
  if (fwmark !== null) return { fwmark, family };
  const number = records.number(base, layout.connection.fields.protocol);
  return { protocol: protocols.name(number), ...virtual };
}

/** The columns to count by, as the addon numbers them. @internal */
export function countMask(by: ReadonlySet<CountBy>, layout: Layout): number {
  let mask = 0;
  for (const column of by) mask |= layout.countBy[column];
  return mask;
}
