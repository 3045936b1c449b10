/**
 * The listings of ipvsadm: `ipvsadm -L` with its options.
 * @module
 */
import { checkArguments } from '../core/arguments.js';
import { checkBoolean, own, readOptions } from '../core/check.js';
import { wrongType } from '../core/input-errors.js';
import { registerEntry } from '../core/stack.js';
import type { Destination } from '../ipvs/destination.js';
import type { Service, ServiceWithDestinations } from '../ipvs/service.js';
import type { Snapshot } from '../ipvs/snapshot.js';
import type { Counter, Stats } from '../ipvs/stats.js';
import { exactFigure, scaledFigure } from './figures.js';
import { type Names, NUMERIC, printEndpoint } from './names.js';
import { sortDestinations, sortServices } from './sort.js';

/**
 * Options of {@link formatTable}. Of `stats`, `rate`, `thresholds`, `persistentConnections` and
 * `tunnels`, the first one that is true in this order decides about the columns.
 */
export interface TableOptions {
  /** Counters: connections, packets and bytes. Default false. `ipvsadm --stats`. */
  readonly stats?: boolean | undefined;
  /** Rates, per second. Default false. `ipvsadm --rate`. */
  readonly rate?: boolean | undefined;
  /** The connection thresholds of destinations. Default false. `ipvsadm --thresholds`. */
  readonly thresholds?: boolean | undefined;
  /** The templates of persistence. Default false. `ipvsadm --persistent-conn`. */
  readonly persistentConnections?: boolean | undefined;
  /** The types of tunnels. Default false. `ipvsadm --tun-info`. */
  readonly tunnels?: boolean | undefined;
  /**
   * Counters and rates in full: 123456789 instead of 123456K. Default false. `ipvsadm --exact`.
   */
  readonly exact?: boolean | undefined;
  /**
   * Sorts services by firewall mark, family, protocol, address and port, and destinations by
   * address and port. Default true; false, `ipvsadm --nosort`, keeps the order of the snapshot.
   */
  readonly sort?: boolean | undefined;
  /**
   * What {@link Ipvs.getInfo} returns: it is shown in a first line, which is left out by default, as
   * by ipvsadm for a single service.
   */
  readonly info?: { readonly version: string; readonly connectionTableSize: number } | undefined;
  /** The names of addresses and ports. Default: numbers, `ipvsadm -n`. */
  readonly names?: Names | undefined;
  /**
   * If true, copies the mistakes of ipvsadm 1.31: firewall marks above 2147483647 are negative, the
   * counters of destinations have 32 bits, and the order is wrong where numbers are more than
   * 2147483647 apart. Default false.
   */
  readonly compat?: boolean | undefined;
}

/** The options, complete. */
type Settings = {
  readonly [Name in Exclude<keyof TableOptions, 'info'>]-?: NonNullable<TableOptions[Name]>;
} & Pick<TableOptions, 'info'>;

const FLAGS = [
  'stats',
  'rate',
  'thresholds',
  'persistentConnections',
  'tunnels',
  'exact',
  'sort',
  'compat',
] as const;
const KEYS = new Set([...FLAGS, 'info', 'names'] as const);

/** The columns of a listing. */
interface Columns {
  readonly title: string;
  readonly subtitle: string;
  /** What follows the key of a service. */
  readonly ofService: (service: Service<Counter>, settings: Settings) => string;
  /** What follows the key of a destination. */
  readonly ofDestination: (destination: Destination<Counter>, settings: Settings) => string;
  /** True if the key of a service is padded to the width of a column. */
  readonly isPadded: boolean;
}

const KEY_WIDTH = 28;
const LINE_WIDTH = 33;
const ADDRESS = 'Prot LocalAddress:Port';
const SERVER = '  -> RemoteAddress:Port';

/** Returns numbers left in columns of these widths, with a blank before each. */
const columns = (...cells: readonly (readonly [value: string | number, width: number])[]) =>
  cells.map(([value, width]) => ` ${String(value).padEnd(width)}`).join('');

const FORWARDINGS: Readonly<Record<string, string>> = {
  masquerade: 'Masq',
  local: 'Local',
  tunnel: 'Tunnel',
  direct: 'Route',
};
const CHECKSUMS: Readonly<Record<string, string>> = {
  none: '-c',
  checksum: '+c',
  'remote-checksum': 'r+c',
};

const DEFAULT: Columns = {
  title: `${ADDRESS} Scheduler Flags`,
  subtitle: `${SERVER.padEnd(LINE_WIDTH)} Forward Weight ActiveConn InActConn`,
  ofService: settingsOf,
  ofDestination: (destination) =>
    columns([forwardingOf(destination), 7], [destination.weight, 6], ...connections(destination)),
  isPadded: false,
};

const COLUMNS: Readonly<Record<string, Columns>> = {
  stats: {
    title: `${ADDRESS.padEnd(LINE_WIDTH)}    Conns   InPkts  OutPkts  InBytes OutBytes`,
    subtitle: SERVER,
    ofService: ({ stats }, { exact }) => countersOf(stats, exact),
    ofDestination: ({ stats }, { exact, compat }) =>
      countersOf(compat ? narrow(stats) : stats, exact),
    isPadded: true,
  },
  rate: {
    title: `${ADDRESS.padEnd(LINE_WIDTH)}      CPS    InPPS   OutPPS    InBPS   OutBPS`,
    subtitle: SERVER,
    ofService: ({ stats }, { exact }) => ratesOf(stats, exact, exact),
    // The rates of packets of a server are always exact.
    ofDestination: ({ stats }, { exact, compat }) =>
      ratesOf(compat ? narrow(stats) : stats, true, exact),
    isPadded: true,
  },
  thresholds: {
    title: `${ADDRESS.padEnd(LINE_WIDTH)} Uthreshold Lthreshold ActiveConn InActConn `,
    subtitle: SERVER,
    ofService: settingsOf,
    ofDestination: (destination) => {
      const { upperThreshold, lowerThreshold } = destination;
      return columns([upperThreshold, 10], [lowerThreshold, 10], ...connections(destination));
    },
    isPadded: false,
  },
  persistentConnections: {
    title: `${ADDRESS.padEnd(LINE_WIDTH)} Weight    PersistConn ActiveConn InActConn `,
    subtitle: SERVER,
    ofService: settingsOf,
    ofDestination: (destination) => {
      const { weight, persistentConnections } = destination;
      return columns([weight, 9], [persistentConnections, 11], ...connections(destination));
    },
    isPadded: false,
  },
  tunnels: {
    title: DEFAULT.title,
    subtitle: `${SERVER.padEnd(LINE_WIDTH)} Forward TunnelInfo    Weight ActiveConn InActConn`,
    ofService: settingsOf,
    ofDestination: (destination) => {
      const forwarding = forwardingOf(destination);
      const { weight } = destination;
      const tunnel = tunnelOf(destination);
      return columns([forwarding, 7], [tunnel, 13], [weight, 6], ...connections(destination));
    },
    isPadded: false,
  },
};

const connections = ({ activeConnections, inactiveConnections }: Destination<Counter>) =>
  [
    [activeConnections, 10],
    [inactiveConnections, 10],
  ] as const;

const forwardingOf = ({ forwarding }: Destination<Counter>) => FORWARDINGS[forwarding] ?? '(null)';

function tunnelOf({ forwarding, tunnel }: Destination<Counter>): string {
  if (forwarding !== 'tunnel' || tunnel === null) return 'n/a';
  const { type, port = 0, checksum = 'none' } = tunnel;
  if (type === 'gue') return `gue:${port}:${CHECKSUMS[checksum] ?? '-c'}`;
  return type === 'gre' ? `gre:${CHECKSUMS[checksum] ?? '-c'}` : type;
}

function countersOf(stats: Stats<Counter>, exact: boolean): string {
  const { connections, inPackets, outPackets, inBytes, outBytes } = stats;
  const figure = exact ? exactFigure : scaledFigure;
  return [connections, inPackets, outPackets, inBytes, outBytes].map(figure).join('');
}

/** Returns rates: those of connections and packets, and those of bytes, each exact or scaled. */
function ratesOf(stats: Stats<Counter>, isExact: boolean, areBytesExact: boolean): string {
  const { connectionRate, inPacketRate, outPacketRate, inByteRate, outByteRate } = stats;
  const rates = [connectionRate, inPacketRate, outPacketRate];
  const bytes = [inByteRate, outByteRate];
  return [
    ...rates.map(isExact ? exactFigure : scaledFigure),
    ...bytes.map(areBytesExact ? exactFigure : scaledFigure),
  ].join('');
}

/** Returns counters as ipvsadm reads those of destinations: 32 bits of each. */
function narrow(stats: Stats<Counter>): Stats<Counter> {
  const low = (value: Counter) => BigInt.asUintN(32, BigInt(value));
  return {
    connections: low(stats.connections),
    inPackets: low(stats.inPackets),
    outPackets: low(stats.outPackets),
    inBytes: low(stats.inBytes),
    outBytes: low(stats.outBytes),
    connectionRate: low(stats.connectionRate),
    inPacketRate: low(stats.inPacketRate),
    outPacketRate: low(stats.outPacketRate),
    inByteRate: low(stats.inByteRate),
    outByteRate: low(stats.outByteRate),
  };
}

/** Returns the scheduler of a service and what else is set. */
function settingsOf(service: Service<Counter>): string {
  const { scheduler, persistence, onePacket } = service;
  const flags = schedulerFlagsOf(service);
  const words = [
    scheduler,
    ...(flags === undefined ? [] : [`(${flags})`]),
    ...(persistence === null ? [] : [`persistent ${persistence.timeout}`]),
    ...(persistence === null || isHostMask(persistence.netmask)
      ? []
      : [`mask ${persistence.netmask}`]),
    ...(persistence?.engine ? [`pe ${persistence.engine}`] : []),
    ...(onePacket ? ['ops'] : []),
  ];
  return ` ${words.join(' ')}`;
}

/** Returns true for the netmask with which each address counts by itself. */
export const isHostMask = (netmask: string | number) =>
  netmask === '255.255.255.255' || netmask === 128;

/**
 * Returns the names of the flags of a scheduler that ipvsadm knows; undefined if there are no
 * flags. For sh and mh it knows no others than their own.
 */
export function schedulerFlagsOf({
  scheduler,
  schedulerFlags,
}: Pick<Service<Counter>, 'scheduler' | 'schedulerFlags'>): string | undefined {
  const isNamed = scheduler === 'sh' || scheduler === 'mh';
  const named = schedulerFlags.filter((flag) => !flag.startsWith('unknown-'));
  if (named.length === 0) return undefined;
  return named.filter((flag) => !isNamed || flag.startsWith(scheduler)).join(',');
}

/** Returns a mark as ipvsadm prints it. */
export const printMark = (fwmark: number, compat: boolean) => (compat ? fwmark | 0 : fwmark);

function serviceKey(service: Service<Counter>, { names, compat }: Settings): string {
  if (service.fwmark !== undefined) {
    const family = service.family === 'ipv6' ? ' IPv6' : '';
    return `FWM  ${printMark(service.fwmark, compat)}${family}`;
  }
  const { protocol, address } = service;
  return `${protocol.toUpperCase().padEnd(4)} ${cutKey(
    printEndpoint(service, protocol, names),
    address,
  )}`;
}

/** Returns the text of an address, of which only that of IPv4 is cut. */
const cutKey = (text: string, address: string) =>
  address.includes(':') ? text : text.slice(0, KEY_WIDTH);

function* linesOf(
  service: ServiceWithDestinations<Counter>,
  { isPadded, ofService, ofDestination }: Columns,
  settings: Settings,
): Generator<string> {
  const key = serviceKey(service, settings);
  yield `${isPadded ? key.padEnd(LINE_WIDTH) : key}${ofService(service, settings)}`;
  const { destinations, protocol } = service;
  const { sort, compat, names } = settings;
  for (const destination of sort ? sortDestinations(destinations, compat) : destinations) {
    const text = cutKey(printEndpoint(destination, protocol, names), destination.address);
    yield `  -> ${text.padEnd(KEY_WIDTH)}${ofDestination(destination, settings)}`;
  }
}

/**
 * Returns the lines of the listing of services.
 * @internal
 */
export function* tableLines(
  services: readonly ServiceWithDestinations<Counter>[],
  settings: Settings,
): Generator<string> {
  const { info, sort, compat } = settings;
  const shown = columnsOf(settings);
  if (info !== undefined) {
    yield `IP Virtual Server version ${info.version} (size=${info.connectionTableSize})`;
  }
  yield shown.title;
  yield shown.subtitle;
  for (const service of sort ? sortServices(services, compat) : services) {
    yield* linesOf(service, shown, settings);
  }
}

function columnsOf(settings: Settings): Columns {
  const chosen = FLAGS.find((name) => settings[name] && COLUMNS[name] !== undefined);
  return (chosen === undefined ? undefined : COLUMNS[chosen]) ?? DEFAULT;
}

/** Returns options completed with their defaults. @internal */
export const tableSettings = (options: TableOptions): Settings => ({
  stats: options.stats ?? false,
  rate: options.rate ?? false,
  thresholds: options.thresholds ?? false,
  persistentConnections: options.persistentConnections ?? false,
  tunnels: options.tunnels ?? false,
  exact: options.exact ?? false,
  sort: options.sort ?? true,
  compat: options.compat ?? false,
  info: options.info,
  names: options.names ?? NUMERIC,
});

/**
 * Returns a table as `ipvsadm -Ln` prints it, each line with its newline.
 * @param snapshot what {@link Ipvs.snapshot} returns, with counters of either type
 * @throws TypeError bad input
 * @example
 * ```ts
 * import { Ipvs } from 'ipvs';
 * import { formatTable } from 'ipvs/ipvsadm';
 *
 * const ipvs = await Ipvs.open();
 * await ipvs.ensureService({ protocol: 'tcp', address: '10.96.0.1', port: 80 });
 * process.stdout.write(formatTable(await ipvs.snapshot(), { info: await ipvs.getInfo() }));
 * process.stdout.write(formatTable(await ipvs.snapshot({ bigint: true }), { stats: true }));
 * await ipvs.close();
 * ```
 */
export function formatTable(snapshot: Snapshot | Snapshot<bigint>, options?: TableOptions): string;
export function formatTable(...args: readonly unknown[]): string {
  const [snapshot, settings] = checkArguments('formatTable', args, 2, checkTable);
  let text = '';
  for (const line of tableLines(snapshot.services, settings)) text += `${line}\n`;
  return text;
}

registerEntry('formatTable', formatTable);

function checkTable(snapshot: unknown, options: unknown): [Snapshot, Settings] {
  const isTable = typeof snapshot === 'object' && snapshot !== null;
  if (!isTable || !Array.isArray(own(snapshot, 'services'))) {
    throw wrongType('snapshot', snapshot, 'what ipvs.snapshot() returns');
  }
  const given = readOptions(options, KEYS);
  for (const name of FLAGS) {
    if (given[name] !== undefined) checkBoolean(`options.${name}`, given[name]);
  }
  for (const name of ['info', 'names'] as const) {
    const value = given[name];
    if (value === undefined || (typeof value === 'object' && value !== null)) continue;
    throw wrongType(`options.${name}`, value, 'an object');
  }
  // The flags are checked; what a snapshot and the objects contain is up to their makers.
  return [snapshot as Snapshot, tableSettings(given as TableOptions)];
}
