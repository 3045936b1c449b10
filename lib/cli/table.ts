/**
 * Tables for people: columns of equal width.
 * @module
 */

/** A column of a table. */
export interface Column {
  readonly title: string;
  /** Numbers are aligned to the right. Default 'left'. */
  readonly align?: 'left' | 'right';
}

/**
 * Returns the lines of a table: the titles, and a line for each row. A row may have fewer cells
 * than there are columns.
 */
export function tableOf(
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
): string[] {
  const titles = columns.map(({ title }) => title);
  const widths = titles.map((title, index) =>
    rows.reduce((width, row) => Math.max(width, row[index]?.length ?? 0), title.length),
  );
  return [titles, ...rows].map((cells) => lineOf(columns, widths, cells));
}

function lineOf(
  columns: readonly Column[],
  widths: readonly number[],
  cells: readonly string[],
): string {
  const padded = columns.map(({ align }, index) => {
    const cell = cells[index] ?? '';
    const width = widths[index] ?? 0;
    return align === 'right' ? cell.padStart(width) : cell.padEnd(width);
  });
  return padded.join('  ').trimEnd();
}
