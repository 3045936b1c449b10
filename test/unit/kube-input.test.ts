import fc from 'fast-check';
import { isInputError, normalizeDestination, normalizeService, type State } from 'ipvs';
import {
  Compiler,
  compile,
  kernelParameters,
  Nftables,
  nftablesChanges,
  nftablesCleanup,
  nftablesRuleset,
  reconcileOptions,
  staleFlows,
} from 'ipvs/kubernetes';
import { describe, expect, test } from 'vitest';

const NODE = { name: 'node-a' };
const EMPTY = { services: [], endpointSlices: [] };
const METADATA = { namespace: 'default', name: 'web' };
const SPEC = { clusterIP: '10.96.0.10', ports: [{ port: 80 }] };
const SERVICE = { metadata: METADATA, spec: SPEC };
const OTHER = { ...SERVICE, metadata: { ...METADATA, name: 'b' } };
const LABELS = { 'kubernetes.io/service-name': 'web' };
const SLICE = { metadata: { ...METADATA, labels: LABELS }, addressType: 'IPv4' };

/** Calls a function with arguments that its type forbids. */
const call = (body: unknown, ...args: unknown[]): unknown =>
  (body as (...args: unknown[]) => unknown)(...args);

function messageOf(body: () => unknown): string {
  try {
    body();
  } catch (error) {
    if (!isInputError(error)) throw error;
    return error.message;
  }
  throw new Error('it was accepted');
}

const withService = (service: unknown) => () =>
  call(compile, { services: [SERVICE, service], endpointSlices: [], node: NODE });
const withSpec = (spec: object) =>
  withService({ metadata: { ...METADATA, name: 'b' }, spec: { ...SPEC, ...spec } });
const withSlice = (slice: object) => () =>
  call(compile, { services: [], endpointSlices: [{ ...SLICE, ...slice }], node: NODE });
const withEndpoint = (endpoint: object) =>
  withSlice({ ports: [{ port: 1 }], endpoints: [{ addresses: ['10.1.1.1'], ...endpoint }] });
const withNode = (node: unknown) => () => call(compile, { services: [], endpointSlices: [], node });
const withConfig = (config: unknown) => () =>
  call(compile, { services: [], endpointSlices: [], node: NODE }, config);

describe('bad input is refused, and the error names object, property, value and rule', () => {
  test.each([
    [withService(null), 'services[1]: null is not an object of the Kubernetes API'],
    [
      withService({}),
      'services[1].metadata: undefined is not an object with a namespace and a name',
    ],
    [withService({ metadata: { name: 'b' } }), 'services[1].metadata.namespace: undefined is not'],
    [
      withService(SERVICE),
      "services[1].metadata.name: 'default/web' is there twice: it is services[0] already",
    ],
    [withSpec({ clusterIP: 'ten' }), "services[1].spec.clusterIP: 'ten' is not an IPv4 or IPv6"],
    [
      withSpec({ clusterIPs: [7] }),
      'services[1].spec.clusterIPs[0]: 7 is not an IPv4 or IPv6 address',
    ],
    [withSpec({ ports: {} }), 'services[1].spec.ports: {} is not an array'],
    [withSpec({ ports: [{ port: 0 }] }), 'services[1].spec.ports[0].port: 0 is not an integer'],
    [withSpec({ ports: [{ port: 1, protocol: 'tcp' }] }), "ports[0].protocol: 'tcp' is not one of"],
    [withSpec({ ports: [{ port: 1, nodePort: 70000 }] }), 'ports[0].nodePort: 70000 is not'],
    [withSpec({ externalIPs: ['host'] }), "services[1].spec.externalIPs[0]: 'host' is not an IPv4"],
    [withSpec({ internalTrafficPolicy: 'local' }), "internalTrafficPolicy: 'local' is not one of"],
    [
      withSpec({ loadBalancerSourceRanges: ['10/8'] }),
      "loadBalancerSourceRanges[0]: '10/8' is not",
    ],
    [
      withSpec({
        sessionAffinity: 'ClientIP',
        sessionAffinityConfig: { clientIP: { timeoutSeconds: 0 } },
      }),
      'spec.sessionAffinityConfig.clientIP.timeoutSeconds: 0 is not an integer from 1 to 86400',
    ],
    [
      withSlice({ addressType: 'ipv4' }),
      "endpointSlices[0].addressType: 'ipv4' is not one of IPv4",
    ],
    [
      withSlice({ ports: [{ port: 1 }], endpoints: [{ addresses: ['fd00::1'] }] }),
      "endpointSlices[0].endpoints[0].addresses[0]: 'fd00::1' is not an IPv4 address",
    ],
    [withSlice({ ports: [{ port: -1 }] }), 'endpointSlices[0].ports[0].port: -1 is not an integer'],
    [withSpec({ clusterIP: 7 }), 'services[1].spec.clusterIP: 7 is not a text'],
    [withSpec({ type: 7 }), 'services[1].spec.type: 7 is not a text'],
    [withSpec({ ports: [null] }), 'services[1].spec.ports[0]: null is not an object of the Kub'],
    [withSpec({ ports: [{ port: 1 }, { port: 2, name: 7 }] }), 'ports[1].name: 7 is not a text'],
    [
      withSpec({ sessionAffinity: 'ClientIP', sessionAffinityConfig: 7 }),
      'services[1].spec.sessionAffinityConfig: 7 is not an object of the Kubernetes API',
    ],
    [withService({ ...OTHER, spec: 7 }), 'services[1].spec: 7 is not an object of the Kubernetes'],
    [withService({ ...OTHER, status: 7 }), 'services[1].status: 7 is not an object of the Kubern'],
    [
      withService({
        ...OTHER,
        status: { loadBalancer: { ingress: [{ hostname: 'lb' }, { ip: 'lb' }] } },
      }),
      "services[1].status.loadBalancer.ingress[1].ip: 'lb' is not an IPv4 or IPv6 address",
    ],
    [
      withService({ ...OTHER, status: { loadBalancer: { ingress: [{}, null] } } }),
      'services[1].status.loadBalancer.ingress[1]: null is not an object',
    ],
    [
      withService({ ...OTHER, metadata: { ...OTHER.metadata, labels: 7 } }),
      'services[1].metadata.labels: 7 is not an object',
    ],
    [
      withService({ ...OTHER, metadata: { ...OTHER.metadata, creationTimestamp: 'today' } }),
      "services[1].metadata.creationTimestamp: 'today' is not a time such as",
    ],
    [
      withService({ ...OTHER, metadata: { namespace: 'a/b', name: 'c' } }),
      "services[1].metadata.namespace: 'a/b' is not the name of a namespace",
    ],
    ...(
      [
        ['239.1.1.1', 'a multicast address'],
        ['255.255.255.255', 'the broadcast address'],
        ['0.0.0.0', 'the unspecified address'],
      ] as const
    ).flatMap(([ip, kind]): [() => unknown, string][] => [
      [withSpec({ clusterIP: ip }), `services[1].spec.clusterIP: '${ip}' is ${kind}: no packet`],
      [
        withSpec({ externalIPs: ['192.0.2.1', ip] }),
        `services[1].spec.externalIPs[1]: '${ip}' is ${kind}: no packet would ever match it`,
      ],
      [
        withService({ ...OTHER, status: { loadBalancer: { ingress: [{}, { ip }] } } }),
        `services[1].status.loadBalancer.ingress[1].ip: '${ip}' is ${kind}: no packet would ever`,
      ],
      [
        withEndpoint({ addresses: [ip] }),
        `endpoints[0].addresses[0]: '${ip}' is ${kind}, which no server has`,
      ],
    ]),
    ...['ff05::1', '::'].map((ip): [() => unknown, string] => [
      withSpec({ clusterIPs: ['fd00::10'], externalIPs: [ip] }),
      `services[1].spec.externalIPs[0]: '${ip}' is ${ip === '::' ? 'the unspecified' : 'a multicast'} address`,
    ]),
    ...(
      [
        ['ff05::1', 'a multicast address'],
        ['::', 'the unspecified address'],
        ['::ffff:10.1.1.1', 'an IPv4 address in IPv6 form'],
      ] as const
    ).map(([ip, kind]): [() => unknown, string] => [
      withSlice({
        addressType: 'IPv6',
        ports: [{ port: 1 }],
        endpoints: [{ addresses: [ip] }],
      }),
      `endpoints[0].addresses[0]: '${ip}' is ${kind}, which no server has`,
    ]),
    [withSlice({ ports: [null] }), 'endpointSlices[0].ports[0]: null is not an object'],
    [
      withSlice({ ports: [{ port: 1 }], endpoints: [{}, null] }),
      'endpointSlices[0].endpoints[1]: null is not an object',
    ],
    [
      withSlice({ ports: [{ port: 1 }], endpoints: [{ addresses: '10.1.1.1' }] }),
      "endpointSlices[0].endpoints[0].addresses: '10.1.1.1' is not an array",
    ],
    [
      withEndpoint({ conditions: { ready: 'false' } }),
      "endpointSlices[0].endpoints[0].conditions.ready: 'false' is not a boolean",
    ],
    [withEndpoint({ nodeName: 7 }), 'endpoints[0].nodeName: 7 is not a text'],
    [withEndpoint({ hints: { forZones: 7 } }), 'endpoints[0].hints.forZones: 7 is not an array'],
    [
      withEndpoint({ hints: { forNodes: [null] } }),
      'endpoints[0].hints.forNodes[0]: null is not an object',
    ],
    [withNode({}), 'node.name: undefined is not the name of a node'],
    [withNode({ name: 'a', ip: '' }), "node.ip: 'ip' is not a known property"],
    [
      withNode({ name: 'a', nodeIPs: ['x'] }),
      "node.nodeIPs[0]: 'x' is not an IPv4 or IPv6 address",
    ],
    [withNode({ name: 'a', addresses: { eth0: 1 } }), 'node.addresses.eth0: 1 is not an array'],
    [
      withConfig({ sheduler: 'rr' }),
      "config.sheduler: 'sheduler' is not a known property: did you",
    ],
    [withConfig({ ipFamilies: ['ipv4'] }), "config.ipFamilies[0]: 'ipv4' is not one of IPv4, IPv6"],
    [withConfig({ excludeCIDRs: ['x'] }), "config.excludeCIDRs[0]: 'x' is not a network"],
    [withConfig({ scheduler: 'a b' }), "config.scheduler: 'a b' is not the name of a scheduler"],
    [withConfig({ link: 'kube/0' }), "config.link: 'kube/0' is not the name of a link"],
    // The agent creates the link.
    [withConfig({ link: 'kube%d' }), "config.link: 'kube%d' is not the name of a link"],
  ])('%#: %s', (body, message) => {
    expect(messageOf(body)).toContain(`compile: `);
    expect(messageOf(body)).toContain(message);
  });
});

/** A Service and an EndpointSlice that have every property that is read. */
const FULL_SERVICE = {
  metadata: {
    ...METADATA,
    labels: { app: 'web' },
    annotations: { scheduler: 'sh' },
    creationTimestamp: '2026-01-02T03:04:05Z',
  },
  spec: {
    type: 'LoadBalancer',
    clusterIP: '10.96.0.10',
    clusterIPs: ['10.96.0.10', 'fd00::10'],
    ports: [{ name: 'http', protocol: 'TCP', port: 80, nodePort: 30_080 }],
    externalIPs: ['198.51.100.7'],
    externalTrafficPolicy: 'Local',
    internalTrafficPolicy: 'Cluster',
    loadBalancerSourceRanges: ['192.0.2.0/24'],
    healthCheckNodePort: 31_000,
    sessionAffinity: 'ClientIP',
    sessionAffinityConfig: { clientIP: { timeoutSeconds: 60 } },
  },
  status: { loadBalancer: { ingress: [{ ip: '203.0.113.9', ipMode: 'VIP' }] } },
};
const FULL_SLICE = {
  metadata: { ...METADATA, name: 'web-1', labels: LABELS, annotations: { weight: '3' } },
  addressType: 'IPv4',
  ports: [{ name: 'http', protocol: 'TCP', port: 8080 }],
  endpoints: [
    {
      addresses: ['10.244.1.5'],
      nodeName: 'node-a',
      conditions: { ready: true, serving: true, terminating: false },
      hints: { forZones: [{ name: 'zone-1' }], forNodes: [{ name: 'node-a' }] },
    },
  ],
};

type Place = readonly (string | number)[];

/** Returns the places of all values within a value. */
function placesOf(value: unknown): Place[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) => [
    [key],
    ...placesOf(inner).map((rest) => [key, ...rest]),
  ]);
}

/** Returns a copy with another value at a place. */
function replaced(value: unknown, [key = '', ...rest]: Place, other: unknown): unknown {
  const inner: unknown = Reflect.get(Object(value), key);
  const next = rest.length === 0 ? other : replaced(inner, rest, other);
  return Array.isArray(value)
    ? value.map((each, index) => (String(index) === key ? next : each))
    : { ...Object(value), [key]: next };
}

const ODD = [null, undefined, 7, -1, 1e99, Number.NaN, '', 'x', '7', true, [], [null], [7], {}];
const CONFIG = { schedulerAnnotation: 'scheduler', weightAnnotation: 'weight' };

describe('an object with one odd value is compiled, or refused in words', () => {
  test.each(placesOf(FULL_SERVICE).map((place) => [place.join('.'), place] as const))(
    'Service: %s',
    (_, place) => {
      for (const odd of [...ODD, Symbol('odd'), 7n, () => 1]) {
        const services = [replaced(FULL_SERVICE, place, odd)];
        const input = { services, endpointSlices: [FULL_SLICE], node: NODE };
        expectInputError(() => call(nftablesRuleset, call(compile, input, CONFIG)));
      }
    },
  );

  test.each(placesOf(FULL_SLICE).map((place) => [place.join('.'), place] as const))(
    'EndpointSlice: %s',
    (_, place) => {
      for (const odd of [...ODD, Symbol('odd'), 7n, () => 1]) {
        const endpointSlices = [replaced(FULL_SLICE, place, odd)];
        const input = { services: [FULL_SERVICE], endpointSlices, node: NODE };
        expectInputError(() => call(nftablesRuleset, call(compile, input, CONFIG)));
      }
    },
  );
});

/** Fails if the body throws anything but an error of bad input. */
function expectInputError(body: () => unknown): void {
  try {
    body();
  } catch (error) {
    if (!isInputError(error)) throw error;
  }
}

const RESULT = compile({ services: [], endpointSlices: [], node: NODE });
const compiler = new Compiler(NODE);
const nftables = new Nftables({ command: ['false'] });
const construct = (body: typeof Compiler | typeof Nftables, ...args: unknown[]) =>
  Reflect.construct(body, args);

type Row = readonly [name: string, body: (...args: unknown[]) => unknown, ...args: unknown[]];
/** Each function, constructor and method of the subpath, with good arguments. */
const functions: readonly Row[] = [
  ['compile', (...args) => call(compile, ...args), { ...EMPTY, node: NODE }, {}],
  ['Compiler', (...args) => construct(Compiler, ...args), NODE, {}],
  ['setNode', (...args) => call(compiler.setNode.bind(compiler), ...args), NODE],
  ['setService', (...args) => call(compiler.setService.bind(compiler), ...args), SERVICE],
  ['removeService', (...args) => call(compiler.removeService.bind(compiler), ...args), SERVICE],
  ['setEndpointSlice', (...args) => call(compiler.setEndpointSlice.bind(compiler), ...args), SLICE],
  [
    'removeEndpointSlice',
    (...args) => call(compiler.removeEndpointSlice.bind(compiler), ...args),
    SLICE,
  ],
  ['result', (...args) => call(compiler.result.bind(compiler), ...args)],
  ['reconcileOptions', (...args) => call(reconcileOptions, ...args), {}],
  ['nftablesRuleset', (...args) => call(nftablesRuleset, ...args), RESULT, {}],
  ['nftablesChanges', (...args) => call(nftablesChanges, ...args), RESULT, RESULT, {}],
  ['nftablesCleanup', (...args) => call(nftablesCleanup, ...args), {}],
  ['Nftables', (...args) => construct(Nftables, ...args), {}],
  ['reset', (...args) => call(nftables.reset.bind(nftables), ...args)],
  ['kernelParameters', (...args) => call(kernelParameters, ...args), { kernel: '6.12.9' }],
  ['staleFlows', (...args) => call(staleFlows, ...args), [], []],
];

describe.each(functions.map((row) => [row[0], row] as const))('%s', (_, [name, body, ...args]) => {
  test('refuses an argument too many', () => {
    body(...args);
    const message = `${name}: argument ${args.length + 1}: 1 is one too many`;
    expect(messageOf(() => body(...args, 1))).toContain(message);
  });

  test.each([null, 7, 'text', true, [1], () => 1])('refuses arguments that are %o', (value) => {
    for (const place of args.keys()) {
      const given = args.map((each, index) => (index === place ? value : each));
      // null stands for a configuration that is left out.
      if (value === null && Object.keys(Object(args[place])).length === 0) continue;
      expect(messageOf(() => body(...given))).toMatch(new RegExp(`^${name}: .* is not `));
    }
  });

  test('refuses unknown properties of what is no object of the API', () => {
    for (const [place, value] of args.entries()) {
      if (value === RESULT || value === SERVICE || value === SLICE || Array.isArray(value))
        continue;
      const given = args.map((each, index) =>
        index === place ? { ...Object(each), odd: 1 } : each,
      );
      expect(messageOf(() => body(...given))).toMatch(/^\w+: \w+\.odd: 'odd' is not a known/);
    }
  });
});

describe('options of the helpers', () => {
  test.each([
    [() => call(kernelParameters), 'kernelParameters: options: undefined is not an object'],
    [() => call(kernelParameters, {}), 'kernelParameters: options.kernel: undefined is not a rel'],
    [() => call(kernelParameters, { kernel: 6.12 }), 'options.kernel: 6.12 is not a release such'],
    [
      () => call(kernelParameters, { kernel: 'six' }),
      "options.kernel: 'six' is not a release such",
    ],
    [
      () => call(kernelParameters, { kernel: '6.1', strictARP: 1 }),
      'kernelParameters: options.strictARP: 1 is not a boolean',
    ],
    [() => construct(Nftables, { command: 'nft' }), "options.command: 'nft' is not an array of"],
    [() => construct(Nftables, { command: [] }), 'Nftables: options.command: [] names no program'],
    [() => construct(Nftables, { command: [1] }), 'Nftables: options.command[0]: 1 is not a text'],
    [
      () => construct(Nftables, { masqueradeBit: 32 }),
      'Nftables: options.masqueradeBit: 32 is not',
    ],
    [() => construct(Nftables, { clusterCIDRs: ['x'] }), "Nftables: options.clusterCIDRs[0]: 'x'"],
    [() => construct(Nftables, { table: 7 }), 'Nftables: options.table: 7 is not a name'],
    [
      () => call(nftablesRuleset, { sets: { a: 1 }, dropRules: [] }),
      'is not a result of compile()',
    ],
    [() => call(nftablesChanges, RESULT), 'nftablesChanges: after: undefined is not a result of'],
    [() => call(staleFlows, [{}], []), 'staleFlows: udp[0]: {} is not a UDP port of a result'],
    [
      () => call(staleFlows, [], [{ protocol: 'udp' }]),
      "staleFlows: flows[0]: { protocol: 'udp' }",
    ],
  ])('%#: %s', (body, message) => {
    expect(messageOf(body)).toContain(message);
  });

  test('bad arguments of the methods that run nft are refused', async () => {
    const apply = (...args: unknown[]) => call(nftables.apply.bind(nftables), ...args);
    await expect(apply()).rejects.toThrow('apply: result: undefined is not a result of compile()');
    await expect(apply(RESULT, 1)).rejects.toThrow('apply: argument 2: 1 is one too many');
    const hasChanged = (...args: unknown[]) => call(nftables.hasChanged.bind(nftables), ...args);
    await expect(hasChanged(1)).rejects.toThrow('hasChanged: argument 1: 1 is one too many');
    const cleanUp = (...args: unknown[]) => call(nftables.cleanUp.bind(nftables), ...args);
    await expect(cleanUp(1)).rejects.toThrow('cleanUp: argument 1: 1 is one too many');
  });
});

test('a compiler keeps the object that was set before a bad one', () => {
  const compiler = new Compiler(NODE);
  compiler.setService(SERVICE);
  const before = compiler.result();
  const bad = { ...SERVICE, spec: { ...SPEC, ports: [{ port: 80 }, { port: 99_999 }] } };
  expect(messageOf(() => compiler.setService(bad))).toContain('setService: service.spec.ports[1]');
  expect(compiler.result()).toBe(before);
});

describe('reconcileOptions', () => {
  test('covers all services of the families that have an address', () => {
    expect(reconcileOptions()).toEqual({
      prune: { networks: ['0.0.0.0/0', '::/0'] },
      drain: { protocols: ['tcp'] },
    });
  });

  test('leaves out a single address', () => {
    const { prune } = reconcileOptions({ ipFamilies: ['IPv6'], excludeCIDRs: ['fd00::7'] });
    expect(prune.networks).toHaveLength(128);
    expect(prune.networks).toContain('fd00::6/128');
    expect(prune.networks).not.toContain('fd00::7/128');
  });

  test('leaves out the excluded networks, and weights after the initial sync', () => {
    const config = {
      ipFamilies: ['IPv4'] as const,
      excludeCIDRs: ['128.0.0.0/2', '10.0.0.0/8'],
      initialSync: false,
    };
    expect(reconcileOptions(config)).toEqual({
      prune: {
        networks: [
          '0.0.0.0/5',
          '8.0.0.0/7',
          '11.0.0.0/8',
          '12.0.0.0/6',
          '16.0.0.0/4',
          '32.0.0.0/3',
          '64.0.0.0/2',
          '192.0.0.0/2',
        ],
      },
      drain: { protocols: ['tcp'] },
      keep: ['weight'],
    });
  });
});

function normalizeState({ services }: State): void {
  for (const { destinations = [], ...service } of services) {
    normalizeService(service);
    for (const each of destinations) normalizeDestination(service, each);
  }
}

/** Addresses that are common, and those that no service or no endpoint can have. */
const anyAddress = fc.oneof(
  fc.ipV4(),
  fc.ipV6(),
  fc.constantFrom('239.1.1.1', '255.255.255.255', '0.0.0.0', 'ff05::1', '::', '::ffff:10.1.1.1'),
);

test('the library takes every state that comes out, whatever addresses went in', () => {
  fc.assert(
    fc.property(anyAddress, anyAddress, anyAddress, anyAddress, (clusterIP, external, ip, own) => {
      const compiler = new Compiler(NODE);
      const tryTo = (set: () => void): boolean => {
        try {
          set();
          return true;
        } catch (error) {
          if (!isInputError(error)) throw error;
          return false;
        }
      };
      const isTaken = [
        tryTo(() =>
          compiler.setService({
            ...SERVICE,
            spec: { ...SPEC, clusterIP, externalIPs: [external] },
            status: { loadBalancer: { ingress: [{ ip }] } },
          }),
        ),
        ...['IPv4', 'IPv6'].map((addressType) =>
          tryTo(() =>
            compiler.setEndpointSlice({
              metadata: { ...METADATA, name: addressType, labels: LABELS },
              addressType,
              ports: [{ port: 8080 }],
              endpoints: [{ addresses: [own] }],
            }),
          ),
        ),
      ];
      const { state } = compiler.result();
      expect(() => normalizeState(state)).not.toThrow();
      // A Service that is taken is served.
      expect(state.services.length > 0).toBe(isTaken[0]);
    }),
  );
});
