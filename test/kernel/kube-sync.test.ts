/** Compiled Services in the kernel, read back with ipvsadm; and kube-proxy's cases with a table. */
import { formatServiceReference, Ipvs, type State } from 'ipvs';
import { compile, reconcileOptions, type ServiceObject } from 'ipvs/kubernetes';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import {
  type RealServer,
  type SyncCase,
  stateOf,
  syncCases,
  type VirtualServer,
} from '../kubernetes/cases.js';
import { Traffic } from './helpers/traffic.js';
import { Namespace, useNamespace } from './helpers/use-namespace.js';

const fixture = useNamespace();
const LINK = 'kube-ipvs0';

beforeEach(async () => {
  const { ipvs } = fixture;
  await ipvs.flush();
  await ipvs.links.deleteLink(LINK, { ifExists: true });
  await ipvs.links.ensureDummy(LINK, { up: false });
});

/** The lines of `ipvsadm -Ln` below its headings, with single blanks. */
function listing(): string[] {
  const lines = fixture.namespace.ipvsadm('-Ln').split('\n').slice(3);
  return lines.filter((line) => line !== '').map((line) => line.trim().replace(/ +/g, ' '));
}

function boundAddresses(namespace = fixture.namespace): string[] {
  const links: unknown = JSON.parse(namespace.ip('-json', 'address', 'show', 'dev', LINK));
  const [{ addr_info: addresses }] = links as [{ addr_info: { local: string }[] }];
  return addresses.map(({ local }) => local).sort();
}

describe('ipvsadm lists Services as kube-proxy leaves them', () => {
  const slice = {
    metadata: {
      namespace: 'default',
      name: 'nginx-x7k2p',
      labels: { 'kubernetes.io/service-name': 'nginx' },
    },
    addressType: 'IPv4',
    ports: [{ name: '', port: 8080 }],
    endpoints: [
      { addresses: ['10.244.1.2'], nodeName: 'node-a' },
      { addresses: ['10.244.2.3'], nodeName: 'node-b' },
    ],
  };
  const node = {
    name: 'node-a',
    nodeIPs: ['192.168.80.10'],
    addresses: { lo: ['127.0.0.1'], eth0: ['192.168.80.10'], docker0: ['172.17.0.1'] },
  };

  async function apply(spec: NonNullable<ServiceObject['spec']>): Promise<string[]> {
    const { ipvs } = fixture;
    const service = {
      metadata: { namespace: 'default', name: 'nginx' },
      spec: { clusterIP: '10.110.148.45', ports: [{ port: 8080, nodePort: 0 }], ...spec },
    };
    const { state, addresses } = compile({ services: [service], endpointSlices: [slice], node });
    await ipvs.reconcile(state, reconcileOptions());
    await ipvs.links.reconcileAddresses(LINK, addresses, { prune: true });
    return listing();
  }

  const SERVERS = ['-> 10.244.1.2:8080 Masq 1 0 0', '-> 10.244.2.3:8080 Masq 1 0 0'];

  test('a cluster IP', async () => {
    expect(await apply({})).toEqual(['TCP 10.110.148.45:8080 rr', ...SERVERS]);
    expect(boundAddresses()).toEqual(['10.110.148.45']);
  });

  test('session affinity', async () => {
    const lines = await apply({ sessionAffinity: 'ClientIP' });
    expect(lines).toEqual(['TCP 10.110.148.45:8080 rr persistent 10800', ...SERVERS]);
  });

  test('an external IP', async () => {
    const lines = await apply({ externalIPs: ['192.168.80.100'] });
    expect(lines.filter((line) => line.startsWith('TCP')).sort()).toEqual([
      'TCP 10.110.148.45:8080 rr',
      'TCP 192.168.80.100:8080 rr',
    ]);
    expect(lines.filter((line) => line.startsWith('->'))).toEqual([...SERVERS, ...SERVERS]);
    expect(boundAddresses()).toEqual(['10.110.148.45', '192.168.80.100']);
  });

  test('a node port on every address of the node, none of which is bound', async () => {
    const lines = await apply({ type: 'NodePort', ports: [{ port: 8080, nodePort: 30080 }] });
    expect(lines.filter((line) => line.startsWith('TCP')).sort()).toEqual([
      'TCP 10.110.148.45:8080 rr',
      'TCP 172.17.0.1:30080 rr',
      'TCP 192.168.80.10:30080 rr',
    ]);
    expect(lines.filter((line) => line.startsWith('->'))).toHaveLength(6);
    expect(boundAddresses()).toEqual(['10.110.148.45']);
  });

  test('every change of a Service reaches the table', async () => {
    await apply({ sessionAffinity: 'ClientIP', externalIPs: ['192.168.80.100'] });
    await apply({ ports: [{ port: 80 }] });
    expect(listing()).toEqual(['TCP 10.110.148.45:80 rr', ...SERVERS]);
    expect(boundAddresses()).toEqual(['10.110.148.45']);
  });
});

describe('a table is changed as kube-proxy does', () => {
  const withTable = syncCases.filter(({ before }) => before?.virtualServers !== undefined);
  /** Connections outlive their service, so each case has a namespace of its own. */
  let namespace: Namespace;
  let ipvs: Ipvs;
  let traffic: Traffic | undefined;

  beforeEach(async () => {
    namespace = new Namespace();
    ipvs = await Ipvs.open({ netns: namespace.path });
    await ipvs.links.ensureDummy(LINK, { up: false });
  });
  afterEach(async () => {
    traffic?.stop();
    traffic = undefined;
    await ipvs.close();
    namespace.delete();
  });

  /** Returns a process in the namespace, all of whose addresses are servers. */
  async function startTraffic(): Promise<Traffic> {
    namespace.ip('route', 'add', 'local', '10.0.0.0/8', 'dev', 'lo');
    const started = new Traffic(namespace);
    await started.listen('tcp', ['0.0.0.0', 8080]);
    // A server of datagrams answers from its own address.
    await started.listen('udp', ['10.244.3.7', 5353]);
    return started;
  }

  const isBusy = ({ activeConnections = 0, inactiveConnections = 0 }: RealServer) =>
    activeConnections + inactiveConnections > 0;

  /** Makes a virtual server, with a connection to the real server that has some in the case. */
  async function make(server: VirtualServer): Promise<void> {
    const [service] = stateOf([server]).services;
    if (service === undefined) throw new Error('there is one');
    const { destinations = [], ...config } = service;
    await ipvs.addService(config);
    const busy = server.protocol === 'SCTP' ? -1 : server.realServers.findIndex(isBusy);
    const only = destinations[busy];
    if (only !== undefined) {
      await ipvs.addDestination(config, { ...only, weight: 1 });
      traffic ??= await startTraffic();
      const protocol = server.protocol === 'UDP' ? 'udp' : 'tcp';
      const to = [server.address, server.port] as const;
      await traffic.connect({ protocol, to, source: ['10.1.2.3', 20_000], data: 'hello' });
    }
    for (const destination of destinations) await ipvs.ensureDestination(config, destination);
  }

  async function sync({ services, endpointSlices, node, config }: SyncCase): Promise<void> {
    const { state, addresses } = compile({ services, endpointSlices, node }, config);
    await ipvs.reconcile(state, reconcileOptions(config));
    await ipvs.links.reconcileAddresses(LINK, addresses, { prune: true });
  }

  /** What is better here, by the name of the case: see docs/from-kube-proxy.md. */
  const BETTER: Readonly<Record<string, readonly string[]>> = {
    // The service stays until its connections have ended.
    'deleted-service-goes-at-once': [
      'tcp://10.96.0.10:80',
      'tcp://10.96.0.10:80 10.244.2.6:8080 0',
    ],
  };

  test.each(withTable.map((each) => [each.name, each] as const))('%s', async (name, each) => {
    const { before, expected } = each;
    for (const server of before?.virtualServers ?? []) await make(server);
    await ipvs.links.reconcileAddresses(LINK, before?.dummyAddresses ?? []);
    // Only with all weights in view does a server that drains get its weight back.
    const returns = name === 'draining-endpoint-comes-back';
    await sync(returns ? { ...each, config: { ...each.config, initialSync: true } } : each);
    const { services } = await ipvs.snapshot();
    expect(weightsOf({ services })).toEqual(
      BETTER[name] ?? weightsOf(stateOf(expected.virtualServers)),
    );
    expect(boundAddresses(namespace)).toEqual(expected.dummyAddresses);
    // Unlike with kube-proxy, the connection goes on.
    const connections = services.flatMap(({ destinations }) => destinations);
    if (returns) expect(connections.map(({ activeConnections }) => activeConnections)).toContain(1);
  });
});

/** The services and the weights of their destinations. */
function weightsOf({ services }: State): string[] {
  return services
    .flatMap(({ destinations = [], ...service }) => {
      const name = formatServiceReference(service);
      const servers = destinations.map(
        ({ address, port, weight }) => `${name} ${address}:${port} ${weight}`,
      );
      return [name, ...servers];
    })
    .sort();
}
