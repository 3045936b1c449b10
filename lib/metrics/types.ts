/**
 * Families of metrics and their samples: their types.
 * @module
 */

/**
 * The type of a family, as in OpenMetrics 1.0:
 * - `counter`: a number that grows, and begins at 0 again after a reset
 * - `gauge`: a number that goes up and down
 * - `info`: 1, with labels that describe the object
 */
export type MetricType = 'counter' | 'gauge' | 'info';

/** The labels of a sample. */
export type Labels = Readonly<Record<string, string>>;

/** A value of a metric. */
export interface MetricSample {
  /** The labels, which tell the samples of a family apart. */
  readonly labels: Labels;
  /**
   * The value. Counters of the kernel are exact up to 2^53, as Prometheus stores them; larger ones
   * are rounded.
   */
  readonly value: number;
}

/** The definition of a metric. */
export interface MetricDefinition {
  /** The name of the family in OpenMetrics: without the `_total` of counters and `_info`. */
  readonly name: string;
  /** The name of the samples, by which Prometheus stores and queries them. */
  readonly sampleName: string;
  /** The type of the family. */
  readonly type: MetricType;
  /** The unit, with which `name` ends ('bytes'); undefined: a plain number. */
  readonly unit: string | undefined;
  /** A sentence that says what the value is. */
  readonly help: string;
  /** The names of the labels that the samples can have. */
  readonly labelNames: readonly string[];
}

/** A metric with its samples. */
export interface MetricFamily extends MetricDefinition {
  /** The samples: no two have the same labels. */
  readonly samples: readonly MetricSample[];
}
