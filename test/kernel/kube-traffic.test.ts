/**
 * The table of nftables when other programs change it. Masquerading, source ranges and reject rules,
 * with packets: a client, a node, a pod on it and one elsewhere, each in a namespace. Needs a kernel
 * with nftables for IPv4, which user-mode Linux is not.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { Ipvs } from 'ipvs';
import { compile, Nftables, type ServiceObject } from 'ipvs/kubernetes';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { Namespace } from './helpers/namespace.js';
import { PYTHON, programPath } from './helpers/programs.js';

const CLIENT = '192.0.2.20';
const STRANGER = '192.0.2.21';
const NODE_IP = '192.0.2.10';
const LOCAL_POD = '10.244.1.5';
const REMOTE_POD = '10.244.2.6';
const CLUSTER_IP = '10.96.0.10';
const BALANCER = '203.0.113.9';
/** The node's addresses towards the pods: the source of what is masqueraded. */
const TO_LOCAL = '10.244.1.1';
const TO_REMOTE = '10.244.2.1';
/** Seconds within which a packet would arrive that is not dropped. */
const PATIENCE = '3';

function hasNftables(): boolean {
  const namespace = new Namespace();
  try {
    namespace.run('nft', ['add table inet probe']);
    return true;
  } catch {
    return false;
  } finally {
    namespace.delete();
  }
}

const withNftables = hasNftables();

describe.skipIf(!withNftables)('a table of nftables', () => {
  let namespace: Namespace;
  let nftables: Nftables;
  const nft = (...args: string[]) => namespace.run('nft', args);
  const resultOf = (clusterIP: string) =>
    compile({
      services: [
        {
          metadata: { namespace: 'default', name: 'web' },
          spec: { clusterIP, ports: [{ port: 80 }] },
        },
      ],
      endpointSlices: [],
      node: { name: 'node-a' },
    });

  beforeAll(() => {
    namespace = new Namespace();
    nftables = new Nftables({ command: ['ip', 'netns', 'exec', namespace.name, 'nft'] });
  });
  afterAll(() => namespace?.delete());
  beforeEach(async () => {
    nft('flush ruleset');
    nftables.reset();
    await nftables.apply(resultOf(CLUSTER_IP));
  });

  test('is as it was written after changes of its elements and of other tables', async () => {
    expect(await nftables.hasChanged()).toBe(false);
    await nftables.apply(resultOf('10.96.0.11'));
    nft('add table inet other; add chain inet other input; add rule inet other input drop');
    expect(await nftables.hasChanged()).toBe(false);
    nft('delete table inet other');
    expect(await nftables.hasChanged()).toBe(false);
  });

  test.each([
    ['it is deleted', () => nft('flush ruleset')],
    ['its rules are flushed', () => nft('flush table inet kube-ipvs')],
    ['rules of a chain are flushed', () => nft('flush chain inet kube-ipvs postrouting')],
    [
      'it is restored from a listing',
      () => {
        const listing = nft('list ruleset');
        nft('flush ruleset');
        namespace.run('nft', ['-f', '-'], listing);
      },
    ],
  ])('is noticed if %s, and written anew', async (_, change) => {
    const before = nft('list ruleset');
    change();
    expect(await nftables.hasChanged()).toBe(true);
    nftables.reset();
    await nftables.apply(resultOf(CLUSTER_IP));
    expect(nft('list ruleset')).toBe(before);
    expect(await nftables.hasChanged()).toBe(false);
  });
});

describe.skipIf(!withNftables)('packets', () => {
  const servers: ChildProcess[] = [];
  let node: Namespace;
  let client: Namespace;
  let localPod: Namespace;
  let remotePod: Namespace;
  let ipvs: Ipvs;
  let nftables: Nftables;

  /** Connects a namespace to the node by a pair of links. */
  function connect(other: Namespace, name: string, nodeAddress: string, addresses: string[]): void {
    node.ip('link', 'add', name, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', other.name);
    node.ip('address', 'add', `${nodeAddress}/24`, 'dev', name);
    node.ip('link', 'set', name, 'up');
    for (const address of addresses) other.ip('address', 'add', `${address}/24`, 'dev', 'eth0');
    other.ip('link', 'set', 'eth0', 'up');
  }

  async function serve(namespace: Namespace, port: number): Promise<void> {
    const args = [PYTHON, programPath('sources.py'), 'serve', String(port)];
    const server = spawn('ip', ['netns', 'exec', namespace.name, ...args], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    servers.push(server);
    await once(server.stdout, 'data');
  }

  const ask = (from: Namespace, address: string, port: number, ...more: string[]): string =>
    from.run(PYTHON, [programPath('sources.py'), 'ask', address, String(port), ...more]).trim();

  beforeAll(async () => {
    [node, client, localPod, remotePod] = [
      new Namespace(),
      new Namespace(),
      new Namespace(),
      new Namespace(),
    ];
    ipvs = await Ipvs.open({ netns: node.path });
    connect(client, 'client', NODE_IP, [CLIENT, STRANGER]);
    connect(localPod, 'local', TO_LOCAL, [LOCAL_POD]);
    connect(remotePod, 'remote', TO_REMOTE, [REMOTE_POD]);
    // The pod elsewhere answers only its neighbours: its node knows no way back to the client.
    localPod.ip('route', 'add', 'default', 'via', TO_LOCAL);
    client.ip('route', 'add', 'default', 'via', NODE_IP);
    remotePod.ip('route', 'add', `${CLUSTER_IP}/32`, 'via', TO_REMOTE);
    node.run('sh', ['-c', 'echo 1 >/proc/sys/net/ipv4/ip_forward']);
    await ipvs.sysctls.set({ conntrack: true });
    await serve(localPod, 8080);
    await serve(remotePod, 8080);
    await serve(node, 2222);
    nftables = new Nftables({ command: ['ip', 'netns', 'exec', node.name, 'nft'] });
  });
  afterAll(async () => {
    for (const server of servers) server.kill();
    await ipvs?.close();
    for (const namespace of [node, client, localPod, remotePod]) namespace?.delete();
  });
  beforeEach(async () => {
    await ipvs.flush();
    // Connections are tracked, and IPVS has its own memory of them.
    await ipvs.links.deleteLink('kube-ipvs0', { ifExists: true });
    await ipvs.links.ensureDummy('kube-ipvs0', { up: false });
  });

  /** Applies a Service with the given endpoints. */
  async function apply(spec: object, endpoints: readonly string[], status = {}): Promise<void> {
    const service: ServiceObject = {
      metadata: { namespace: 'default', name: 'web' },
      spec: { clusterIP: CLUSTER_IP, ports: [{ name: 'http', port: 80 }], ...spec },
      status,
    };
    const slice = {
      metadata: {
        namespace: 'default',
        name: 'web-1',
        labels: { 'kubernetes.io/service-name': 'web' },
      },
      addressType: 'IPv4',
      ports: [{ name: 'http', port: 8080 }],
      endpoints: endpoints.map((address) => ({
        addresses: [address],
        nodeName: address === LOCAL_POD ? 'node-a' : 'node-b',
      })),
    };
    const description = {
      name: 'node-a',
      nodeIPs: [NODE_IP],
      addresses: { client: [NODE_IP], local: [TO_LOCAL], remote: [TO_REMOTE] },
    };
    const result = compile({ services: [service], endpointSlices: [slice], node: description });
    await ipvs.reconcile(result.state);
    await ipvs.links.reconcileAddresses('kube-ipvs0', result.addresses);
    await nftables.apply(result);
  }

  const nodePort = { type: 'NodePort', ports: [{ name: 'http', port: 80, nodePort: 30080 }] };

  test('to a node port are masqueraded, so that a pod elsewhere can answer', async () => {
    await apply(nodePort, [REMOTE_POD]);
    expect(ask(client, NODE_IP, 30080)).toBe(TO_REMOTE);
  });

  test('to a node port of policy Local keep the address of the client', async () => {
    await apply({ ...nodePort, externalTrafficPolicy: 'Local' }, [LOCAL_POD, REMOTE_POD]);
    expect(ask(client, NODE_IP, 30080)).toBe(CLIENT);
  });

  test('to an external IP are masqueraded', async () => {
    await apply({ externalIPs: ['198.51.100.7'] }, [REMOTE_POD]);
    expect(ask(client, '198.51.100.7', 80)).toBe(TO_REMOTE);
  });

  test('of a pod to itself, through its Service, come back', async () => {
    await apply({}, [LOCAL_POD]);
    expect(ask(localPod, CLUSTER_IP, 80)).toBe(TO_LOCAL);
  });

  test('of a pod to a pod keep their address', async () => {
    await apply({}, [LOCAL_POD]);
    expect(ask(remotePod, CLUSTER_IP, 80)).toBe(REMOTE_POD);
  });

  test('of the node itself to a cluster IP are masqueraded', async () => {
    await apply({}, [REMOTE_POD]);
    expect(ask(node, CLUSTER_IP, 80)).toBe(TO_REMOTE);
  });

  test('to another port of a virtual address do not reach the host', async () => {
    await apply({}, [REMOTE_POD]);
    expect(ask(client, CLUSTER_IP, 2222)).toBe('refused');
    expect(ask(client, NODE_IP, 2222)).toBe(CLIENT);
    await nftables.cleanUp();
    expect(ask(client, CLUSTER_IP, 2222)).toBe(CLIENT);
  });

  describe('to a load balancer with source ranges', () => {
    const status = { loadBalancer: { ingress: [{ ip: BALANCER }] } };
    const balanced = (...loadBalancerSourceRanges: string[]) =>
      apply({ type: 'LoadBalancer', loadBalancerSourceRanges }, [REMOTE_POD], status);

    test('pass from within, and are dropped from elsewhere', async () => {
      await balanced(`${CLIENT}/32`);
      expect(ask(client, BALANCER, 80, CLIENT)).toBe(TO_REMOTE);
      expect(ask(client, BALANCER, 80, STRANGER, PATIENCE)).toBe('timed out');
      expect(ask(node, BALANCER, 80, '0.0.0.0', PATIENCE)).toBe('timed out');
    });

    test('pass again when the ranges have changed', async () => {
      await balanced(`${CLIENT}/32`);
      await balanced('192.0.2.0/24');
      expect(ask(client, BALANCER, 80, STRANGER)).toBe(TO_REMOTE);
      expect(ask(node, BALANCER, 80)).toBe(TO_REMOTE);
    });
  });
});
