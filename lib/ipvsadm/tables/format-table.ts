/**
 * The listings of ipvsadm: `ipvsadm -L` with its options.
 * @module
 */
import { checkArguments } from '../../core/arguments.js';
import { checkBoolean, own, readOptions } from '../../core/check.js';
import { wrongType } from '../../core/input-errors.js';
import { registerEntry } from '../../core/stack.js';
import type { Service, ServiceWithDestinations } from '../../ipvs/service.js';
import type { Snapshot } from '../../ipvs/snapshot.js';
import type { Counter } from '../../ipvs/stats.js';
import { MAX_ENDPOINT, type Names, NUMERIC, printEndpoint } from '../print-endpoint.js';
import { printMark } from '../service-text.js';
import { printedDestinations, printedServices } from '../sort.js';
import { type Columns, columnsOf, KEY_WIDTH, LINE_WIDTH, LISTINGS } from './table-columns.js';

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
   * The result of {@link Ipvs.getInfo}, for a first line. Default: no such line, as ipvsadm prints
   * none for a single service.
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

const FLAGS = [...LISTINGS, 'exact', 'sort', 'compat'] as const;
const KEYS = new Set([...FLAGS, 'info', 'names'] as const);

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

/** Returns the text of an address. That of IPv4 is cut to the width of its column. */
const cutKey = (text: string, address: string) =>
  text.slice(0, address.includes(':') ? MAX_ENDPOINT : KEY_WIDTH);

function* linesOf(
  service: ServiceWithDestinations<Counter>,
  { isPadded, ofService, ofDestination }: Columns,
  settings: Settings,
): Generator<string> {
  const key = serviceKey(service, settings);
  yield `${isPadded ? key.padEnd(LINE_WIDTH) : key}${ofService(service, settings)}`;
  const { destinations, protocol } = service;
  const { sort, compat, names } = settings;
  for (const destination of sort ? printedDestinations(destinations, compat) : destinations) {
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
  for (const service of sort ? printedServices(services, compat) : services) {
    yield* linesOf(service, shown, settings);
  }
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
  const given = readOptions(options, KEYS);
  for (const name of FLAGS) {
    if (given[name] !== undefined) checkBoolean(`options.${name}`, given[name]);
  }
  const { info, names } = given;
  if (info !== undefined && !has(info, { version: 'string', connectionTableSize: 'number' })) {
    throw wrongType('options.info', info, 'what ipvs.getInfo() returns');
  }
  if (names !== undefined && !has(names, { host: 'function', service: 'function' })) {
    throw wrongType('options.names', names, 'an object with the functions host and service');
  }
  const services = has(snapshot, {}) ? own(snapshot, 'services') : undefined;
  if (!Array.isArray(services)) {
    throw wrongType('snapshot', snapshot, 'what ipvs.snapshot() returns');
  }
  for (const [place, service] of services.entries()) {
    // A state has no counters.
    const isListed = has(service, { stats: 'object', destinations: 'object' });
    if (isListed && Array.isArray(service['destinations'])) continue;
    throw wrongType(`snapshot.services[${place}]`, service, 'a service of ipvs.snapshot()');
  }
  // The contents of the objects are up to their makers.
  return [snapshot as Snapshot, tableSettings(given as TableOptions)];
}

/** Returns true for an object with properties of these types. */
function has(
  value: unknown,
  types: Readonly<Record<string, string>>,
): value is Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null) return false;
  const object: object = value;
  return Object.entries(types).every(([name, type]) => typeof own(object, name) === type);
}
