/** The agent with a fake API server. test/kernel/command/kube-agent.test.ts has a real one. */
import { getEventListeners } from 'node:events';
import type { ServerResponse } from 'node:http';
import { describe, expect, test, vi } from 'vitest';
import { Agent, type Targets } from '../../lib/cli/kubernetes/agent.js';
import { planSync } from '../../lib/cli/kubernetes/dry-run.js';
import { errorMessage } from '../../lib/core/errors.js';
import { formatServiceReference, type Ipvs } from '../../lib/index.js';
import { eventOf, listOf, startFakeApiServer } from './helpers/fake-api-server.js';
import { agentSettings, idleTargets } from './helpers/kube-agent.js';

/** A busy machine takes its time. */
const PATIENCE = { timeout: 60_000, interval: 5 };

const serviceOf = (version: number) => ({
  metadata: { namespace: 'default', name: 'web', resourceVersion: String(version) },
  spec: { clusterIP: '10.96.0.10', ports: [{ port: 80 + version }] },
});

test('an agent leaves nothing on its signal, however often it waits', async () => {
  let watch: ServerResponse | undefined;
  using server = await startFakeApiServer(({ path, isWatch }, response) => {
    if (!isWatch) response.end(listOf([]));
    else if (path === '/api/v1/services') watch = response;
    // The others end at once, and are opened again.
    else response.end(eventOf('BOOKMARK', { metadata: { resourceVersion: '5' } }));
  });
  const stop = new AbortController();
  const log: string[] = [];
  const agent = new Agent(agentSettings, server.client, idleTargets, (line) => log.push(line));
  let syncs = 0;
  const counts: number[] = [];
  const running = agent.run(stop.signal, async () => {
    syncs++;
    counts.push(getEventListeners(stop.signal, 'abort').length);
  });
  for (let version = 1; version <= 12; version++) {
    await vi.waitFor(() => expect(syncs).toBe(version), PATIENCE);
    await vi.waitFor(() => expect(watch).toBeDefined(), PATIENCE);
    watch?.write(eventOf('MODIFIED', serviceOf(version)));
  }
  stop.abort();
  await running;
  expect(log).toEqual([]);
  // One of each request, and one of each that waits.
  expect(Math.max(...counts)).toBeLessThan(10);
  expect(getEventListeners(stop.signal, 'abort')).toEqual([]);
});

test('an agent goes on after an object that it cannot read, deleted or not', async () => {
  let watch: ServerResponse | undefined;
  using server = await startFakeApiServer(({ path, isWatch }, response) => {
    if (!isWatch) response.end(listOf([]));
    else if (path === '/api/v1/services') watch = response;
  });
  const stop = new AbortController();
  const log: string[] = [];
  const agent = new Agent(agentSettings, server.client, idleTargets, (line) => log.push(line));
  let syncs = 0;
  const running = agent.run(stop.signal, async () => {
    syncs++;
  });
  await vi.waitFor(() => expect([syncs, watch]).toEqual([1, expect.anything()]), PATIENCE);
  const metadata = { name: 'nowhere', resourceVersion: '6' };
  for (const type of ['ADDED', 'DELETED']) watch?.write(eventOf(type, { metadata }));
  watch?.write(eventOf('ADDED', { metadata: null }));
  watch?.write(eventOf('DELETED', { metadata: 'web' }));
  watch?.write(eventOf('ADDED', serviceOf(7)));
  await vi.waitFor(() => expect(syncs).toBe(2), PATIENCE);
  stop.abort();
  await running;
  const fault = 'service.metadata.namespace: undefined is not the name of a namespace';
  expect(log).toEqual([
    `Services /nowhere: setService: ${fault}`,
    `Services /nowhere: removeService: ${fault}`,
    expect.stringContaining('setService: service.metadata: null is not an object'),
    expect.stringContaining("removeService: service.metadata: 'web' is not an object"),
  ]);
});

/** A Service with a node port. */
const NODE_PORT = {
  metadata: { namespace: 'default', name: 'web', resourceVersion: '5' },
  spec: { clusterIP: '10.96.0.10', type: 'NodePort', ports: [{ port: 80, nodePort: 30_080 }] },
};

/** The settings of an agent whose node ports are at the addresses of its Node. */
const primarySettings = {
  ...agentSettings,
  compile: { ...agentSettings.compile, nodePortAddresses: ['primary'] },
};

test('an agent uses those internal IPs of its Node that are addresses', async () => {
  const addresses = [
    { type: 'Hostname', address: 'node-a' },
    { type: 'InternalIP', address: 'node-a.example' },
    { type: 'InternalIP', address: 7 },
    { type: 'InternalIP', address: 'fe80::1%eth0' },
    { type: 'InternalIP', address: '192.0.2.10' },
  ];
  const node = { metadata: { name: 'node-a', resourceVersion: '5' }, status: { addresses } };
  using server = await startFakeApiServer(({ path, isWatch }, response) => {
    if (isWatch) return;
    const items = { '/api/v1/nodes': [node], '/api/v1/services': [NODE_PORT] }[path] ?? [];
    response.end(listOf(items));
  });
  const stop = new AbortController();
  const agent = new Agent(primarySettings, server.client, idleTargets, () => undefined);
  let found: readonly string[] = [];
  await agent.run(stop.signal, async () => {
    const { state } = await agent.compile();
    found = state.services.map(formatServiceReference);
    stop.abort();
  });
  expect(found).toEqual(['tcp://10.96.0.10:80', 'tcp://192.0.2.10:30080']);
});

test('an agent keeps node ports while a Node that registers anew has no addresses', async () => {
  const nodeOf = (version: number, ...addresses: string[]) => ({
    metadata: { name: 'node-a', resourceVersion: String(version) },
    status: { addresses: addresses.map((address) => ({ type: 'InternalIP', address })) },
  });
  let watch: ServerResponse | undefined;
  using server = await startFakeApiServer(({ path, isWatch }, response) => {
    const nodes = [nodeOf(5, '192.0.2.10')];
    const items = { '/api/v1/nodes': nodes, '/api/v1/services': [NODE_PORT] }[path] ?? [];
    if (!isWatch) response.end(listOf(items));
    else if (path === '/api/v1/nodes') watch = response;
  });
  const stop = new AbortController();
  const agent = new Agent(primarySettings, server.client, idleTargets, () => undefined);
  const found: string[] = [];
  const running = agent.run(stop.signal, async () => {
    const { state } = await agent.compile();
    found.push(state.services.map(formatServiceReference).join(' '));
  });
  /** Sends events, and returns the services of the sync after them. */
  const servicesAfter = async (...events: string[]) => {
    const syncs = found.length;
    watch?.write(events.join(''));
    await vi.waitFor(() => expect(found).toHaveLength(syncs + 1), PATIENCE);
    return found.at(-1);
  };
  await vi.waitFor(() => expect([found.length, watch]).toEqual([1, expect.anything()]), PATIENCE);
  const before = 'tcp://10.96.0.10:80 tcp://192.0.2.10:30080';
  expect(found).toEqual([before]);
  expect(await servicesAfter(eventOf('DELETED', nodeOf(6, '192.0.2.10')))).toBe(before);
  expect(await servicesAfter(eventOf('ADDED', nodeOf(7)))).toBe(before);
  expect(await servicesAfter(eventOf('MODIFIED', nodeOf(8, '192.0.2.11')))).toBe(
    'tcp://10.96.0.10:80 tcp://192.0.2.11:30080',
  );
  stop.abort();
  await running;
});

test('an agent reports once that two Services claim one address', async () => {
  const claim = (name: string, clusterIP: string, creationTimestamp: string) => ({
    metadata: { namespace: 'default', name, resourceVersion: '5', creationTimestamp },
    spec: { clusterIP, externalIPs: ['198.51.100.7'], ports: [{ port: 80 }] },
  });
  const services = [
    claim('younger', '10.96.0.2', '2026-01-02T00:00:00Z'),
    claim('older', '10.96.0.1', '2026-01-01T00:00:00Z'),
  ];
  let watch: ServerResponse | undefined;
  using server = await startFakeApiServer(({ path, isWatch }, response) => {
    if (!isWatch) response.end(listOf(path === '/api/v1/services' ? services : []));
    else if (path === '/api/v1/services') watch = response;
  });
  let syncs = 0;
  const log: string[] = [];
  const counting: Targets = {
    ...idleTargets,
    director: {
      apply: async () => {
        syncs++;
      },
    },
    nftables: { ...idleTargets.nftables, apply: async () => '' },
  };
  const stop = new AbortController();
  const agent = new Agent(agentSettings, server.client, counting, (line) => log.push(line));
  const running = agent.run(stop.signal);
  await vi.waitFor(() => expect([syncs, watch]).toEqual([1, expect.anything()]), PATIENCE);
  watch?.write(eventOf('ADDED', serviceOf(7)));
  await vi.waitFor(() => expect(syncs).toBe(2), PATIENCE);
  stop.abort();
  await running;
  expect(log).toEqual([
    "conflict: tcp://198.51.100.7:80 is default/older's, not default/younger's",
  ]);
});

test.each([
  {
    name: 'another program has changed the table of nftables',
    look: async () => true,
    lines: ['nftables: another program has changed the table, which is written anew'],
  },
  {
    name: 'the table of nftables cannot be read',
    look: () => Promise.reject(new Error('nft is missing')),
    lines: [],
  },
])('an agent writes its rules anew if $name', async ({ look, lines }) => {
  using server = await startFakeApiServer(({ isWatch }, response) => {
    if (!isWatch) response.end(listOf([]));
  });
  const stop = new AbortController();
  const steps: string[] = [];
  /** Whether the table is no longer as it was written. */
  let isForeign = false;
  const targets: Targets = {
    ...idleTargets,
    director: { apply: async () => undefined },
    nftables: {
      apply: async () => {
        steps.push('apply');
        return '';
      },
      hasChanged: async () => (isForeign ? await look() : false),
      reset: () => {
        steps.push('reset');
        isForeign = false;
      },
    },
  };
  const log: string[] = [];
  const settings = { ...agentSettings, resync: 1 };
  const agent = new Agent(settings, server.client, targets, (line) => log.push(line));
  const running = agent.run(stop.signal);
  await vi.waitFor(() => expect(steps).toEqual(['apply']), PATIENCE);
  isForeign = true;
  await vi.waitFor(() => expect(steps).toEqual(['apply', 'reset', 'apply']), PATIENCE);
  stop.abort();
  await running;
  expect(log).toEqual(lines);
});

test('an agent logs which resource of which server it cannot read', async () => {
  using server = await startFakeApiServer(({ path }, response) => {
    if (path === '/api/v1/nodes') response.writeHead(403).end('no');
  });
  const stop = new AbortController();
  const log: string[] = [];
  const agent = new Agent(agentSettings, server.client, idleTargets, (line) => {
    log.push(line);
    stop.abort();
  });
  await agent.run(stop.signal);
  expect(log).toEqual([
    expect.stringMatching(
      /^Node from http:\/\/127\.0\.0\.1:\d+: 403 Forbidden: no; next try in \d+ ms$/,
    ),
  ]);
});

describe('a dry run that cannot know what would change', () => {
  /** Any of the lists may fail first. */
  const FROM = '^(Services|EndpointSlices|Node) from http://127\\.0\\.0\\.1:\\d+: ';
  const plan = async (answer: (isWatch: boolean, response: ServerResponse) => void, ipvs = {}) => {
    using server = await startFakeApiServer(({ isWatch }, response) => answer(isWatch, response));
    const log: string[] = [];
    // Nothing else is asked of it.
    const result = planSync(ipvs as Ipvs, agentSettings, server.client, (line) => log.push(line));
    return { message: await result.catch(errorMessage), log };
  };

  test.each([401, 403, 503])('ends when the API server answers %d', async (status) => {
    const { message, log } = await plan((_, response) => {
      response.writeHead(status).end(JSON.stringify({ message: 'services is forbidden' }));
    });
    expect(message).toMatch(new RegExp(`${FROM}${status} .*: services is forbidden$`));
    expect(log).toEqual([]);
  });

  test('ends when there is no list', async () => {
    const { message } = await plan((_, response) => response.end('<html>'));
    expect(message).toMatch(new RegExp(`${FROM}the server sent no JSON: "<html>"$`));
  });

  test('ends when the addresses of the node cannot be read', async () => {
    const ipvs = { links: { listAddresses: () => Promise.reject(new Error('EPERM')) } };
    const lists = (isWatch: boolean, response: ServerResponse) => {
      if (!isWatch) response.end(listOf([]));
    };
    expect(await plan(lists, ipvs)).toEqual({ message: 'EPERM', log: [] });
  });
});
