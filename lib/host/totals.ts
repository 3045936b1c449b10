/**
 * The totals of a network namespace: counters and rates of all its services.
 * @module
 */
import { constants } from 'node:os';
import { IpvsError } from '../core/errors.js';
import { type Counter, checkReadOptions, type ReadOptions, type Stats } from '../ipvs/stats.js';
import type { StatsField } from '../native/addon.js';
import { missingTableError, NET_FILE, TOTALS_FILE } from '../native/missing-files.js';
import { fileError } from '../native/native-errors.js';
import { type FileRoutine, readFiles } from '../queue/routine.js';

/** The two rows of hexadecimal numbers in the file: the counters and the rates. */
const FIELDS: readonly (readonly StatsField[])[] = [
  ['connections', 'inPackets', 'outPackets', 'inBytes', 'outBytes'],
  ['connectionRate', 'inPacketRate', 'outPacketRate', 'inByteRate', 'outByteRate'],
];

/** Returns the totals in the text of {@link TOTALS_FILE}; undefined if it is another text. */
export function parseTotals<Value extends Counter>(
  text: string,
  convert: (value: bigint) => Value,
): Stats<Value> | undefined {
  const rows = text
    .split('\n')
    .map((line) => line.trim().split(/\s+/))
    .filter((words) => words.length === 5 && words.every((word) => /^[\dA-F]+$/i.test(word)));
  if (rows.length !== FIELDS.length) return undefined;
  const stats: Partial<Record<StatsField, Value>> = {};
  FIELDS.forEach((names, row) => {
    names.forEach((name, column) => {
      stats[name] = convert(BigInt(`0x${rows[row]?.[column]}`));
    });
  });
  // Both rows were complete, so every field has its value.
  return stats as Stats<Value>;
}

/** Reads the totals for getStats(). */
export function* readTotals(options: ReadOptions | undefined): FileRoutine<Stats<Counter>> {
  const bigint = checkReadOptions(options);
  const [text = 0] = yield* readFiles([TOTALS_FILE]);
  if (text === constants.errno.ENOENT) {
    const [net] = yield* readFiles([NET_FILE]);
    throw missingTableError('getStats', TOTALS_FILE, net);
  }
  if (typeof text === 'number') throw fileError('getStats', TOTALS_FILE, text);
  const stats = bigint ? parseTotals(text, BigInt) : parseTotals(text, Number);
  if (stats !== undefined) return stats;
  throw new IpvsError(`getStats: ${TOTALS_FILE} is not what it was on known kernels`, {
    code: 'EBADMSG',
    operation: 'getStats',
  });
}
