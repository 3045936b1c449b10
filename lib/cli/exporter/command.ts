/**
 * The row of `ipvs exporter`, and its options.
 * @module
 */
import { defineCommand, NETNS, type Options } from '../command.js';

/** The options of `ipvs exporter`. */
export const options = {
  listen: {
    summary: 'required: the address; without ADDRESS all of the host; port 0 is any free port',
    value: '[ADDRESS]:PORT',
  },
  level: {
    summary: "the objects with series: 'service' (default), or also each 'destination'",
    value: 'LEVEL',
    completes: ['service', 'destination'],
  },
  nodeExporter: { summary: "add the metrics of node_exporter's IPVS collector" },
  netns: NETNS,
} as const satisfies Options;

/** The row of `ipvs exporter`. */
export const exporter = defineCommand({
  name: 'exporter',
  summary: 'serve metrics to Prometheus over HTTP',
  description: [
    'Serves /metrics in the text format that the request accepts: OpenMetrics, or the older one ' +
      'of Prometheus. Each scrape reads the table; scrapes that overlap share one reading. If ' +
      'the kernel cannot be read, the response has status 503 and the reason.',
    'Serves /healthz with status 200 while the kernel answers, else 503. SIGTERM and SIGINT end ' +
      'it, after the responses that are in flight.',
    'Responses have no encryption and need no password: listen on a private address.',
  ],
  options,
  examples: [
    {
      command: 'ipvs exporter --listen 127.0.0.1:9718',
      summary: 'serve http://127.0.0.1:9718/metrics',
    },
    {
      command: 'ipvs exporter --listen :9718 --level destination',
      summary: 'serve on all addresses, with series for each destination',
    },
  ],
  load: () => import('./run.js'),
});
