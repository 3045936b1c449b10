/**
 * Measures compiling the Services of a cluster, and prints the milliseconds of each run as JSON:
 *
 *     compile.js SERVICES ENDPOINTS RUNS
 *
 * `compile`: everything at once; the first run is cold. `change`: one EndpointSlice and the result.
 * @module
 */
import { performance } from 'node:perf_hooks';
import type { Compiler, compile, EndpointSliceObject, ServiceObject } from 'ipvs/kubernetes';

interface Kubernetes {
  readonly compile: typeof compile;
  readonly Compiler: typeof Compiler;
}

const [, , services = '10000', endpoints = '10', runs = '30'] = process.argv;
const NODE = { name: 'node-0', zone: 'zone-1', nodeIPs: ['192.0.2.10'] };

/** The package as users have it. The program is compiled to a folder below build. */
const dist = new URL('../../../dist/kubernetes.js', import.meta.url);
const kubernetes = (await import(dist.href)) as Kubernetes;

function serviceOf(index: number): ServiceObject {
  return {
    metadata: { namespace: `team-${index % 50}`, name: `web-${index}` },
    spec: {
      type: 'ClusterIP',
      clusterIP: `10.${96 + (index >> 16)}.${(index >> 8) & 255}.${index & 255}`,
      sessionAffinity: 'None',
      internalTrafficPolicy: 'Cluster',
      ports: [{ name: 'http', protocol: 'TCP', port: 80 }],
    },
    status: { loadBalancer: {} },
  };
}

function sliceOf(index: number, count: number): EndpointSliceObject {
  return {
    metadata: {
      namespace: `team-${index % 50}`,
      name: `web-${index}-1`,
      labels: { 'kubernetes.io/service-name': `web-${index}` },
    },
    addressType: 'IPv4',
    ports: [{ name: 'http', protocol: 'TCP', port: 8080 }],
    endpoints: Array.from({ length: count }, (_, place) => {
      const number = index * 16 + place;
      return {
        addresses: [`10.${128 + (number >> 16)}.${(number >> 8) & 255}.${number & 255}`],
        nodeName: `node-${place % 100}`,
        conditions: { ready: true, serving: true, terminating: false },
      };
    }),
  };
}

function measured(body: (run: number) => unknown): number[] {
  return Array.from({ length: Number(runs) }, (_, run) => {
    const begin = performance.now();
    body(run);
    return performance.now() - begin;
  });
}

const indexes = Array.from({ length: Number(services) }, (_, index) => index);
const input = {
  services: indexes.map(serviceOf),
  endpointSlices: indexes.map((index) => sliceOf(index, Number(endpoints))),
  node: NODE,
};
const compiler = new kubernetes.Compiler(NODE);
for (const service of input.services) compiler.setService(service);
for (const slice of input.endpointSlices) compiler.setEndpointSlice(slice);
compiler.result();

console.log(
  JSON.stringify({
    compile: measured(() => kubernetes.compile(input)),
    change: measured((run) => {
      compiler.setEndpointSlice(sliceOf(run, Number(endpoints) + 1));
      return compiler.result();
    }),
  }),
);
