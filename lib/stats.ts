/**
 * Counters and rates.
 * @module
 */
import type { Layout } from './native.js';
import type { Records } from './records.js';

/**
 * Counters since creation or the last zeroing, and rates of the kernel's estimator (IPVS_SVC_ATTR_STATS64, IPVS_DEST_ATTR_STATS64;
 * `ipvsadm -L --stats --rate`). The kernel refreshes all of them every 2 seconds, so that they lag behind the traffic.
 * Numbers are exact up to 2^53.
 */
export interface Stats {
  /** Connections scheduled. */
  readonly connections: number;
  /** Packets from clients. */
  readonly inPackets: number;
  /** Packets to clients; 0 where replies do not pass the director. */
  readonly outPackets: number;
  /** Bytes from clients. */
  readonly inBytes: number;
  /** Bytes to clients. */
  readonly outBytes: number;
  /** Connections per second. */
  readonly connectionRate: number;
  /** Packets per second from clients. */
  readonly inPacketRate: number;
  /** Packets per second to clients. */
  readonly outPacketRate: number;
  /** Bytes per second from clients. */
  readonly inByteRate: number;
  /** Bytes per second to clients. */
  readonly outByteRate: number;
}

export function readStats(records: Records, base: number, layout: Layout): Stats {
  const { fields } = layout.stats;
  return {
    connections: records.number(base, fields.connections),
    inPackets: records.number(base, fields.inPackets),
    outPackets: records.number(base, fields.outPackets),
    inBytes: records.number(base, fields.inBytes),
    outBytes: records.number(base, fields.outBytes),
    connectionRate: records.number(base, fields.connectionRate),
    inPacketRate: records.number(base, fields.inPacketRate),
    outPacketRate: records.number(base, fields.outPacketRate),
    inByteRate: records.number(base, fields.inByteRate),
    outByteRate: records.number(base, fields.outByteRate),
  };
}
