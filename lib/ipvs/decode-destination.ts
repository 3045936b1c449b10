/**
 * Destinations in records of the kernel: how they are decoded.
 * @module
 */
import { AF_INET6, formatAddress } from '../core/address.js';
import { layout } from '../native/layout.js';
import type { Records } from '../native/records.js';
import type { Destination } from './destination.js';
import { forwardings } from './names.js';
import { type Counter, type DecodeCounter, decodeStats, type Stats } from './stats.js';
import { decodeTunnel } from './tunnel.js';

const { fields } = layout.destination;

/**
 * Decodes the destination of the DestinationEntry at `base`.
 * @param decode decodes a counter: as a number, or as a BigInt
 * @internal
 */
export function decodeDestinationEntry<Value extends Counter>(
  records: Records,
  base: number,
  decode: DecodeCounter<Value>,
): Destination<Value> {
  const entry = layout.destinationEntry.fields;
  const stats = decodeStats(records, base + entry.stats.offset, decode);
  return decodeDestination(records, base + entry.destination.offset, stats, base);
}

/**
 * Decodes the destination at `base`.
 * @param entry the base of the DestinationEntry that has its connection counts. They are not passed
 *   as an object, since a list would allocate one for each row. Default: they are 0
 * @internal
 */
export function decodeDestination<Value extends Counter>(
  records: Records,
  base: number,
  stats: Stats<Value>,
  entry?: number,
): Destination<Value> {
  const family = records.u16(base, fields.family);
  const forwarding = forwardings.name(records.u32(base, fields.forwarding));
  const counts = layout.destinationEntry.fields;
  return {
    address: formatAddress(records.bytes, base + fields.address.offset, family),
    port: records.u16(base, fields.port),
    family: family === AF_INET6 ? 'ipv6' : 'ipv4',
    forwarding,
    weight: records.u32(base, fields.weight),
    upperThreshold: records.u32(base, fields.upperThreshold),
    lowerThreshold: records.u32(base, fields.lowerThreshold),
    tunnel: decodeTunnel(records, base, forwarding === 'tunnel'),
    activeConnections: entry === undefined ? 0 : records.u32(entry, counts.activeConnections),
    inactiveConnections: entry === undefined ? 0 : records.u32(entry, counts.inactiveConnections),
    persistentConnections:
      entry === undefined ? 0 : records.u32(entry, counts.persistentConnections),
    stats,
  };
}
