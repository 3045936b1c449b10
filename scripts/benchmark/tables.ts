/**
 * The figures as tables: in plain text for terminals, in Markdown for the documents.
 * @module
 */
import { byTopic, digits, goals, median, named, ratio } from './figures.js';
import type { KernelReport, Measurement } from './model.js';

interface Table {
  readonly title: string;
  readonly head: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

const WHO = { ours: 'ipvs', floor: 'floor', peer: 'instead' } as const;
const times = (value: number | null) => (value === null ? '' : `${digits(value)} ×`);

function row(report: KernelReport, one: Measurement): string[] {
  const { microseconds: figures, cold } = one;
  return [
    one.name,
    WHO[one.party],
    named(one.size),
    one.operations.toLocaleString('en-US'),
    digits(median(figures)),
    `${digits(Math.min(...figures))} – ${digits(Math.max(...figures))}`,
    `${figures.length}`,
    times(ratio(report, one)),
    cold.length === 0 ? '' : digits(median(cold)),
  ];
}

const HEAD = [
  '',
  'who',
  'size',
  'operations',
  'µs each',
  'from – to',
  'rounds',
  'floor',
  'cold µs',
];

function tablesOf(report: KernelReport): Table[] {
  const measured = byTopic(report).map(([title, measurements]) => ({
    title,
    head: HEAD,
    rows: measurements.map((one) => row(report, one)),
  }));
  const probed = {
    title: 'What is no time for each operation',
    head: ['', 'median', 'from – to', 'rounds'],
    rows: report.probes.map(({ name, unit, values }) => [
      name,
      `${digits(median(values))} ${unit}`,
      `${digits(Math.min(...values))} – ${digits(Math.max(...values))}`,
      `${values.length}`,
    ]),
  };
  const reached = {
    title: 'To reach',
    head: ['', 'is', 'at most', 'reached'],
    rows: goals(report).map(({ text, value, unit, limit }) => [
      text,
      `${digits(value)} ${unit}`,
      `${limit} ${unit}`,
      value <= limit ? 'yes' : 'no',
    ]),
  };
  return [...measured, probed, reached].filter(({ rows }) => rows.length > 0);
}

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

export const asText = (report: KernelReport) => tablesOf(report).map(text).join('\n');
export const asMarkdown = (report: KernelReport) => tablesOf(report).map(markdown).join('\n');
