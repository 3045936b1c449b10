/**
 * The columns of `ipvs top`.
 * @module
 */
import type { Numbers, Rates } from './rows.js';

/** A column with a number of each row. */
export interface Column {
  /** The title, which `--sort` takes in lower case. The rates are called as in ipvsadm. */
  readonly title: string;
  /** The meaning of the column, for the help. */
  readonly meaning: string;
  /** Returns the number of a row, or null if it is not known. */
  readonly valueOf: (row: Numbers) => number | null;
  /** The rank: in a narrow terminal, columns with a lower one are shown first. */
  readonly rank: number;
}

const rate =
  (name: keyof Rates): Column['valueOf'] =>
  ({ rates }) =>
    rates === null ? null : rates[name];

/** The columns in the order in which they are shown. */
export const COLUMNS: readonly Column[] = [
  { title: 'Weight', meaning: 'weight', valueOf: ({ weight }) => weight, rank: 8 },
  {
    title: 'Active',
    meaning: 'active connections',
    valueOf: ({ activeConnections }) => activeConnections,
    rank: 4,
  },
  {
    title: 'InAct',
    meaning: 'inactive connections',
    valueOf: ({ inactiveConnections }) => inactiveConnections,
    rank: 7,
  },
  { title: 'CPS', meaning: 'connections a second', valueOf: rate('connections'), rank: 1 },
  { title: 'InPPS', meaning: 'packets from clients', valueOf: rate('inPackets'), rank: 3 },
  { title: 'OutPPS', meaning: 'packets to clients', valueOf: rate('outPackets'), rank: 6 },
  { title: 'InBPS', meaning: 'bytes from clients', valueOf: rate('inBytes'), rank: 2 },
  { title: 'OutBPS', meaning: 'bytes to clients', valueOf: rate('outBytes'), rank: 5 },
];

/** The column by which rows are sorted: one of {@link COLUMNS}, or undefined for the name. */
export type SortColumn = Column | undefined;

/**
 * The columns that rows can be sorted by, as on the screen: the name (undefined), then the others.
 */
export const SORT_COLUMNS: readonly SortColumn[] = [undefined, ...COLUMNS];

/** Returns the word for a column in `--sort` and in the status line. */
export const sortName = (column: SortColumn): string => column?.title.toLowerCase() ?? 'name';

/** Returns the characters that a column takes: its title, or a number of five characters. */
export const widthOf = ({ title }: Column): number => Math.max(title.length, 5);

/**
 * Returns the columns that fit into `width` characters, each after a blank. The one by which rows
 * are sorted is always among them.
 */
export function fitColumns(width: number, sort: SortColumn): readonly Column[] {
  const rankOf = (column: Column) => (column === sort ? 0 : column.rank);
  const shown = new Set<Column>();
  let room = width;
  for (const column of COLUMNS.toSorted((a, b) => rankOf(a) - rankOf(b))) {
    room -= 1 + widthOf(column);
    if (room < 0) break;
    shown.add(column);
  }
  return COLUMNS.filter((column) => shown.has(column));
}
