/**
 * Counters and rates.
 * @module
 */
import { checkBoolean, readOptions } from '../core/check.js';
import type { Field } from '../native/addon.js';
import { layout } from '../native/layout.js';
import type { Records } from '../native/records.js';

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
 * while its parameter run_estimation is 0: see {@link Info.estimation}.
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

/** Decodes a counter: as a number, or as a BigInt. @internal */
export type DecodeCounter<Value extends Counter> = (
  records: Records,
  base: number,
  field: Field,
) => Value;
/** @internal */
export const asNumber: DecodeCounter<number> = (records, base, field) => records.u64(base, field);
/** @internal */
export const asBigint: DecodeCounter<bigint> = (records, base, field) =>
  records.bigint(base, field);

/** Decodes the counters and rates at `base`. @internal */
export function decodeStats<Value extends Counter>(
  records: Records,
  base: number,
  decode: DecodeCounter<Value>,
): Stats<Value> {
  return {
    connections: decode(records, base, fields.connections),
    inPackets: decode(records, base, fields.inPackets),
    outPackets: decode(records, base, fields.outPackets),
    inBytes: decode(records, base, fields.inBytes),
    outBytes: decode(records, base, fields.outBytes),
    connectionRate: decode(records, base, fields.connectionRate),
    inPacketRate: decode(records, base, fields.inPacketRate),
    outPacketRate: decode(records, base, fields.outPacketRate),
    inByteRate: decode(records, base, fields.inByteRate),
    outByteRate: decode(records, base, fields.outByteRate),
  };
}
