/**
 * The tables of the measurements on a kernel.
 * @module
 */
import type { KernelReport, Measurement } from './measurements.js';
import { byTopic, digits, goals, median, ratio, sizeText } from './summary.js';
import { goalTable, type Table } from './tables.js';

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
    times(ratio(report, measurement, 'cold')),
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
  'cold ratio',
];

/** Returns the tables of the measurements on a kernel. */
export function kernelTables(report: KernelReport): Table[] {
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
  const reached = goalTable(goals(report));
  return [...measured, footprint, reached].filter(({ rows }) => rows.length > 0);
}
