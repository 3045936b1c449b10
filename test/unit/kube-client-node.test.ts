import type { V1EndpointSlice, V1Service } from '@kubernetes/client-node';
import { Compiler, compile } from 'ipvs/kubernetes';
import { expect, test } from 'vitest';

const service: V1Service = {
  metadata: { namespace: 'default', name: 'web', creationTimestamp: new Date(0), labels: {} },
  spec: {
    clusterIP: '10.96.0.10',
    ports: [{ name: 'http', port: 80, targetPort: 'http', protocol: 'TCP' }],
    sessionAffinity: 'None',
    trafficDistribution: 'PreferClose',
  },
  status: { loadBalancer: { ingress: [{ hostname: 'lb.example' }] } },
};
const slice: V1EndpointSlice = {
  metadata: {
    namespace: 'default',
    name: 'web-1',
    labels: { 'kubernetes.io/service-name': 'web' },
  },
  addressType: 'IPv4',
  ports: [{ name: 'http', port: 8080 }],
  endpoints: [{ addresses: ['10.244.1.5'], conditions: { ready: true }, targetRef: {} }],
};

test('objects of @kubernetes/client-node are compiled as they are', () => {
  const node = { name: 'node-a' };
  const { state } = compile({ services: [service], endpointSlices: [slice], node });
  const compiler = new Compiler(node);
  compiler.setService(service);
  compiler.setEndpointSlice(slice);
  expect(compiler.result().state).toEqual(state);
  expect(state.services).toMatchObject([{ address: '10.96.0.10', destinations: [{ port: 8080 }] }]);
});
