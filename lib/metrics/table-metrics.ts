/**
 * The metrics of a table: of the network namespace, its services and their destinations. Each row
 * is a family; docs/metrics.md lists them.
 * @module
 */
import { describeInput, wrongType } from '../core/input-errors.js';
import type { Destination, Service, ServiceWithDestinations, Snapshot, Stats } from '../index.js';
import { formatDestinationKey, formatServiceKey } from '../ipvs/keys.js';
import { type Column, OBJECTS_PER_STEP, single } from './columns.js';
import { COUNTERS, define, type Metric } from './definitions.js';
import type { MetricsSettings } from './options.js';
import type { Labels, MetricDefinition } from './types.js';

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

/** A network namespace: what its metrics are made from. */
interface NamespaceSource {
  readonly stats: Stats;
  readonly services: number;
  readonly destinations: number;
}

/** The metrics of the network namespace. */
const NAMESPACE_METRICS = metricsOf<NamespaceSource>(
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

/** A service, with sums over its destinations. */
interface ServiceSource {
  readonly stats: Stats;
  readonly active: number;
  readonly inactive: number;
  readonly persistent: number;
  readonly destinations: number;
  readonly available: number;
  readonly weight: number;
}

const SERVICE_LABELS = ['service', 'name'];

/** The metrics of services. */
const SERVICE_METRICS = metricsOf<ServiceSource>('ipvs_service', 'of the service', SERVICE_LABELS, [
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
]);

/** The metric that describes services. */
const SERVICE_INFO = define('info', 'ipvs_service', 'Key and scheduler of the service.', [
  ...SERVICE_LABELS,
  'protocol',
  'address',
  'port',
  'fwmark',
  'family',
  'scheduler',
]);

/** A destination: what its metrics are made from. */
interface DestinationSource {
  readonly stats: Stats;
  readonly activeConnections: number;
  readonly inactiveConnections: number;
  readonly persistentConnections: number;
  readonly weight: number;
  readonly upperThreshold: number;
}

const DESTINATION_LABELS = [...SERVICE_LABELS, 'destination'];

/** The metrics of destinations. */
const DESTINATION_METRICS = metricsOf<DestinationSource>(
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

/** The metric that describes destinations. */
const DESTINATION_INFO = define(
  'info',
  'ipvs_destination',
  'Address and forwarding of the destination.',
  [...DESTINATION_LABELS, 'address', 'port', 'family', 'forwarding', 'tunnel'],
);

/** The counters of the network namespace, and its services. */
export interface TableSource {
  readonly stats: Stats;
  readonly services: Snapshot['services'];
}

/** The columns of the objects of one kind, to which objects are added. */
class Group<Source> {
  readonly #info: MetricDefinition;
  readonly #descriptions: Labels[] = [];
  readonly #rows: Labels[] = [];
  readonly #columns: readonly {
    readonly metric: Metric<Source>;
    readonly values: (number | undefined)[];
  }[];

  constructor(info: MetricDefinition, metrics: readonly Metric<Source>[]) {
    this.#info = info;
    this.#columns = metrics.map((metric) => ({ metric, values: [] }));
  }

  /**
   * Adds an object.
   * @param labels the labels of all its metrics
   * @param description the labels of the metric that describes it
   */
  add(labels: Labels, description: Labels, source: Source): void {
    this.#rows.push(labels);
    this.#descriptions.push(description);
    for (const { metric, values } of this.#columns) values.push(metric.value(source));
  }

  get columns(): Column[] {
    const ones = this.#descriptions.map(() => 1);
    return [
      { metric: this.#info, rows: this.#descriptions, values: ones },
      ...this.#columns.map((column) => ({ ...column, rows: this.#rows })),
    ];
  }
}

/** Returns the metrics of a table, in steps of some objects. */
export function* tableColumns(
  { stats, services }: TableSource,
  { level, nameOf }: Pick<MetricsSettings, 'level' | 'nameOf'>,
): Generator<void, Column[]> {
  const ofServices = new Group(SERVICE_INFO, SERVICE_METRICS);
  const ofDestinations = new Group(DESTINATION_INFO, DESTINATION_METRICS);
  let destinations = 0;
  let count = 0;
  for (const service of services) {
    const labels = serviceLabels(service, nameOf);
    ofServices.add(labels, describeService(labels, service), sumsOf(service));
    destinations += service.destinations.length;
    if (++count % OBJECTS_PER_STEP === 0) yield;
    if (level === 'service') continue;
    for (const destination of service.destinations) {
      const own = { ...labels, destination: formatDestinationKey(destination) };
      ofDestinations.add(own, describeDestination(own, destination), destination);
      if (++count % OBJECTS_PER_STEP === 0) yield;
    }
  }
  const namespace = { stats, services: services.length, destinations };
  return [
    ...NAMESPACE_METRICS.map((metric) => single(metric, metric.value(namespace))),
    ...ofServices.columns,
    ...(level === 'service' ? [] : ofDestinations.columns),
  ];
}

/** Returns the labels that tell a service apart: its text differs for each key. */
function serviceLabels(service: Service, nameOf: MetricsSettings['nameOf']): Labels {
  const key = formatServiceKey(service);
  const name = nameOf(service);
  if (name === undefined || name === '') return { service: key };
  if (typeof name === 'string') return { service: key, name };
  const error = wrongType('options.name()', name, 'a string, and not undefined');
  describeInput(error, 'collect', key);
  throw error;
}

function describeService(labels: Labels, service: Service): Labels {
  const { family, scheduler } = service;
  if (service.fwmark !== undefined) {
    return { ...labels, fwmark: String(service.fwmark), family, scheduler };
  }
  const { protocol, address, port } = service;
  return { ...labels, protocol, address, port: String(port), family, scheduler };
}

function describeDestination(labels: Labels, destination: Destination): Labels {
  const { address, port, family, forwarding, tunnel } = destination;
  const described = { ...labels, address, port: String(port), family, forwarding };
  return tunnel === null ? described : { ...described, tunnel: tunnel.type };
}

/** Returns a service with sums over its destinations. */
function sumsOf({ stats, destinations }: ServiceWithDestinations): ServiceSource {
  const sums = {
    stats,
    active: 0,
    inactive: 0,
    persistent: 0,
    destinations: destinations.length,
    available: 0,
    weight: 0,
  };
  for (const {
    activeConnections,
    inactiveConnections,
    persistentConnections,
    weight,
  } of destinations) {
    sums.active += activeConnections;
    sums.inactive += inactiveConnections;
    sums.persistent += persistentConnections;
    sums.weight += weight;
    if (weight > 0) sums.available++;
  }
  return sums;
}
