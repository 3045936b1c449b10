/**
 * Sums of a metric by labels.
 * @module
 */
import type { Column } from './columns.js';
import type { Labels, MetricDefinition } from './types.js';

/** The sums of a metric, by labels. */
export class Sums {
  readonly #metric: MetricDefinition;
  readonly #sums = new Map<string, { readonly labels: Labels; sum: number }>();

  /** @param initial the labels that are there from the start; others come up as values do */
  constructor(metric: MetricDefinition, initial: readonly Labels[] = []) {
    this.#metric = metric;
    for (const labels of initial) this.add(labels, 0);
  }

  /** @param labels always in the same order */
  add(labels: Labels, value: number): void {
    const key = Object.values(labels).join(' ');
    const entry = this.#sums.get(key);
    if (entry === undefined) this.#sums.set(key, { labels, sum: value });
    else entry.sum += value;
  }

  get column(): Column {
    const all = [...this.#sums.values()];
    return {
      metric: this.#metric,
      rows: all.map(({ labels }) => labels),
      values: all.map(({ sum }) => sum),
    };
  }
}
