/**
 * Counting connections, in all or grouped by columns.
 * @module
 */
import { readArray, readOptions } from '../core/check.js';
import { wrongValue } from '../core/input-errors.js';
import type { ServiceKey } from '../ipvs/canonical.js';
import { protocols } from '../ipvs/names.js';
import type { NativeCounts } from '../native/addon.js';
import { layout } from '../native/layout.js';
import { Records } from '../native/records.js';
import { decodeConnection } from './decode.js';
import { type ConnectionFilter, type EncodedFilter, encodeFilter, FILTER_KEYS } from './filter.js';
import type { Connection, ConnectionProtocol, ConnectionState, Endpoint } from './types.js';

/** A column by which connections can be grouped. */
export type CountBy = 'service' | 'destination' | 'state' | 'protocol';

/** Options of counting. */
export interface CountOptions<By extends readonly CountBy[] = readonly CountBy[]>
  extends ConnectionFilter {
  /** The columns by which connections are grouped. Default none: one number for all. */
  readonly by?: By | undefined;
}

/** The columns by which connections are grouped. */
export interface CountColumns {
  /**
   * With 'service': the address and port that the clients send to; for templates of a firewall
   * mark, the mark. It can be passed wherever a service is expected. In a filter, port 0 is every
   * port.
   */
  readonly service: ServiceKey;
  /**
   * With 'destination': the real server. It can be passed wherever a destination is expected. In a
   * filter, port 0 is every port.
   */
  readonly destination: Endpoint;
  /** With 'state'. */
  readonly state: ConnectionState;
  /** With 'protocol'. */
  readonly protocol: ConnectionProtocol;
}

/** True if the compiler knows each column of a tuple. */
type AreKnown<By extends readonly CountBy[]> = By extends readonly [
  infer First,
  ...infer Rest extends readonly CountBy[],
]
  ? IsOne<First> extends true
    ? AreKnown<Rest>
    : false
  : By extends readonly []
    ? true
    : false;

/** True for a type that is no union of several. */
type IsOne<Type, Each = Type> = (Each extends Type ? ([Type] extends [Each] ? 0 : 1) : 1) extends 0
  ? true
  : false;

/** The columns of a grouping; for one of several groupings, those of one of them. */
type ColumnsOf<By extends readonly CountBy[]> = By extends readonly CountBy[]
  ? AreKnown<By> extends true
    ? Pick<CountColumns, By[number]>
    : Partial<CountColumns>
  : never;

/**
 * The number of connections that have the same values in the columns of the option `by`. It has
 * those columns; where the compiler does not know them, all are optional.
 */
export type ConnectionCount<By extends readonly CountBy[] = readonly CountBy[]> = {
  /** Connections and templates, without those that the kernel has invalidated. */
  readonly count: number;
} & ColumnsOf<By>;

const KEYS = new Set([...FILTER_KEYS, 'by'] as const);
const COLUMNS: readonly CountBy[] = ['service', 'destination', 'state', 'protocol'];

/** Checks the options of counting. @internal */
export function checkCountOptions(options: unknown): {
  readonly filter: EncodedFilter;
  readonly by: ReadonlySet<CountBy>;
} {
  const { by, ...filter } = readOptions(options, KEYS);
  return { filter: encodeFilter(filter), by: checkColumns('options.by', by) };
}

function checkColumns(property: string, value: unknown): ReadonlySet<CountBy> {
  if (value === undefined) return new Set();
  const rule = `an array of ${COLUMNS.join(', ')}`;
  const columns = readArray(property, value, rule, (column) => {
    const known = COLUMNS.find((each) => each === column);
    if (known === undefined) throw wrongValue(property, value, `is not ${rule}`);
    return known;
  });
  return new Set(columns);
}

/** Returns the columns as the addon's bit mask. @internal */
export function countMask(by: ReadonlySet<CountBy>): number {
  let mask = 0;
  for (const column of by) mask |= layout.countBy[column];
  return mask;
}

/** Decodes the counts of the addon, with the columns of `by`. @internal */
export function decodeCounts(native: NativeCounts, by: ReadonlySet<CountBy>): ConnectionCount[] {
  const records = new Records(native.counts);
  const { size, fields } = layout.connectionCount;
  const counts: ConnectionCount[] = [];
  for (let base = 0; base < native.counts.byteLength; base += size) {
    const group = base + fields.group.offset;
    const connection = decodeConnection(records, group, native.texts);
    const { protocol, destination, state } = connection;
    counts.push({
      count: records.number(base, fields.count),
      ...(by.has('service') ? { service: decodeService(records, group, connection) } : {}),
      ...(by.has('destination') ? { destination } : {}),
      ...(by.has('state') ? { state } : {}),
      ...(by.has('protocol') ? { protocol } : {}),
    });
  }
  // An empty table has no groups. Without columns, it still has a count.
  return counts.length === 0 && by.size === 0 ? [{ count: 0 }] : counts;
}

/** The service of a group, as a reference. */
function decodeService(
  records: Records,
  base: number,
  { fwmark, family, virtual }: Connection,
): ServiceKey {
  if (fwmark !== null) return { fwmark, family };
  const number = records.number(base, layout.connection.fields.protocol);
  return { protocol: protocols.name(number), ...virtual };
}
