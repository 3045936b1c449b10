/**
 * The metrics of node_exporter's collector `ipvs`, by its names and labels.
 * @module
 */
import type { Destination, ServiceWithDestinations } from '../index.js';
import { type Column, OBJECTS_PER_STEP, single } from './columns.js';
import { COUNTERS, define, type Metric } from './definitions.js';
import type { TableSource } from './table-metrics.js';
import type { Labels } from './types.js';

const BACKEND_LABELS = [
  'local_address',
  'local_mark',
  'local_port',
  'proto',
  'remote_address',
  'remote_port',
];

/** The counters of the network namespace. @internal */
const NODE_COUNTERS = COUNTERS.map(({ name, help, counter }) => ({
  ...define('counter', `node_ipvs_${name}`, `${help} of all services.`),
  counter,
}));

/** The gauges of destinations. @internal */
const NODE_BACKEND_METRICS: readonly Metric<Destination>[] = [
  {
    ...define(
      'gauge',
      'node_ipvs_backend_connections_active',
      'Active connections of the destination.',
      BACKEND_LABELS,
    ),
    value: ({ activeConnections }) => activeConnections,
  },
  {
    ...define(
      'gauge',
      'node_ipvs_backend_connections_inactive',
      'Inactive connections of the destination.',
      BACKEND_LABELS,
    ),
    value: ({ inactiveConnections }) => inactiveConnections,
  },
  {
    ...define('gauge', 'node_ipvs_backend_weight', 'Weight of the destination.', BACKEND_LABELS),
    value: ({ weight }) => weight,
  },
];

/** The labels of a series of destinations, and the sum of each gauge. */
interface Series {
  readonly labels: Labels;
  readonly sums: readonly number[];
}

/**
 * Returns the metrics of node_exporter, in steps of some destinations. As there, the destinations
 * of one firewall mark are summed over the families of the mark.
 */
export function* nodeColumns({ stats, services }: TableSource): Generator<void, Column[]> {
  const series = new Map<string, Series>();
  let count = 0;
  for (const service of services) {
    for (const destination of service.destinations) {
      const labels = backendLabels(service, destination);
      const key = Object.values(labels).join(' ');
      const sums = series.get(key)?.sums ?? [];
      const values = NODE_BACKEND_METRICS.map(({ value }) => value(destination) ?? 0);
      const added = values.map((value, index) => value + (sums[index] ?? 0));
      series.set(key, { labels, sums: added });
      if (++count % OBJECTS_PER_STEP === 0) yield;
    }
  }
  const all = [...series.values()];
  const rows = all.map(({ labels }) => labels);
  return [
    ...NODE_COUNTERS.map((metric) => single(metric, stats[metric.counter])),
    ...NODE_BACKEND_METRICS.map((metric, index) => ({
      metric,
      rows,
      values: all.map(({ sums }) => sums[index]),
    })),
  ];
}

function backendLabels(service: ServiceWithDestinations, destination: Destination): Labels {
  const { address, port } = destination;
  const isMark = service.fwmark !== undefined;
  return {
    local_address: isMark ? '' : service.address,
    local_mark: isMark ? service.fwmark.toString(16).toUpperCase().padStart(8, '0') : '',
    local_port: String(isMark ? 0 : service.port),
    proto: isMark ? 'FWM' : service.protocol.toUpperCase(),
    remote_address: address,
    remote_port: String(port),
  };
}
