import fc from 'fast-check';
import { formatServiceReference, type State } from 'ipvs';
import { Compiler, compile, type EndpointSliceObject, type ServiceObject } from 'ipvs/kubernetes';
import { describe, expect, test } from 'vitest';
import { linesOf, type SyncCase, stateOf, syncCases } from '../kubernetes/cases.js';

const compiled = ({ services, endpointSlices, node, config }: SyncCase) =>
  compile({ services, endpointSlices, node }, config);

const named = (list: readonly SyncCase[]) => list.map((each) => [each.name, each] as const);

describe('compile agrees with kube-proxy', () => {
  const simple = syncCases.filter(({ before }) => before?.virtualServers === undefined);

  test('there are 51 cases of a sync, most of them without a table before it', () => {
    expect(syncCases).toHaveLength(51);
    expect(simple.length).toBeGreaterThan(35);
  });

  test.each(named(simple))('about services and destinations: %s', (_, each) => {
    expect(linesOf(compiled(each).state)).toEqual(linesOf(stateOf(each.expected.virtualServers)));
  });

  test.each(named(syncCases))('about addresses, sets, drop rules and checks: %s', (_, each) => {
    const { addresses, sets, dropRules, healthChecks, noLocalEndpoints } = compiled(each);
    const { expected } = each;
    expect(addresses).toEqual(expected.dummyAddresses);
    expect(sets).toEqual(expected.ipsets);
    expect(dropRules).toEqual(expected.nodeDropRules);
    expect(healthChecks).toEqual(expected.healthChecks);
    expect(noLocalEndpoints).toEqual(expected.noLocalEndpoints);
  });
});

const NODE = {
  name: 'node-a',
  zone: 'zone-1',
  nodeIPs: ['192.0.2.10'],
  addresses: { lo: ['127.0.0.1'], eth0: ['192.0.2.10', 'fe80::1'], docker0: ['172.17.0.1'] },
};

type Spec = NonNullable<ServiceObject['spec']>;

const serviceOf = (spec: Spec, name = 'web', more: object = {}) => ({
  metadata: { namespace: 'default', name, ...more },
  spec: { clusterIP: '10.96.0.10', ports: [{ name: 'http', port: 80 }], ...spec },
});

const sliceOf = (
  addresses: readonly (string | object)[],
  { service = 'web', name = '', annotations = {}, port = 8080 } = {},
): EndpointSliceObject => ({
  metadata: {
    namespace: 'default',
    name: name === '' ? `${service}-1` : name,
    labels: { 'kubernetes.io/service-name': service },
    annotations,
  },
  addressType: 'IPv4',
  ports: [{ name: 'http', port }],
  endpoints: addresses.map((each) => (typeof each === 'string' ? { addresses: [each] } : each)),
});

const compileOne = (
  services: ServiceObject | ServiceObject[],
  endpointSlices: EndpointSliceObject[] = [],
  config = {},
  node: object = NODE,
) =>
  compile(
    { services: [services].flat(), endpointSlices, node: { ...NODE, ...node } },
    { ipFamilies: ['IPv4'], ...config },
  );

const keysOf = ({ services }: State) => services.map(formatServiceReference);

const serversOf = ({ state }: ReturnType<typeof compile>, place = 0) =>
  (state.services[place]?.destinations ?? []).map(({ address, port, weight }) =>
    [address, port, weight].join(' '),
  );

describe('endpoints', () => {
  test('an endpoint in two slices counts once, and the local one prevails', () => {
    const slices = [
      sliceOf([{ addresses: ['10.244.1.5'], nodeName: 'node-b' }]),
      sliceOf([{ addresses: ['10.244.1.5'], nodeName: 'node-a' }], { name: 'web-2' }),
    ];
    const result = compileOne(serviceOf({}), slices);
    expect(serversOf(result)).toEqual(['10.244.1.5 8080 1']);
    expect(result.sets['KUBE-LOOP-BACK']).toEqual(['10.244.1.5,tcp:8080,10.244.1.5']);
  });

  test('an endpoint that a slice lists twice counts once', () => {
    const slice = sliceOf(['10.244.1.5', { addresses: ['10.244.1.5'], nodeName: 'node-a' }]);
    const result = compileOne(serviceOf({}), [slice]);
    expect(serversOf(result)).toEqual(['10.244.1.5 8080 1']);
    expect(result.sets['KUBE-LOOP-BACK']).toHaveLength(1);
  });

  test('a slice may come to belong to another Service', () => {
    const compiler = new Compiler(NODE);
    compiler.setService(serviceOf({}));
    compiler.setService(serviceOf({ clusterIP: '10.96.0.11' }, 'api'));
    compiler.setEndpointSlice(sliceOf(['10.244.1.5'], { name: 'slice' }));
    compiler.setEndpointSlice(sliceOf(['10.244.1.5'], { name: 'slice', service: 'api' }));
    const result = compiler.result();
    expect([serversOf(result, 0), serversOf(result, 1)]).toEqual([[], ['10.244.1.5 8080 1']]);
  });

  test('endpoints elsewhere that terminate count as such that the node lacks', () => {
    const conditions = { ready: false, serving: true, terminating: true };
    const slice = sliceOf([{ addresses: ['10.244.2.6'], nodeName: 'node-b', conditions }]);
    const service = serviceOf({ internalTrafficPolicy: 'Local' });
    expect(compileOne(service, [slice]).noLocalEndpoints.internal).toEqual(['default/web']);
  });

  test('only the first address of an endpoint counts', () => {
    const slice = sliceOf([{ addresses: ['10.244.1.5', '10.244.1.6'] }]);
    expect(serversOf(compileOne(serviceOf({}), [slice]))).toEqual(['10.244.1.5 8080 1']);
  });

  test('empty arrays may be null, as the API server writes them', () => {
    const slice = { ...sliceOf([]), endpoints: null, ports: null };
    const service = serviceOf({ externalIPs: null, clusterIPs: null });
    expect(serversOf(compileOne(service, [slice]))).toEqual([]);
  });

  test('ports without a number are not used, and slices of host names neither', () => {
    const slices = [
      { ...sliceOf(['10.244.1.5']), ports: [{ name: 'http', port: null }] },
      { ...sliceOf(['example.org'], { name: 'web-2' }), addressType: 'FQDN' },
    ];
    expect(serversOf(compileOne(serviceOf({}), slices))).toEqual([]);
  });

  test('hints for nodes precede those for zones', () => {
    const hinted = (address: string, node: string, zone: string) => ({
      addresses: [address],
      hints: { forNodes: [{ name: node }], forZones: [{ name: zone }] },
    });
    const slice = sliceOf([
      hinted('10.244.1.5', 'node-a', 'zone-2'),
      hinted('10.244.2.6', 'node-b', 'zone-1'),
    ]);
    const result = compileOne(serviceOf({}), [slice]);
    expect(serversOf(result)).toEqual(['10.244.1.5 8080 1']);
    const elsewhere = compileOne(serviceOf({}), [slice], {}, { name: 'node-c' });
    expect(serversOf(elsewhere)).toEqual(['10.244.2.6 8080 1']);
  });

  test('one endpoint without a hint makes all hints void', () => {
    const slice = sliceOf([
      { addresses: ['10.244.1.5'], hints: { forZones: [{ name: 'zone-1' }] } },
      '10.244.2.6',
    ]);
    expect(serversOf(compileOne(serviceOf({}), [slice]))).toHaveLength(2);
  });

  test('policy Local falls back to local endpoints that terminate before others', () => {
    const slice = sliceOf([
      {
        addresses: ['10.244.1.5'],
        nodeName: 'node-a',
        conditions: { ready: false, serving: true, terminating: true },
      },
      { addresses: ['10.244.2.6'], nodeName: 'node-b' },
    ]);
    const service = serviceOf({ internalTrafficPolicy: 'Local' });
    expect(serversOf(compileOne(service, [slice]))).toEqual(['10.244.1.5 8080 1']);
  });
});

describe('addresses', () => {
  test('IPv6 addresses are compiled in canonical form', () => {
    const service = serviceOf({ clusterIP: 'FD00:0:0::10', externalIPs: ['2001:DB8:0::7'] });
    const slice = { ...sliceOf(['FD01::0:5']), addressType: 'IPv6' };
    const result = compile(
      { services: [service], endpointSlices: [slice], node: NODE },
      { ipFamilies: ['IPv6'] },
    );
    expect(result.addresses).toEqual(['2001:db8::7', 'fd00::10']);
    expect(serversOf(result)).toEqual(['fd01::5 8080 1']);
  });

  test('both families are compiled by default', () => {
    const service = serviceOf({ clusterIPs: ['10.96.0.10', 'fd00::10'] });
    const { addresses } = compile({ services: [service], endpointSlices: [], node: NODE });
    expect(addresses).toEqual(['10.96.0.10', 'fd00::10']);
  });

  test('an external IP that is a load balancer too is one service', () => {
    const service = {
      ...serviceOf({ externalIPs: ['203.0.113.9'] }),
      status: { loadBalancer: { ingress: [{ ip: '203.0.113.9' }] } },
    };
    const { state, sets } = compileOne(service);
    expect(keysOf(state)).toEqual(['tcp://10.96.0.10:80', 'tcp://203.0.113.9:80']);
    expect(sets['KUBE-EXTERNAL-IP']).toEqual(sets['KUBE-LOAD-BALANCER']);
  });

  const ports = { type: 'NodePort', ports: [{ name: 'http', port: 80, nodePort: 30080 }] };
  const nodePorts = (nodePortAddresses: string[]) =>
    keysOf(compileOne(serviceOf(ports), [], { nodePortAddresses }).state)
      .filter((key) => key.endsWith(':30080'))
      .map((key) => new URL(key).hostname);

  test.each([
    [['primary'], ['192.0.2.10']],
    [['fd00::/8'], ['192.0.2.10', '172.17.0.1']],
    [['0.0.0.0/0'], ['192.0.2.10', '172.17.0.1']],
    [['172.16.0.0/12'], ['172.17.0.1']],
    [['198.51.100.0/24'], []],
  ])('nodePortAddresses %j selects %j', (networks, expected) => {
    expect(nodePorts(networks)).toEqual(expected);
  });

  test('link-local addresses have no node ports', () => {
    const service = serviceOf({ ...ports, clusterIP: 'fd00::10' });
    const { state } = compile(
      { services: [service], endpointSlices: [], node: NODE },
      { ipFamilies: ['IPv6'] },
    );
    expect(keysOf(state)).toEqual(['tcp://[fd00::10]:80']);
  });

  test('without node addresses, the health check port has no entry, as in kube-proxy', () => {
    const service = serviceOf({
      ...ports,
      type: 'LoadBalancer',
      externalTrafficPolicy: 'Local',
      healthCheckNodePort: 31000,
    });
    expect(compileOne(service).sets['KUBE-HEALTH-CHECK-NODE-PORT']).toEqual(['31000']);
    const none = compileOne(service, [], { nodePortAddresses: ['198.51.100.0/24'] });
    expect(none.sets['KUBE-HEALTH-CHECK-NODE-PORT']).toBeUndefined();
    expect(none.healthChecks).toMatchObject([{ port: 31000, status: 503 }]);
  });

  test('externalTrafficPolicy counts only for Services that are meant to be reached', () => {
    const service = {
      ...serviceOf({ type: 'ClusterIP', externalTrafficPolicy: 'Local' }),
      status: { loadBalancer: { ingress: [{ ip: '203.0.113.9' }] } },
    };
    expect(compileOne(service).sets['KUBE-LOAD-BALANCER-LOCAL']).toBeUndefined();
  });

  test('a node within the source ranges may use the load balancer', () => {
    const service = {
      ...serviceOf({ loadBalancerSourceRanges: ['192.0.2.7/24'] }),
      status: { loadBalancer: { ingress: [{ ip: '203.0.113.9' }] } },
    };
    const { dropRules, sets } = compileOne(service);
    expect(dropRules).toEqual([]);
    expect(sets['KUBE-LOAD-BALANCER-SOURCE-IP']).toEqual(['203.0.113.9,tcp:80,203.0.113.9']);
    expect(sets['KUBE-LOAD-BALANCER-SOURCE-CIDR']).toEqual(['203.0.113.9,tcp:80,192.0.2.0/24']);
  });
});

describe('of two Services with the same external IP and port', () => {
  const spec = { externalIPs: ['198.51.100.7'] };
  const first = serviceOf(spec, 'a', { creationTimestamp: '2026-02-01T00:00:00Z' });
  const second = serviceOf({ ...spec, clusterIP: '10.96.0.11' }, 'b', {
    creationTimestamp: new Date('2026-01-01T00:00:00Z'),
  });
  const slices = [
    sliceOf(['10.244.1.1'], { service: 'a' }),
    sliceOf(['10.244.2.2'], { service: 'b' }),
  ];
  const external = (result: ReturnType<typeof compile>) =>
    result.state.services
      .filter((service) => formatServiceReference(service) === 'tcp://198.51.100.7:80')
      .flatMap(({ destinations = [] }) => destinations.map(({ address }) => address));

  test.each([
    ['this', [first, second]],
    ['the other', [second, first]],
  ])('the older one has it, given in %s order', (_, services) => {
    const result = compileOne(services, slices);
    expect(external(result)).toEqual(['10.244.2.2']);
    expect(result.conflicts).toEqual([
      { service: 'tcp://198.51.100.7:80', owner: 'default/b', others: ['default/a'] },
    ]);
  });

  test('of three, two are left when one is deleted', () => {
    const compiler = new Compiler(NODE);
    const third = serviceOf({ ...spec, clusterIP: '10.96.0.12' }, 'c');
    for (const service of [first, second, third]) compiler.setService(service);
    const service = 'tcp://198.51.100.7:80';
    expect(compiler.result().conflicts).toEqual([
      { service, owner: 'default/b', others: ['default/a', 'default/c'] },
    ]);
    compiler.removeService(second);
    expect(compiler.result().conflicts).toEqual([
      { service, owner: 'default/a', others: ['default/c'] },
    ]);
  });

  test('the other one gets it when that is deleted', () => {
    const compiler = new Compiler(NODE, { ipFamilies: ['IPv4'] });
    for (const service of [first, second]) compiler.setService(service);
    for (const slice of slices) compiler.setEndpointSlice(slice);
    expect(external(compiler.result())).toEqual(['10.244.2.2']);
    compiler.removeService(second);
    expect(external(compiler.result())).toEqual(['10.244.1.1']);
    expect(compiler.result().conflicts).toEqual([]);
    compiler.setService(second);
    expect(external(compiler.result())).toEqual(['10.244.2.2']);
  });
});

describe('annotations', () => {
  const service = serviceOf({}, 'web', { annotations: { 'example.com/scheduler': 'wlc' } });
  const slice = sliceOf(['10.244.1.5'], { annotations: { 'example.com/weight': '7' } });

  test('are not read by default', () => {
    const result = compileOne(service, [slice]);
    expect(result.state.services[0]?.scheduler).toBe('rr');
    expect(serversOf(result)).toEqual(['10.244.1.5 8080 1']);
  });

  test('name a scheduler and a weight if the configuration names them', () => {
    const result = compileOne(service, [slice], {
      schedulerAnnotation: 'example.com/scheduler',
      weightAnnotation: 'example.com/weight',
    });
    expect(result.state.services[0]?.scheduler).toBe('wlc');
    expect(serversOf(result)).toEqual(['10.244.1.5 8080 7']);
  });

  test.each(['-1', '65536', 'seven', '1.5'])('refuse the weight %s', (weight) => {
    const bad = sliceOf(['10.244.1.5'], { annotations: { 'example.com/weight': weight } });
    expect(() => compileOne(service, [bad], { weightAnnotation: 'example.com/weight' })).toThrow(
      "compile: endpointSlices[0].metadata.annotations['example.com/weight']:",
    );
  });
});

/** A cluster of few names, so that Services collide, come back and share addresses. */
const addressOf = (prefix: string) => fc.integer({ min: 1, max: 4 }).map((n) => `${prefix}${n}`);
const names = fc.constantFrom('a', 'b', 'c', 'd');
const anyService = fc.record({
  metadata: fc.record({
    namespace: fc.constant('default'),
    name: names,
    creationTimestamp: fc.constantFrom('2026-01-01T00:00:00Z', '2026-01-02T00:00:00Z', null),
  }),
  spec: fc.record({
    type: fc.constantFrom('ClusterIP', 'NodePort', 'LoadBalancer', 'ExternalName'),
    clusterIP: fc.oneof(addressOf('10.96.0.'), fc.constantFrom('None', 'fd00::1')),
    externalIPs: fc.array(addressOf('198.51.100.'), { maxLength: 2 }),
    externalTrafficPolicy: fc.constantFrom('Local', 'Cluster'),
    internalTrafficPolicy: fc.constantFrom('Local', 'Cluster', null),
    loadBalancerSourceRanges: fc.constantFrom(null, ['192.0.2.0/24'], ['10.0.0.0/8', 'fd00::/8']),
    healthCheckNodePort: fc.constantFrom(0, 31000),
    sessionAffinity: fc.constantFrom('None', 'ClientIP'),
    ports: fc.array(
      fc.record({
        name: fc.constantFrom('http', 'dns'),
        protocol: fc.constantFrom('TCP', 'UDP', 'SCTP'),
        port: fc.integer({ min: 1, max: 3 }),
        nodePort: fc.constantFrom(0, 30001, 30002),
      }),
      { maxLength: 3 },
    ),
  }),
  status: fc.record({
    loadBalancer: fc.record({
      ingress: fc.array(
        fc.record({ ip: addressOf('203.0.113.'), ipMode: fc.constantFrom('VIP', 'Proxy', null) }),
        { maxLength: 2 },
      ),
    }),
  }),
});
const anySlice = fc.record({
  metadata: fc.record({
    namespace: fc.constant('default'),
    name: fc.constantFrom('s1', 's2', 's3', 's4'),
    labels: names.map((name) => ({ 'kubernetes.io/service-name': name })),
  }),
  addressType: fc.constant('IPv4'),
  ports: fc.array(
    fc.record({
      name: fc.constantFrom('http', 'dns'),
      protocol: fc.constantFrom('TCP', 'UDP', 'SCTP'),
      port: fc.integer({ min: 8080, max: 8082 }),
    }),
    { maxLength: 3 },
  ),
  endpoints: fc.array(
    fc.record({
      addresses: addressOf('10.244.0.').map((address) => [address]),
      nodeName: fc.constantFrom('node-a', 'node-b'),
      conditions: fc.record({
        ready: fc.boolean(),
        serving: fc.boolean(),
        terminating: fc.boolean(),
      }),
    }),
    { maxLength: 4 },
  ),
});
const anyStep = fc.oneof(
  fc.record({ do: fc.constant('setService' as const), with: anyService }),
  fc.record({ do: fc.constant('removeService' as const), with: anyService }),
  fc.record({ do: fc.constant('setEndpointSlice' as const), with: anySlice }),
  fc.record({ do: fc.constant('removeEndpointSlice' as const), with: anySlice }),
  fc.record({
    do: fc.constant('setNode' as const),
    with: fc.constantFrom(NODE, { name: 'node-b' }),
  }),
  fc.record({ do: fc.constant('result' as const) }),
);

/** The parts of a result whose order depends on history, in an order of their own. */
const comparable = ({
  state,
  healthChecks,
  udp,
  conflicts,
  noLocalEndpoints,
  ...rest
}: ReturnType<typeof compile>) => ({
  ...rest,
  lines: linesOf(state),
  healthChecks: healthChecks.map((each) => JSON.stringify(each)).sort(),
  udp: udp
    .map(({ endpoints, ...each }) =>
      JSON.stringify([each, endpoints.map((one) => JSON.stringify(one)).sort()]),
    )
    .sort(),
  conflicts: conflicts.map((each) => JSON.stringify(each)).sort(),
  internal: [...noLocalEndpoints.internal].sort(),
  external: [...noLocalEndpoints.external].sort(),
});

test('a compiler that follows changes has the result of compiling everything anew', () => {
  fc.assert(
    fc.property(fc.array(anyStep, { maxLength: 40 }), (steps) => {
      const compiler = new Compiler(NODE);
      const services = new Map<string, ServiceObject>();
      const slices = new Map<string, EndpointSliceObject>();
      let node: { name: string } = NODE;
      for (const step of steps) {
        if (step.do === 'result') compiler.result();
        else if (step.do === 'setNode') {
          node = step.with;
          compiler.setNode(node);
        } else if (step.do === 'setService') {
          compiler.setService(step.with);
          services.set(step.with.metadata.name, step.with);
        } else if (step.do === 'removeService') {
          compiler.removeService(step.with);
          services.delete(step.with.metadata.name);
        } else if (step.do === 'setEndpointSlice') {
          compiler.setEndpointSlice(step.with);
          slices.set(step.with.metadata.name, step.with);
        } else {
          compiler.removeEndpointSlice(step.with);
          slices.delete(step.with.metadata.name);
        }
      }
      const input = {
        services: [...services.values()],
        endpointSlices: [...slices.values()],
        node,
      };
      expect(comparable(compiler.result())).toEqual(comparable(compile(input)));
    }),
    { numRuns: 300 },
  );
});

describe('a change costs as much as its Service', () => {
  /** Returns the object, and calls `onRead` for each property that is read of it or within it. */
  function counted<Value extends object>(value: Value, onRead: () => void): Value {
    return new Proxy(value, {
      get(target, name, receiver) {
        onRead();
        const found: unknown = Reflect.get(target, name, receiver);
        return typeof found === 'object' && found !== null ? counted(found, onRead) : found;
      },
    });
  }

  const clusterOf = (count: number, onRead: () => void) => {
    const compiler = new Compiler(NODE);
    for (let n = 0; n < count; n++) {
      const name = `web-${n}`;
      const clusterIP = `10.96.${n >> 8}.${n & 255}`;
      compiler.setService(counted(serviceOf({ clusterIP }, name), onRead));
      compiler.setEndpointSlice(counted(sliceOf(['10.244.1.5'], { service: name }), onRead));
    }
    return compiler;
  };

  test('no other object is read, and the services of others stay the same objects', () => {
    let reads = 0;
    const compiler = clusterOf(500, () => reads++);
    const before = compiler.result();
    reads = 0;
    compiler.setEndpointSlice(sliceOf(['10.244.1.5', '10.244.1.6'], { service: 'web-7' }));
    const after = compiler.result();
    expect(reads).toBe(0);
    const changed = after.state.services.filter(
      (each, place) => each !== before.state.services[place],
    );
    expect(keysOf({ services: changed })).toEqual(['tcp://10.96.0.7:80']);
    expect(after.sets['KUBE-CLUSTER-IP']).toBe(before.sets['KUBE-CLUSTER-IP']);
    expect(after.addresses).toBe(before.addresses);
  });

  test('nothing is compiled twice', () => {
    const compiler = clusterOf(3, () => undefined);
    expect(compiler.result()).toBe(compiler.result());
    compiler.setEndpointSlice(sliceOf([], { service: 'unknown' }));
    const before = compiler.result();
    compiler.removeService({ metadata: { namespace: 'default', name: 'unknown' } });
    expect(compiler.result()).toBe(before);
  });

  const detailed = () =>
    serviceOf(
      {
        externalIPs: ['198.51.100.7'],
        loadBalancerSourceRanges: ['10.0.0.0/8'],
        sessionAffinity: 'ClientIP',
      },
      'web',
      { creationTimestamp: '2026-01-02T03:04:05Z' },
    );
  const hinted = () =>
    sliceOf([{ addresses: ['10.244.1.5'], hints: { forZones: [{ name: 'zone-1' }] } }]);
  const known = () => {
    const compiler = new Compiler(NODE);
    compiler.setService(detailed());
    compiler.setEndpointSlice(hinted());
    return compiler;
  };

  test.each<readonly [string, (compiler: Compiler) => void]>([
    ['an equal node', (compiler) => compiler.setNode(structuredClone(NODE))],
    [
      'a node whose dummy link has other addresses',
      (compiler) =>
        compiler.setNode({ ...NODE, addresses: { ...NODE.addresses, 'kube-ipvs0': ['10.9.9.9'] } }),
    ],
    ['an equal Service', (compiler) => compiler.setService(detailed())],
    [
      'a Service with another version and annotation',
      (compiler) =>
        compiler.setService({
          ...detailed(),
          metadata: { ...detailed().metadata, annotations: { a: 'b' } },
        }),
    ],
    ['an equal EndpointSlice', (compiler) => compiler.setEndpointSlice(hinted())],
    [
      'an EndpointSlice with another annotation',
      (compiler) =>
        compiler.setEndpointSlice({
          ...hinted(),
          metadata: { ...hinted().metadata, annotations: { a: 'b' } },
        }),
    ],
  ])('%s changes nothing', (_, set) => {
    const compiler = known();
    const before = compiler.result();
    set(compiler);
    expect(compiler.result()).toBe(before);
  });

  test.each<readonly [string, (compiler: Compiler) => void]>([
    ['another zone', (compiler) => compiler.setNode({ ...NODE, zone: 'zone-2' })],
    [
      'another address of the node',
      (compiler) =>
        compiler.setNode({ ...NODE, addresses: { eth0: ['192.0.2.10', '192.0.2.11'] } }),
    ],
    [
      'other source ranges',
      (compiler) =>
        compiler.setService({
          ...detailed(),
          spec: { ...detailed().spec, loadBalancerSourceRanges: ['11.0.0.0/8'] },
        }),
    ],
    [
      'other hints',
      (compiler) =>
        compiler.setEndpointSlice(
          sliceOf([{ addresses: ['10.244.1.5'], hints: { forZones: [{ name: 'zone-2' }] } }]),
        ),
    ],
  ])('%s does', (_, set) => {
    const compiler = known();
    const before = compiler.result();
    set(compiler);
    expect(compiler.result()).not.toBe(before);
  });
});
