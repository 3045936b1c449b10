/**
 * Formats tables: plain text for terminals, Markdown for the documents.
 * @module
 */
import { digits } from './summary.js';

/** A table. Its first column has names, the others numbers. */
export interface Table {
  readonly title: string;
  readonly head: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

/** A measured value with a goal. */
export interface Goal {
  readonly text: string;
  readonly value: number;
  readonly unit: string;
  readonly limit: number;
}

export const goalTable = (goals: readonly Goal[]): Table => ({
  title: 'Goals',
  head: ['', 'measured', 'at most', 'reached'],
  rows: goals.map(({ text, value, unit, limit }) => [
    text,
    `${digits(value)} ${unit}`,
    `${limit} ${unit}`,
    value <= limit ? 'yes' : 'no',
  ]),
});

function text({ title, head, rows }: Table): string {
  const widths = head.map((_, column) =>
    Math.max(...[head, ...rows].map((each) => (each[column] ?? '').length)),
  );
  const lines = [head, ...rows].map((cells) =>
    widths
      .map((width, i) =>
        i === 0 ? (cells[i] ?? '').padEnd(width) : (cells[i] ?? '').padStart(width),
      )
      .join('  ')
      .trimEnd(),
  );
  return `${title}\n${lines.map((line) => `  ${line}\n`).join('')}`;
}

function markdown({ title, head, rows }: Table): string {
  const rule = head.map((_, column) => (column === 0 ? '---' : '---:'));
  const lines = [head, rule, ...rows].map((cells) => `| ${cells.join(' | ')} |\n`);
  return `#### ${title}\n\n${lines.join('')}`;
}

export const asText = (tables: readonly Table[]) => tables.map(text).join('\n');
export const asMarkdown = (tables: readonly Table[]) => tables.map(markdown).join('\n');
