/**
 * The metrics of IPVS in a registry of prom-client.
 */
import type { Metrics } from 'ipvs/metrics';
import { Counter, Gauge, type Registry } from 'prom-client';

/**
 * Adds the metrics to a registry. The registry collects all of them at once in each scrape, so that
 * they share one reading of the table.
 */
export async function registerMetrics(registry: Registry, metrics: Metrics): Promise<void> {
  for (const { sampleName, type, help, labelNames } of await metrics.collect()) {
    const samples = async () =>
      (await metrics.collect()).find((family) => family.sampleName === sampleName)?.samples ?? [];
    const options = { name: sampleName, help, labelNames, registers: [registry] };
    if (type === 'counter') {
      new Counter({
        ...options,
        async collect() {
          const current = await samples();
          this.reset();
          for (const { labels, value } of current) this.inc(labels, value);
        },
      });
    } else {
      new Gauge({
        ...options,
        async collect() {
          const current = await samples();
          this.reset();
          for (const { labels, value } of current) this.set(labels, value);
        },
      });
    }
  }
}
