import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics';
import { Registry } from 'prom-client';
import { expect, test } from 'vitest';
import { observeMetrics } from '../../examples/adapters/opentelemetry.js';
import { registerMetrics } from '../../examples/adapters/prom-client.js';
import { Metrics } from '../../lib/metrics/index.js';
import { server, sourceOf, stats, web, withServers } from './helpers/metrics-fixture.js';

function fixture() {
  const { fake, source } = sourceOf(
    [
      withServers(
        { ...web, stats: stats({ inBytes: 2 ** 52 }) },
        server({ weight: 3, activeConnections: 5, stats: stats({ connections: 9 }) }),
      ),
    ],
    stats({ connections: 7 }),
  );
  return { fake, metrics: new Metrics(source, { level: 'destination', name: () => 'shop' }) };
}

/** A sample as text, with sorted labels. */
const lineOf = (name: string, labels: object, value: unknown) =>
  `${name} ${JSON.stringify(Object.entries(labels).sort())} ${value}`;

async function expected(metrics: Metrics): Promise<string[]> {
  return (await metrics.collect())
    .flatMap(({ sampleName, samples }) =>
      samples.map(({ labels, value }) => lineOf(sampleName, labels, value)),
    )
    .sort();
}

test('prom-client has the same samples in every scrape, with one reading of the table', async () => {
  const { fake, metrics } = fixture();
  const registry = new Registry();
  await registerMetrics(registry, metrics);
  for (const reads of [1, 2]) {
    fake.reads = 0;
    const collected = await registry.getMetricsAsJSON();
    expect(fake.reads).toBe(1);
    const lines = collected.flatMap(({ name, values }) =>
      values.map(({ labels, value }) => lineOf(name, labels, value)),
    );
    expect(lines.sort(), `scrape ${reads}`).toEqual(await expected(metrics));
  }
  expect(await registry.getMetricsAsJSON()).toContainEqual(
    expect.objectContaining({ name: 'ipvs_connections_total', type: 'counter' }),
  );
});

test('OpenTelemetry has the same values, with one reading of the table', async () => {
  const { fake, metrics } = fixture();
  const exporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
  const reader = new PeriodicExportingMetricReader({ exporter });
  const provider = new MeterProvider({ readers: [reader] });
  await observeMetrics(provider.getMeter('ipvs'), metrics);
  fake.reads = 0;
  await provider.forceFlush();
  expect(fake.reads).toBe(1);
  const exported = exporter
    .getMetrics()
    .flatMap(({ scopeMetrics }) => scopeMetrics)
    .flatMap((scope) => scope.metrics);
  const suffixes = new Map(
    (await metrics.collect()).map(({ name, type, sampleName }) => [
      type === 'counter' ? name : sampleName,
      sampleName,
    ]),
  );
  const lines = exported.flatMap(({ descriptor, dataPoints }) =>
    dataPoints.map(({ attributes, value }) =>
      lineOf(suffixes.get(descriptor.name) ?? '', attributes, value),
    ),
  );
  expect(lines.sort()).toEqual(await expected(metrics));
  expect(exported.find(({ descriptor }) => descriptor.unit === 'By')?.descriptor).toMatchObject({
    name: 'ipvs_incoming_bytes',
    description: 'Bytes from clients of all services.',
  });
  await provider.shutdown();
});
