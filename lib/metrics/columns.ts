/**
 * Metrics as columns: a list of objects, and a list of their values for each metric. A large table
 * has fewer objects in this form than as families of samples.
 * @module
 */
import type { Labels, MetricDefinition, MetricFamily, MetricSample } from './types.js';

/** A metric with its values. */
export interface Column {
  readonly metric: MetricDefinition;
  /** The labels of the objects. The columns of a table share the list. */
  readonly rows: readonly Labels[];
  /** The value of each object; undefined: it has none. */
  readonly values: readonly (number | undefined)[];
}

const NO_LABELS: readonly Labels[] = [{}];

/** Returns a metric with one value without labels. */
export function single(metric: MetricDefinition, value: number | undefined): Column {
  return { metric, rows: NO_LABELS, values: [value] };
}

/** The number of values between two yields. */
export const VALUES_PER_STEP = 256;
/** The number of services and destinations between two yields: each has a dozen values. */
export const OBJECTS_PER_STEP = 64;

/** Returns the families of columns, in steps of some samples. */
export function* familiesOf(columns: readonly Column[]): Generator<void, MetricFamily[]> {
  const families: MetricFamily[] = [];
  let count = 0;
  for (const { metric, rows, values } of columns) {
    const { name, sampleName, type, unit, help, labelNames } = metric;
    const samples: MetricSample[] = [];
    for (const [index, labels] of rows.entries()) {
      const value = values[index];
      if (value !== undefined) samples.push({ labels, value });
      if (++count % VALUES_PER_STEP === 0) yield;
    }
    families.push({ name, sampleName, type, unit, help, labelNames, samples });
  }
  return families;
}
