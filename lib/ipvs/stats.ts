/**
 * Counters and rates.
 * @module
 */
import { checkBoolean, readOptions } from '../core/check.js';
import { layout } from '../native/layout.js';
import { HIGH, LOW, type Records, u32Place } from '../native/records.js';

/** The type of counters and rates: numbers, exact up to 2^53, or BigInts. */
export type Counter = number | bigint;

/** Options of operations that return counters. */
export interface ReadOptions {
  /**
   * True: counters and rates are BigInts, exact beyond 2^53, as in node:fs. Default false.
   */
  readonly bigint?: boolean | undefined;
}

/** Options that ask for BigInts. */
export type BigintOptions = ReadOptions & { readonly bigint: true };

/** Options that ask for numbers. */
export type NumberOptions = ReadOptions & { readonly bigint?: false | undefined };

/**
 * Counters since creation or the last zeroing, and rates of the kernel's estimator
 * (IPVS_SVC_ATTR_STATS64, IPVS_DEST_ATTR_STATS64; `ipvsadm -L --stats --rate`). The kernel
 * refreshes all of them every 2 seconds, so they lag behind the traffic. It does not refresh them
 * while its parameter run_estimation is 0: see {@link Info.estimation}. A destination that is added
 * to the same service again while the kernel still has it, keeps its counters: for two minutes from
 * its deletion, and longer while connections use it.
 */
export interface Stats<Value extends Counter = number> {
  /** Connections scheduled. */
  readonly connections: Value;
  /** Packets from clients. */
  readonly inPackets: Value;
  /** Packets to clients; 0 where replies do not pass the director. */
  readonly outPackets: Value;
  /** Bytes from clients. */
  readonly inBytes: Value;
  /** Bytes to clients. */
  readonly outBytes: Value;
  /** Connections per second. */
  readonly connectionRate: Value;
  /** Packets per second from clients. */
  readonly inPacketRate: Value;
  /** Packets per second to clients. */
  readonly outPacketRate: Value;
  /** Bytes per second from clients. */
  readonly inByteRate: Value;
  /** Bytes per second to clients. */
  readonly outByteRate: Value;
}

const { fields } = layout.stats;
const KEYS = new Set(['bigint'] as const);

/** Checks the options of an operation that returns counters. True: as BigInts. @internal */
export function checkReadOptions(options: unknown): boolean {
  const { bigint } = readOptions(options, KEYS);
  return bigint !== undefined && checkBoolean('options.bigint', bigint);
}

/** Decodes the counters and rates at `base`: as numbers, or as BigInts. @internal */
export type DecodeStats<Value extends Counter> = (records: Records, base: number) => Stats<Value>;

/** The places of the counters and rates, which are u64s, among numbers of 32 bits. */
const CONNECTIONS = u32Place(fields.connections);
const IN_PACKETS = u32Place(fields.inPackets);
const OUT_PACKETS = u32Place(fields.outPackets);
const IN_BYTES = u32Place(fields.inBytes);
const OUT_BYTES = u32Place(fields.outBytes);
const CONNECTION_RATE = u32Place(fields.connectionRate);
const IN_PACKET_RATE = u32Place(fields.inPacketRate);
const OUT_PACKET_RATE = u32Place(fields.outPacketRate);
const IN_BYTE_RATE = u32Place(fields.inByteRate);
const OUT_BYTE_RATE = u32Place(fields.outByteRate);

/** @internal */
export const asNumber: DecodeStats<number> = (records, base) => {
  const { u32s } = records;
  const low = (base >> 2) + LOW;
  const high = (base >> 2) + HIGH;
  const isNarrow =
    ((u32s[high + CONNECTIONS] ?? 0) |
      (u32s[high + IN_PACKETS] ?? 0) |
      (u32s[high + OUT_PACKETS] ?? 0) |
      (u32s[high + IN_BYTES] ?? 0) |
      (u32s[high + OUT_BYTES] ?? 0) |
      (u32s[high + CONNECTION_RATE] ?? 0) |
      (u32s[high + IN_PACKET_RATE] ?? 0) |
      (u32s[high + OUT_PACKET_RATE] ?? 0) |
      (u32s[high + IN_BYTE_RATE] ?? 0) |
      (u32s[high + OUT_BYTE_RATE] ?? 0)) ===
    0;
  if (isNarrow) {
    return {
      connections: u32s[low + CONNECTIONS] ?? 0,
      inPackets: u32s[low + IN_PACKETS] ?? 0,
      outPackets: u32s[low + OUT_PACKETS] ?? 0,
      inBytes: u32s[low + IN_BYTES] ?? 0,
      outBytes: u32s[low + OUT_BYTES] ?? 0,
      connectionRate: u32s[low + CONNECTION_RATE] ?? 0,
      inPacketRate: u32s[low + IN_PACKET_RATE] ?? 0,
      outPacketRate: u32s[low + OUT_PACKET_RATE] ?? 0,
      inByteRate: u32s[low + IN_BYTE_RATE] ?? 0,
      outByteRate: u32s[low + OUT_BYTE_RATE] ?? 0,
    };
  }
  return {
    connections: records.u64(base, fields.connections),
    inPackets: records.u64(base, fields.inPackets),
    outPackets: records.u64(base, fields.outPackets),
    inBytes: records.u64(base, fields.inBytes),
    outBytes: records.u64(base, fields.outBytes),
    connectionRate: records.u64(base, fields.connectionRate),
    inPacketRate: records.u64(base, fields.inPacketRate),
    outPacketRate: records.u64(base, fields.outPacketRate),
    inByteRate: records.u64(base, fields.inByteRate),
    outByteRate: records.u64(base, fields.outByteRate),
  };
};

/** @internal */
export const asBigint: DecodeStats<bigint> = (records, base) => ({
  connections: records.bigint(base, fields.connections),
  inPackets: records.bigint(base, fields.inPackets),
  outPackets: records.bigint(base, fields.outPackets),
  inBytes: records.bigint(base, fields.inBytes),
  outBytes: records.bigint(base, fields.outBytes),
  connectionRate: records.bigint(base, fields.connectionRate),
  inPacketRate: records.bigint(base, fields.inPacketRate),
  outPacketRate: records.bigint(base, fields.outPacketRate),
  inByteRate: records.bigint(base, fields.inByteRate),
  outByteRate: records.bigint(base, fields.outByteRate),
});
