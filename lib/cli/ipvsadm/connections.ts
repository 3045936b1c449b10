/**
 * The listing of connections: `ipvsadm -Lc`.
 * @module
 */
import { AF_INET, formatAddress } from '../../core/address.js';
import { STATUS } from '../../ipvsadm/grammar/command-line-error.js';
import { readIpv6 } from '../../ipvsadm/grammar/numbers.js';
import { type Names, NUMERIC, printEndpoint } from '../../ipvsadm/print-endpoint.js';
import { type HostProcess, linesIn } from './host-process.js';
import { writeLines } from './listings.js';
import { namesOf } from './name-lookup.js';

const PATH = '/proc/net/ip_vs_conn';

/** The style of printed connections. */
interface ConnectionStyle {
  readonly numeric: boolean;
  /** True to print the data of persistence engines. */
  readonly engines: boolean;
}

/**
 * Prints the connections.
 * @returns the exit status
 */
export async function listConnections(
  style: ConnectionStyle,
  hostProcess: HostProcess,
): Promise<number> {
  const { out, err, readFile } = hostProcess;
  const pieces = linesIn(readFile(PATH));
  let piece: IteratorResult<readonly string[], unknown>;
  try {
    piece = pieces.next();
  } catch {
    err(`cannot open file ${PATH}\n`);
    return STATUS.unreadable;
  }
  const engines = style.engines ? '        pe name          pe_data' : '';
  out('IPVS connection entries\n');
  out(`pro expire state       source             virtual            destination${engines}\n`);
  for (; !piece.done; piece = pieces.next()) {
    const entries = piece.value.flatMap((line) => entryIn(line) ?? []);
    const names = style.numeric ? NUMERIC : await namesOf(entries.flatMap(addressesOf));
    writeLines(
      entries.map((entry) => lineOf(entry, names, style)),
      out,
    );
  }
  return STATUS.success;
}

interface Endpoint {
  readonly address: string;
  readonly port: number;
}

interface Entry {
  readonly protocol: string;
  readonly source: Endpoint;
  readonly virtual: Endpoint;
  readonly destination: Endpoint;
  readonly state: string;
  readonly expires: number;
  readonly engine: readonly string[];
}

const addressesOf = ({ source, virtual, destination }: Entry) =>
  [source, virtual, destination].map(({ address }) => address);

/** Reads a line; undefined for the title, and for a line without all columns. */
function entryIn(line: string): Entry | undefined {
  const [protocol, ...words] = line.trim().split(/ +/);
  const [client, clientPort, address, port, server, serverPort, state, expires, ...engine] = words;
  if (protocol === undefined || protocol === 'Pro' || expires === undefined) return undefined;
  return {
    protocol,
    source: endpointOf(client, clientPort),
    virtual: endpointOf(address, port),
    destination: endpointOf(server, serverPort),
    state: state ?? '',
    expires: Number(expires),
    engine,
  };
}

/** Reads an address, IPv4 in eight hexadecimal digits or IPv6, and a hexadecimal port. */
function endpointOf(address = '', port = ''): Endpoint {
  const number = Number.parseInt(port, 16);
  const ipv6 = readIpv6(address);
  if (ipv6 !== undefined) return { address: ipv6, port: number };
  return { address: formatAddress(Buffer.from(address, 'hex'), 0, AF_INET), port: number };
}

function lineOf(entry: Entry, names: Names, { engines }: ConnectionStyle): string {
  const { protocol, source, virtual, destination, state, expires, engine } = entry;
  const time = `${pad(Math.floor(expires / 60))}:${pad(expires % 60)}`;
  const print = ({ address, port }: Endpoint) =>
    printEndpoint({ address, port }, protocol.toLowerCase(), names);
  const columns = [
    protocol.padEnd(3),
    time.padEnd(6),
    state.padEnd(11),
    print(source).padEnd(18),
    print(virtual).padEnd(18),
  ];
  const [name, ...data] = engine;
  if (!engines || name === undefined) return [...columns, print(destination)].join(' ');
  const end = [print(destination).padEnd(16), name.padEnd(18), data.join(' ')];
  return [...columns, ...end].join(' ');
}

const pad = (number: number) => String(number).padStart(2, '0');
