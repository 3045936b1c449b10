/**
 * Formats a report as tables: plain text for terminals, Markdown for the documents.
 * @module
 */
import type { KernelReport, Measurement } from './measurements.js';
import { byTopic, digits, goals, median, ratio, sizeText } from './summary.js';

interface Table {
  readonly title: string;
  readonly head: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

const times = (value: number | null) => (value === null ? '' : `${digits(value)} ×`);

function row(report: KernelReport, measurement: Measurement): string[] {
  const { name, implementation, size, operations, microseconds: figures, cold } = measurement;
  return [
    name,
    implementation,
    sizeText(size),
    operations.toLocaleString('en-US'),
    digits(median(figures)),
    `${digits(Math.min(...figures))} – ${digits(Math.max(...figures))}`,
    `${figures.length}`,
    times(ratio(report, measurement)),
    cold.length === 0 ? '' : digits(median(cold)),
  ];
}

const HEAD = [
  '',
  'implementation',
  'size',
  'operations',
  'µs',
  'min – max',
  'rounds',
  'ratio',
  'cold µs',
];

function tablesOf(report: KernelReport): Table[] {
  const measured = byTopic(report).map(([title, measurements]) => ({
    title,
    head: HEAD,
    rows: measurements.map((measurement) => row(report, measurement)),
  }));
  const footprint = {
    title: 'Footprint',
    head: ['', 'median', 'min – max', 'rounds'],
    rows: report.footprint.map(({ name, unit, values }) => [
      name,
      `${digits(median(values))} ${unit}`,
      `${digits(Math.min(...values))} – ${digits(Math.max(...values))}`,
      `${values.length}`,
    ]),
  };
  const reached = {
    title: 'Goals',
    head: ['', 'measured', 'at most', 'reached'],
    rows: goals(report).map(({ text, value, unit, limit }) => [
      text,
      `${digits(value)} ${unit}`,
      `${limit} ${unit}`,
      value <= limit ? 'yes' : 'no',
    ]),
  };
  return [...measured, footprint, reached].filter(({ rows }) => rows.length > 0);
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
