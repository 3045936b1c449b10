/**
 * Computes what a report states about its measurements: medians, ratios, and goals.
 * @module
 */
import { limits, topics } from './cases.js';
import type { KernelReport, Measurement, Size } from './measurements.js';
import type { Goal } from './tables.js';

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const [low, high] = [sorted[middle - 1], sorted[middle]];
  if (high === undefined) return Number.NaN;
  return sorted.length % 2 === 0 && low !== undefined ? (low + high) / 2 : high;
}

/** Formats a value with three significant digits: measurements are not more precise. */
export function digits(value: number): string {
  if (value >= 1000) return Math.round(value).toLocaleString('en-US');
  return value >= 100 ? value.toFixed(0) : value.toFixed(value >= 10 ? 1 : 2);
}

export const sizeText = ({ services, destinations }: Size) =>
  destinations === 0
    ? services.toLocaleString('en-US')
    : `${services.toLocaleString('en-US')} × ${destinations}`;

const sameSize = (a: Size, b: Size) =>
  a.services === b.services && a.destinations === b.destinations;

/**
 * Finds the measurement to compare with: at the same size, or at the first size if the baseline was
 * not measured at the same.
 */
function baselineOf(
  report: KernelReport,
  { baseline, size }: Measurement,
): Measurement | undefined {
  const candidates = report.measurements.filter(({ name }) => name === baseline);
  return candidates.find((each) => sameSize(each.size, size)) ?? candidates[0];
}

/** Returns the time per operation as a multiple of the baseline's. */
export function ratio(
  report: KernelReport,
  measurement: Measurement,
  which: 'microseconds' | 'cold' = 'microseconds',
): number | null {
  const baseline = baselineOf(report, measurement);
  return baseline === undefined || measurement[which].length === 0
    ? null
    : median(measurement[which]) / median(baseline.microseconds);
}

export function byTopic(report: KernelReport): [title: string, rows: Measurement[]][] {
  return Object.entries(topics)
    .map(([topic, title]): [string, Measurement[]] => [
      title,
      report.measurements.filter((measurement) => measurement.topic === topic),
    ])
    .filter(([, rows]) => rows.length > 0);
}

/** Returns the goals of the library on a kernel, and what was measured. */
export function goals(report: KernelReport): Goal[] {
  const ratios = Object.entries(limits).flatMap(([name, { warm, cold }]) => {
    const measurement = report.measurements.find((each) => each.name === name);
    if (measurement === undefined) return [];
    const goal = (text: string, value: number | null, limit: number | undefined) =>
      value === null || limit === undefined
        ? []
        : [{ text: `${text} over ${measurement.baseline}`, value, unit: '×', limit }];
    return [
      ...goal(name, ratio(report, measurement), warm),
      ...goal(`${name}, cold,`, ratio(report, measurement, 'cold'), cold),
    ];
  });
  const footprint = report.footprint.flatMap(({ name, unit, limit, values }) =>
    limit === null ? [] : [{ text: name, value: median(values), unit, limit }],
  );
  return [...ratios, ...footprint];
}
