/**
 * Services and destinations as a table.
 * @module
 */
import type { Destination, ServiceWithDestinations, Stats } from '../../index.js';
import { formatDestinationKey, formatServiceKey } from '../../ipvs/keys.js';
import { isHostMask } from '../../ipvs/persistence.js';
import { type Column, tableOf } from '../table.js';

/** The content of the table: settings and live numbers of connections, counters, or rates. */
export type TableKind = 'state' | 'stats' | 'rate';

const NAME: Column = { title: 'SERVICE, DESTINATION' };
const number = (title: string): Column => ({ title, align: 'right' });

const STATE: readonly Column[] = [
  NAME,
  { title: 'SCHEDULER, FORWARDING' },
  number('WEIGHT'),
  number('ACTIVE'),
  number('INACTIVE'),
  { title: 'SETTINGS' },
];

/** The columns of counters, and of rates. */
const NUMBERS: Readonly<
  Record<Exclude<TableKind, 'state'>, readonly (readonly [title: string, name: keyof Stats])[]>
> = {
  stats: [
    ['CONNECTIONS', 'connections'],
    ['IN PACKETS', 'inPackets'],
    ['OUT PACKETS', 'outPackets'],
    ['IN BYTES', 'inBytes'],
    ['OUT BYTES', 'outBytes'],
  ],
  rate: [
    ['CONNECTIONS/S', 'connectionRate'],
    ['IN PACKETS/S', 'inPacketRate'],
    ['OUT PACKETS/S', 'outPacketRate'],
    ['IN BYTES/S', 'inByteRate'],
    ['OUT BYTES/S', 'outByteRate'],
  ],
};

/** Returns the lines of the table: one for a service, and one for each of its destinations. */
export function tableOfServices(
  services: readonly ServiceWithDestinations[],
  kind: TableKind,
): string[] {
  if (kind === 'state') return tableOf(STATE, services.flatMap(stateRows));
  const numbers = NUMBERS[kind];
  const cells = ({ stats }: { readonly stats: Stats }) =>
    numbers.map(([, name]) => String(stats[name]));
  const rows = services.flatMap((service) => [
    [formatServiceKey(service), ...cells(service)],
    ...service.destinations.map((each) => [nameOf(each), ...cells(each)]),
  ]);
  return tableOf([NAME, ...numbers.map(([title]) => number(title))], rows);
}

function stateRows(service: ServiceWithDestinations): string[][] {
  const { destinations, scheduler, schedulerFlags } = service;
  const total = (name: 'activeConnections' | 'inactiveConnections') =>
    String(destinations.reduce((sum, each) => sum + each[name], 0));
  return [
    [
      formatServiceKey(service),
      [scheduler, ...schedulerFlags].join(' '),
      '',
      total('activeConnections'),
      total('inactiveConnections'),
      serviceSettings(service),
    ],
    ...destinations.map((each) => [
      nameOf(each),
      each.forwarding,
      String(each.weight),
      String(each.activeConnections),
      String(each.inactiveConnections),
      destinationSettings(each),
    ]),
  ];
}

function nameOf(destination: Destination): string {
  return `  ${formatDestinationKey(destination)}`;
}

function serviceSettings({ persistence, onePacket }: ServiceWithDestinations): string {
  const settings = onePacket ? ['one packet'] : [];
  if (persistence !== null) {
    const { timeout, netmask, engine } = persistence;
    settings.push(`persistence ${timeout} s`);
    if (!isHostMask(netmask)) settings.push(`netmask ${netmask}`);
    if (engine !== null) settings.push(`engine ${engine}`);
  }
  return settings.join(', ');
}

function destinationSettings({ upperThreshold, lowerThreshold, tunnel }: Destination): string {
  const settings: string[] = [];
  if (tunnel !== null) {
    const { type, port, checksum = 'none' } = tunnel;
    settings.push([type, ...(port === undefined ? [] : [`port ${port}`])].join(' '));
    if (checksum !== 'none') settings.push(checksum);
  }
  if (upperThreshold > 0) settings.push(`upper threshold ${upperThreshold}`);
  if (lowerThreshold > 0) settings.push(`lower threshold ${lowerThreshold}`);
  return settings.join(', ');
}
