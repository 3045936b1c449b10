/**
 * The columns of ipvsadm's listings.
 * @module
 */
import type { Destination } from '../../ipvs/destination.js';
import type { Service } from '../../ipvs/service.js';
import type { Counter, Stats } from '../../ipvs/stats.js';
import { NO_NAME } from '../print-endpoint.js';
import { settingsOf } from '../service-text.js';
import { exactFigure, scaledFigure } from './figures.js';

/** The style of figures. */
interface Figures {
  /** In full. */
  readonly exact: boolean;
  /** With the mistakes of ipvsadm. */
  readonly compat: boolean;
}

/** The columns of a listing. */
export interface Columns {
  readonly title: string;
  readonly subtitle: string;
  /** Returns the text after the key of a service. */
  readonly ofService: (service: Service<Counter>, figures: Figures) => string;
  /** Returns the text after the key of a destination. */
  readonly ofDestination: (destination: Destination<Counter>, figures: Figures) => string;
  /** True if the key of a service is padded to the width of a column. */
  readonly isPadded: boolean;
}

/** The width of the key of a destination. */
export const KEY_WIDTH = 28;
/** The width of a line before its figures. */
export const LINE_WIDTH = 33;
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

/** The listings that show something else than the default, in the order in which they count. */
export const LISTINGS = [
  'stats',
  'rate',
  'thresholds',
  'persistentConnections',
  'tunnels',
] as const;

const COLUMNS: Readonly<Record<(typeof LISTINGS)[number], Columns>> = {
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

const forwardingOf = ({ forwarding }: Destination<Counter>) => FORWARDINGS[forwarding] ?? NO_NAME;

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

/** Returns the columns of the first listing that is wanted. */
export function columnsOf(wanted: Readonly<Record<(typeof LISTINGS)[number], boolean>>): Columns {
  const chosen = LISTINGS.find((name) => wanted[name]);
  return chosen === undefined ? DEFAULT : COLUMNS[chosen];
}
