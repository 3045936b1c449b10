/**
 * The definition of a metric, and the counters that the kernel has of everything.
 * @module
 */
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

/** The counters that the kernel has of everything. @internal */
export const COUNTERS = [
  { name: 'connections', help: 'New connections', counter: 'connections' },
  { name: 'incoming_packets', help: 'Packets from clients', counter: 'inPackets' },
  { name: 'outgoing_packets', help: 'Packets to clients', counter: 'outPackets' },
  { name: 'incoming_bytes', help: 'Bytes from clients', counter: 'inBytes' },
  { name: 'outgoing_bytes', help: 'Bytes to clients', counter: 'outBytes' },
] as const;
