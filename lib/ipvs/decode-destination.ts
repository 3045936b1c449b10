/**
 * Destinations in records of the kernel: how they are decoded.
 *
 * A long list is mostly read once, before V8 compiles the code: what is called for each destination
 * takes few steps, and reads numbers at constant places.
 * @module
 */
import { AF_INET6, formatAddress } from '../core/address.js';
import { layout } from '../native/layout.js';
import { type Records, u16Place, u32Place } from '../native/records.js';
import type { Destination } from './destination.js';
import { forwardings } from './names.js';
import type { Counter, DecodeStats, Stats } from './stats.js';
import { decodeTunnel } from './tunnel.js';

const { destination: record, destinationEntry: entry } = layout;
const { fields } = record;
const ADDRESS = fields.address.offset;
const FAMILY = u16Place(fields.family);
const PORT = u16Place(fields.port);
const FORWARDING = u32Place(fields.forwarding);
const WEIGHT = u32Place(fields.weight);
const UPPER_THRESHOLD = u32Place(fields.upperThreshold);
const LOWER_THRESHOLD = u32Place(fields.lowerThreshold);
const { tunnel: TUNNEL } = layout.forwardings;
const TUNNEL_TYPE = u16Place(fields.tunnelType);
const TUNNEL_PORT = u16Place(fields.tunnelPort);
const TUNNEL_FLAGS = u16Place(fields.tunnelFlags);

const DESTINATION = entry.fields.destination.offset;
const STATS = entry.fields.stats.offset;
// Relative to the destination, as all other places.
const place = (field: { readonly offset: number }) => (field.offset - DESTINATION) >> 2;
const ACTIVE_CONNECTIONS = place(entry.fields.activeConnections);
const INACTIVE_CONNECTIONS = place(entry.fields.inactiveConnections);
const PERSISTENT_CONNECTIONS = place(entry.fields.persistentConnections);

/**
 * Decodes the destination of the DestinationEntry at `base`.
 * @param decodeStats decodes counters: as numbers, or as BigInts
 * @internal
 */
export function decodeDestinationEntry<Value extends Counter>(
  records: Records,
  base: number,
  decodeStats: DecodeStats<Value>,
): Destination<Value> {
  return decodeDestination(records, base + DESTINATION, decodeStats(records, base + STATS), true);
}

/**
 * Decodes the destination at `base`.
 * @param isEntry true if the destination belongs to a DestinationEntry, which has its connection
 *   counts. Default: they are 0
 * @internal
 */
export function decodeDestination<Value extends Counter>(
  records: Records,
  base: number,
  stats: Stats<Value>,
  isEntry = false,
): Destination<Value> {
  const { u16s, u32s } = records;
  const u16Base = base >> 1;
  const u32Base = base >> 2;
  const family = u16s[u16Base + FAMILY] ?? 0;
  const forwarding = u32s[u32Base + FORWARDING] ?? 0;
  const hasTunnel =
    forwarding === TUNNEL ||
    u16s[u16Base + TUNNEL_TYPE] !== 0 ||
    u16s[u16Base + TUNNEL_PORT] !== 0 ||
    u16s[u16Base + TUNNEL_FLAGS] !== 0;
  return {
    address: formatAddress(records.bytes, base + ADDRESS, family),
    port: u16s[u16Base + PORT] ?? 0,
    family: family === AF_INET6 ? 'ipv6' : 'ipv4',
    forwarding: forwardings.name(forwarding),
    weight: u32s[u32Base + WEIGHT] ?? 0,
    upperThreshold: u32s[u32Base + UPPER_THRESHOLD] ?? 0,
    lowerThreshold: u32s[u32Base + LOWER_THRESHOLD] ?? 0,
    tunnel: hasTunnel ? decodeTunnel(records, base) : null,
    activeConnections: isEntry ? (u32s[u32Base + ACTIVE_CONNECTIONS] ?? 0) : 0,
    inactiveConnections: isEntry ? (u32s[u32Base + INACTIVE_CONNECTIONS] ?? 0) : 0,
    persistentConnections: isEntry ? (u32s[u32Base + PERSISTENT_CONNECTIONS] ?? 0) : 0,
    stats,
  };
}
