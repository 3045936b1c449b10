/**
 * Exports the metrics of IPVS with the SDK of OpenTelemetry. This program prints them once; another
 * exporter sends them to a collector:
 *
 *     node with-opentelemetry.js
 */
import {
  ConsoleMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics';
import { Ipvs } from 'ipvs';
import { Metrics } from 'ipvs/metrics';
import { observeMetrics } from './adapters/opentelemetry.js';

const ipvs = await Ipvs.open();
const reader = new PeriodicExportingMetricReader({ exporter: new ConsoleMetricExporter() });
const provider = new MeterProvider({ readers: [reader] });
await observeMetrics(provider.getMeter('ipvs'), new Metrics(ipvs));
await provider.forceFlush();
await provider.shutdown();
await ipvs.close();
