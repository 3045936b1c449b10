/**
 * The metrics of IPVS as instruments of OpenTelemetry.
 */
import type { Meter, Observable } from '@opentelemetry/api';
import type { Metrics } from 'ipvs/metrics';

/** The units as OpenTelemetry writes them (UCUM). */
const UNITS: Readonly<Record<string, string>> = {
  bytes: 'By',
  connections: '{connection}',
  packets: '{packet}',
  seconds: 's',
};

/** Makes an instrument of each metric. All are observed with one reading of the table. */
export async function observeMetrics(meter: Meter, metrics: Metrics): Promise<void> {
  const instruments = new Map<string, Observable>();
  for (const { name, sampleName, type, unit, help } of await metrics.collect()) {
    const options = { description: help, unit: UNITS[unit ?? ''] ?? '' };
    const instrument =
      type === 'counter'
        ? meter.createObservableCounter(name, options)
        : meter.createObservableGauge(sampleName, options);
    instruments.set(sampleName, instrument);
  }
  meter.addBatchObservableCallback(
    async (result) => {
      for (const { sampleName, samples } of await metrics.collect()) {
        const instrument = instruments.get(sampleName);
        if (instrument === undefined) continue;
        for (const { labels, value } of samples) result.observe(instrument, value, labels);
      }
    },
    [...instruments.values()],
  );
}
