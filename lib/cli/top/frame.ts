/**
 * The frames of `ipvs top`: the lines of the screen.
 * @module
 */
import { type Column, fitColumns, sortName, widthOf } from './columns.js';
import {
  cells,
  describeSize,
  indented,
  NAME_TITLE,
  nameWidth,
  TOTAL_NAME,
  titles,
} from './lines.js';
import type { Listing } from './listing.js';
import { methodOf, type Numbers, nameOf, type Row, type ServiceRow, totalOf } from './rows.js';
import { isExpanded, type View } from './view.js';

/** The size of a terminal, in characters. */
export interface Size {
  readonly columns: number;
  readonly rows: number;
}

/** The style of a line. */
export type Style =
  | 'plain'
  /** The titles of the columns. */
  | 'title'
  | 'service'
  /** A destination of weight 0. */
  | 'drained'
  /** The row under the cursor. */
  | 'cursor';

/** A line of the screen. Its text has ASCII characters only, and fits into the screen. */
export interface Line {
  readonly text: string;
  readonly style: Style;
}

/** A sample of the table, as frames show it. */
export interface Content {
  readonly services: readonly ServiceRow[];
  readonly total: Numbers;
  /** The width of the longest name. */
  readonly nameWidth: number;
  /** The time of the sample: '19:05:12'. */
  readonly time: string;
}

/** Returns the content of frames. */
export function contentOf(services: readonly ServiceRow[], time: string): Content {
  return { services, total: totalOf(services), nameWidth: nameWidth(services), time };
}

/** The lines that are not rows: status, titles and total above, help below. */
const FIXED_LINES = 4;

/** Returns the number of rows that fit into a screen. */
export const rowsIn = ({ rows }: Size): number => Math.max(rows - FIXED_LINES, 1);

const HELP = 'q quit  / filter  < > sort  r reverse  Enter expand  a all  p pause';

/**
 * Returns the lines of a frame, which fill the screen. Only the rows on the screen are formatted.
 * @param view fits the listing and the screen: see fitView
 * @param notes texts for the status line
 */
export function frameOf(
  content: Content,
  listing: Listing,
  view: View,
  size: Size,
  notes: readonly string[],
): readonly Line[] {
  const { columns: width } = size;
  const line = (text: string, style: Style = 'plain'): Line => ({
    text: (isBar(style) ? text.padEnd(width) : text.trimEnd()).slice(0, width),
    style,
  });
  const isOpen = (service: string) => isExpanded(view, service);
  const columns = fitColumns(width - content.nameWidth, view.sort);
  const room = width - columns.reduce((sum, column) => sum + 1 + widthOf(column), 0);
  const shown = listing.rows(isOpen, view.top, rowsIn(size));
  const rows = shown.map((row, index) =>
    line(
      rowText(row, columns, room, isOpen),
      view.top + index === view.cursor ? 'cursor' : styleOf(row),
    ),
  );
  const lines = [
    line(statusText(content, view, notes)),
    line(NAME_TITLE.padEnd(room).slice(0, room) + titles(columns), 'title'),
    line(TOTAL_NAME.padEnd(room).slice(0, room) + cells(columns, content.total)),
    ...(rows.length === 0 ? [line(emptyText(content))] : rows),
  ];
  while (lines.length < size.rows - 1) lines.push(line(''));
  lines.push(line(lastText(listing.count(isOpen), view, size)));
  return lines.slice(0, size.rows);
}

const isBar = (style: Style) => style === 'title' || style === 'cursor';

function styleOf(row: Row): Style {
  if (row.kind === 'service') return 'service';
  return row.weight === 0 ? 'drained' : 'plain';
}

/** Returns the text of a row, whose name takes `room` characters. */
function rowText(
  row: Row,
  columns: readonly Column[],
  room: number,
  isOpen: (service: string) => boolean,
): string {
  const sign = row.kind === 'destination' || row.destinations.length === 0 ? ' ' : undefined;
  const name = indented(row, nameOf(row), sign ?? (isOpen(nameOf(row)) ? '-' : '+'));
  const method = ` ${printable(methodOf(row))}`;
  const text = name.length + method.length <= room ? name + method : name;
  return cut(text, room).padEnd(room) + cells(columns, row);
}

const cut = (text: string, room: number) =>
  text.length <= room ? text : `${text.slice(0, Math.max(room - 1, 0))}~`;

/** Returns text without characters that a terminal could execute. */
const printable = (text: string): string => text.replace(/[^ -~]/g, '?');

function statusText(content: Content, view: View, notes: readonly string[]): string {
  const order = `by ${sortName(view.sort)}${view.reversed ? ', reversed' : ''}`;
  const paused = view.isPaused ? ['PAUSED'] : [];
  const facts = [...paused, describeSize(content.services), order, ...notes.map(printable)];
  return ['ipvs top', content.time, ...facts].join('  ');
}

function emptyText({ services }: Content): string {
  return services.length === 0 ? '  No services.' : '  No service or destination matches.';
}

/** Returns the last line: the filter if there is one, else the keys; and the place in the list. */
function lastText(count: number, view: View, size: Size): string {
  if (view.isTyping) return `Filter: ${view.filter}_  (Enter keep  Escape clear)`;
  const text = view.filter === '' ? HELP : `Filter: ${view.filter}  (/ change  Escape clear)`;
  if (count <= rowsIn(size)) return text;
  const place = `${view.top + 1}-${Math.min(view.top + rowsIn(size), count)}/${count}`;
  const blanks = size.columns - text.length - place.length;
  return blanks < 1 ? text : text + ' '.repeat(blanks) + place;
}
