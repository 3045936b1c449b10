/**
 * What is said of the figures: medians, ratios, and what is reached.
 * @module
 */
import { limits, topics } from './cases.js';
import type { KernelReport, Measurement, Size } from './model.js';

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const [low, high] = [sorted[middle - 1], sorted[middle]];
  if (high === undefined) return Number.NaN;
  return sorted.length % 2 === 0 && low !== undefined ? (low + high) / 2 : high;
}

/** Three digits, as many as the figures are worth. */
export function digits(value: number): string {
  if (value >= 1000) return Math.round(value).toLocaleString('en-US');
  return value >= 100 ? value.toFixed(0) : value.toFixed(value >= 10 ? 1 : 2);
}

export const named = ({ services, destinations }: Size) =>
  destinations === 0
    ? services.toLocaleString('en-US')
    : `${services.toLocaleString('en-US')} × ${destinations}`;

const sameSize = (a: Size, b: Size) =>
  a.services === b.services && a.destinations === b.destinations;

/** What a measurement is compared with, at the same size; a sample at the first that there is. */
function base(report: KernelReport, { against, size }: Measurement): Measurement | undefined {
  const same = report.measurements.filter(({ name }) => name === against);
  return same.find((each) => sameSize(each.size, size)) ?? same[0];
}

/** How many times what it is compared with a measurement takes, for an operation. */
export function ratio(report: KernelReport, one: Measurement): number | null {
  const floor = base(report, one);
  return floor === undefined ? null : median(one.microseconds) / median(floor.microseconds);
}

export function byTopic(report: KernelReport): [title: string, rows: Measurement[]][] {
  return Object.entries(topics)
    .map(([topic, title]): [string, Measurement[]] => [
      title,
      report.measurements.filter((one) => one.topic === topic),
    ])
    .filter(([, rows]) => rows.length > 0);
}

/** Something that the library is to reach, and what it was. */
export interface Goal {
  readonly text: string;
  readonly value: number;
  readonly unit: string;
  readonly limit: number;
}

export function goals(report: KernelReport): Goal[] {
  const ratios = Object.entries(limits).flatMap(([name, limit]) => {
    const one = report.measurements.find((each) => each.name === name);
    const value = one === undefined ? null : ratio(report, one);
    if (one === undefined || value === null) return [];
    return [{ text: `${name} over ${one.against}`, value, unit: '×', limit }];
  });
  const probed = report.probes.flatMap(({ name, unit, limit, values }) =>
    limit === null ? [] : [{ text: name, value: median(values), unit, limit }],
  );
  return [...ratios, ...probed];
}
