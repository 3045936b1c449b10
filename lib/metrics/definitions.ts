/**
 * The tables of the metrics of a table: each row is a family. docs/metrics.md lists them.
 * @module
 */
import type { Stats } from '../ipvs/stats.js';
import type { MetricDefinition, MetricType } from './types.js';

/** A metric of objects of one kind. @internal */
export interface Metric<Source> extends MetricDefinition {
  /** Returns the value for an object; undefined: the object has no such value. */
  value(source: Source): number | undefined;
}

const SUFFIXES = { counter: '_total', gauge: '', info: '_info' } as const;

/** The units that names may end with. */
const UNITS = ['bytes', 'connections', 'packets', 'seconds'] as const;

/** Returns the definition of a family. Its unit is the end of its name. @internal */
export function define(
  type: MetricType,
  name: string,
  help: string,
  labelNames: readonly string[] = [],
): MetricDefinition {
  const unit = type === 'info' ? undefined : UNITS.find((each) => name.endsWith(`_${each}`));
  return { name, sampleName: `${name}${SUFFIXES[type]}`, type, unit, help, labelNames };
}

/** A row of a table: the name without its prefix. */
interface Row<Source> {
  readonly type: 'counter' | 'gauge';
  readonly name: string;
  readonly help: string;
  readonly value: Metric<Source>['value'];
}

/** Returns the metrics of a table: the kernel's counters, and these rows. */
function metricsOf<Source extends { readonly stats: Stats }>(
  prefix: string,
  subject: string,
  labelNames: readonly string[],
  rows: readonly Row<Source>[],
): readonly Metric<Source>[] {
  const counters = COUNTERS.map(
    ({ name, help, counter }): Row<Source> => ({
      type: 'counter',
      name,
      help: `${help} ${subject}.`,
      value: ({ stats }) => stats[counter],
    }),
  );
  return [...counters, ...rows].map(({ type, name, help, value }) => ({
    ...define(type, `${prefix}_${name}`, help, labelNames),
    value,
  }));
}

/** The counters that the kernel has of everything. @internal */
export const COUNTERS = [
  { name: 'connections', help: 'New connections', counter: 'connections' },
  { name: 'incoming_packets', help: 'Packets from clients', counter: 'inPackets' },
  { name: 'outgoing_packets', help: 'Packets to clients', counter: 'outPackets' },
  { name: 'incoming_bytes', help: 'Bytes from clients', counter: 'inBytes' },
  { name: 'outgoing_bytes', help: 'Bytes to clients', counter: 'outBytes' },
] as const;

/** A network namespace: what its metrics are made from. @internal */
export interface NamespaceSource {
  readonly stats: Stats;
  readonly services: number;
  readonly destinations: number;
}

/** The metrics of the network namespace. @internal */
export const NAMESPACE_METRICS = metricsOf<NamespaceSource>(
  'ipvs',
  'of all services',
  [],
  [
    { type: 'gauge', name: 'services', help: 'Services.', value: ({ services }) => services },
    {
      type: 'gauge',
      name: 'destinations',
      help: 'Destinations of all services.',
      value: ({ destinations }) => destinations,
    },
  ],
);

/** A service, with sums over its destinations. @internal */
export interface ServiceSource {
  readonly stats: Stats;
  readonly active: number;
  readonly inactive: number;
  readonly persistent: number;
  readonly destinations: number;
  readonly available: number;
  readonly weight: number;
}

const SERVICE_LABELS = ['service', 'name'];

/** The metrics of services. @internal */
export const SERVICE_METRICS = metricsOf<ServiceSource>(
  'ipvs_service',
  'of the service',
  SERVICE_LABELS,
  [
    {
      type: 'gauge',
      name: 'active_connections',
      help: 'Active connections of its destinations.',
      value: ({ active }) => active,
    },
    {
      type: 'gauge',
      name: 'inactive_connections',
      help: 'Inactive connections of its destinations: closing ones, and all of UDP.',
      value: ({ inactive }) => inactive,
    },
    {
      type: 'gauge',
      name: 'persistent_connections',
      help: 'Templates of persistence of its destinations.',
      value: ({ persistent }) => persistent,
    },
    {
      type: 'gauge',
      name: 'destinations',
      help: 'Destinations of the service.',
      value: ({ destinations }) => destinations,
    },
    {
      type: 'gauge',
      name: 'available_destinations',
      help: 'Destinations of the service with a weight above 0.',
      value: ({ available }) => available,
    },
    {
      type: 'gauge',
      name: 'weight',
      help: 'Sum of the weights of its destinations.',
      value: ({ weight }) => weight,
    },
  ],
);

/** The metric that describes services. @internal */
export const SERVICE_INFO = define('info', 'ipvs_service', 'Key and scheduler of the service.', [
  ...SERVICE_LABELS,
  'protocol',
  'address',
  'port',
  'fwmark',
  'family',
  'scheduler',
]);

/** A destination: what its metrics are made from. @internal */
export interface DestinationSource {
  readonly stats: Stats;
  readonly activeConnections: number;
  readonly inactiveConnections: number;
  readonly persistentConnections: number;
  readonly weight: number;
  readonly upperThreshold: number;
}

const DESTINATION_LABELS = [...SERVICE_LABELS, 'destination'];

/** The metrics of destinations. @internal */
export const DESTINATION_METRICS = metricsOf<DestinationSource>(
  'ipvs_destination',
  'of the destination',
  DESTINATION_LABELS,
  [
    {
      type: 'gauge',
      name: 'active_connections',
      help: 'Active connections.',
      value: ({ activeConnections }) => activeConnections,
    },
    {
      type: 'gauge',
      name: 'inactive_connections',
      help: 'Inactive connections: closing ones, and all of UDP.',
      value: ({ inactiveConnections }) => inactiveConnections,
    },
    {
      type: 'gauge',
      name: 'persistent_connections',
      help: 'Templates of persistence.',
      value: ({ persistentConnections }) => persistentConnections,
    },
    {
      type: 'gauge',
      name: 'weight',
      help: 'Share of new connections; 0: it gets none.',
      value: ({ weight }) => weight,
    },
    {
      type: 'gauge',
      name: 'upper_threshold_connections',
      help: 'Connections above which it gets no new ones; absent without such a limit.',
      value: ({ upperThreshold }) => (upperThreshold === 0 ? undefined : upperThreshold),
    },
  ],
);

/** The metric that describes destinations. @internal */
export const DESTINATION_INFO = define(
  'info',
  'ipvs_destination',
  'Address and forwarding of the destination.',
  [...DESTINATION_LABELS, 'address', 'port', 'family', 'forwarding', 'tunnel'],
);
