/**
 * The connection table as the kernel and ipvsadm print it, read without the library.
 * @module
 */
import type { Connection, Endpoint } from 'ipvs';
import type { Namespace } from './namespace.js';

const protocols: Readonly<Record<string, Connection['protocol']>> = {
  TCP: 'tcp',
  UDP: 'udp',
  SCTP: 'sctp',
  IP: 'ip',
  ICMP: 'icmp',
  ICMPv6: 'icmpv6',
};

function address(hex: string): string {
  if (hex.includes(':')) return new URL(`http://[${hex}]/`).hostname.slice(1, -1);
  return Buffer.from(hex, 'hex').join('.');
}

const endpoint = (host = '', port = ''): Endpoint => ({
  address: address(host),
  port: Number.parseInt(port, 16),
});

type Titles = Readonly<Record<string, number>>;

function parseRow(line: string, titles: Titles): Connection {
  const words = line.trimStart().split(/ +/);
  const word = (title: string) => words[titles[title] ?? -1] ?? '';
  const state = word('State');
  const client = endpoint(word('FromIP'), word('FPrt'));
  const virtual = endpoint(word('ToIP'), word('TPrt'));
  const protocol = protocols[word('Pro')] ?? 'unknown-0';
  const template = client.port === 0 && ['NONE', 'ASSURED'].includes(state);
  const marked = template && protocol === 'ip';
  const origins: Readonly<Record<string, Connection['origin']>> = { LOCAL: 'local', SYNC: 'sync' };
  // The data of an engine may contain blanks.
  const [, engine = null, engineData = null] = titles['PEName']
    ? (/^(?:\S+ +){9}(\S+) (.*)$/s.exec(line) ?? [])
    : [];
  return {
    protocol,
    family: word('FromIP').includes(':') ? 'ipv6' : 'ipv4',
    client,
    virtual,
    destination: endpoint(word('DestIP'), word('DPrt')),
    // The kernel prints no other states.
    state: state as Connection['state'],
    expires: Number(word('Expires')),
    template,
    fwmark: marked ? Number.parseInt(word('ToIP').replaceAll(':', '').slice(0, 8), 16) : null,
    engine,
    engineData,
    origin: origins[word('Origin')] ?? null,
  };
}

/** The rows of /proc/net/ip_vs_conn, or of another file of the like. */
export function kernelConnections(namespace: Namespace, file = 'ip_vs_conn'): Connection[] {
  const [header = '', ...lines] = namespace.readFile(`/proc/net/${file}`).split('\n');
  const titles = Object.fromEntries(
    header
      .trim()
      .split(/ +/)
      .map((title, index) => [title, index]),
  );
  return lines.filter((line) => line !== '').map((line) => parseRow(line, titles));
}

/** A connection without what each second takes from it. */
export type Lasting = Omit<Connection, 'expires'>;

/** A text by which rows are put in order. */
function keyOf({ protocol, client, virtual, destination, state }: Lasting): string {
  const places = [client, virtual, destination].map(({ address, port }) => [address, port]);
  return JSON.stringify([protocol, places, state]);
}

/** Connections in an order of their own, without the time that is left to them. */
export function lasting(connections: readonly Lasting[]): Lasting[] {
  return connections
    .map((connection) => {
      const { expires: _, ...rest } = { expires: 0, ...connection };
      return rest;
    })
    .sort((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1));
}

/** Formats an address and a port like `ipvsadm -Lcn`. */
function printed({ address: host, port }: Endpoint): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}

/** The lines of `ipvsadm -Lcn` without the time that is left, sorted. */
export function listedConnections(namespace: Namespace, ...options: string[]): string[] {
  return namespace
    .runForBytes('ipvsadm', ['-Lcn', ...options])
    .toString('latin1')
    .split('\n')
    .slice(2)
    .filter((line) => line !== '')
    .map((line) =>
      line
        .trimEnd()
        .replace(/ +\d+:\d+ +/, ' ')
        .split(/ +/)
        .join(' '),
    )
    .sort();
}

/** The line that `ipvsadm -Lcn` prints of a connection. */
export function listed(connection: Connection): string {
  const { protocol, state, client, virtual, destination, engine, engineData } = connection;
  const places = [client, virtual, destination].map(printed);
  const more = engine === null ? [] : [engine, engineData];
  return [protocol.toUpperCase(), state, ...places, ...more].join(' ');
}
