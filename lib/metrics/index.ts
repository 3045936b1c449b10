/**
 * Metrics of the table, for Prometheus, OpenMetrics and others.
 * @module
 */
export { Metrics } from './metrics.js';
export { negotiateFormat } from './negotiate.js';
export type {
  DirectorSource,
  MetricsLevel,
  MetricsOptions,
  MetricsSource,
  TextOptions,
} from './options.js';
export { CONTENT_TYPES, type TextFormat } from './text.js';
export type {
  Labels,
  MetricDefinition,
  MetricFamily,
  MetricSample,
  MetricType,
} from './types.js';
