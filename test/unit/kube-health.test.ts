/** The pages of the health of `ipvs kubernetes`. */
import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test, vi } from 'vitest';
import { Agent } from '../../lib/cli/kubernetes/agent.js';
import { type Health, healthPages } from '../../lib/cli/kubernetes/health.js';
import { eventOf, listOf, startFakeApiServer } from './helpers/fake-api-server.js';
import { agentSettings, idleTargets } from './helpers/kube-agent.js';

/** A busy machine takes its time. */
const PATIENCE = { timeout: 60_000, interval: 5 };

async function fetchPage(health: Health, path: string, method = 'GET') {
  const server = createServer(healthPages(() => health)).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('it listens on a port');
  try {
    const response = await fetch(`http://127.0.0.1:${address.port}${path}`, { method });
    const text = await response.text();
    return { status: response.status, body: text === '' ? undefined : JSON.parse(text) };
  } finally {
    server.close();
    server.closeAllConnections();
  }
}

const lastSync = new Date('2026-01-02T03:04:05.000Z');
const serving: Health = { isTimely: true, lastSync, isNodeEligible: true };

test.each<[title: string, health: Health, healthz: number, livez: number]>([
  ['serves', serving, 200, 200],
  ['has not served yet', { ...serving, lastSync: undefined }, 503, 200],
  ['is late', { ...serving, isTimely: false }, 503, 503],
  ['is going to be deleted', { ...serving, isNodeEligible: false }, 503, 200],
])('of a node that %s', async (_, health, healthz, livez) => {
  const timeOf = (status: number) => {
    if (status === 200) return expect.stringMatching(/^2\d{3}-.*Z$/);
    return health.lastSync?.toISOString() ?? null;
  };
  expect(await fetchPage(health, '/healthz')).toEqual({
    status: healthz,
    body: {
      lastUpdated: timeOf(healthz),
      currentTime: expect.any(String),
      nodeEligible: health.isNodeEligible,
    },
  });
  expect(await fetchPage(health, '/livez')).toEqual({
    status: livez,
    body: { lastUpdated: timeOf(livez), currentTime: expect.any(String) },
  });
  expect(await fetchPage(health, '/healthz', 'HEAD')).toEqual({ status: healthz, body: undefined });
  expect((await fetchPage(health, '/')).status).toBe(404);
});

test('a healthy node is up to date at the time of the request', async () => {
  const { body } = await fetchPage(serving, '/healthz');
  expect(body.lastUpdated).toBe(body.currentTime);
});

test('an agent is alive while it waits for lists, however long', async () => {
  const open = new Map<string, ServerResponse>();
  using server = await startFakeApiServer(({ path, isWatch }, response) => {
    if (!isWatch) open.set(path, response);
  });
  const stop = new AbortController();
  const agent = new Agent(agentSettings, server.client, idleTargets, () => undefined);
  const never = () =>
    new Promise<void>((resolve) => stop.signal.addEventListener('abort', () => resolve()));
  const running = agent.run(stop.signal, never);
  await vi.waitFor(() => expect(open.size).toBe(3), PATIENCE);
  const [first, ...others] = open.values();
  let time = performance.now();
  const now = vi.spyOn(performance, 'now').mockImplementation(() => time);
  const isTimelyMuchLater = () => {
    time += 600_000;
    return agent.health().isTimely;
  };
  const end = async (response: ServerResponse | undefined) => {
    if (response === undefined) throw new Error('it asks for three lists');
    response.end(listOf([]));
    await once(response, 'close');
  };
  await end(first);
  for (let turn = 0; turn < 10; turn++) {
    await sleep(5);
    expect(isTimelyMuchLater()).toBe(true);
  }
  for (const other of others) await end(other);
  // From now on, changes wait.
  await vi.waitFor(() => expect(isTimelyMuchLater()).toBe(false), PATIENCE);
  now.mockRestore();
  stop.abort();
  await running;
});

const nodeOf = (version: number, details: object = {}, metadata: object = {}) => ({
  metadata: { name: 'node-a', resourceVersion: String(version), ...metadata },
  ...details,
});
const taintedWith = (key: string) => ({ spec: { taints: [{ key, effect: 'NoSchedule' }] } });

test('a node is eligible unless it is deleted, or the autoscaler is about to delete it', async () => {
  let watch: ServerResponse | undefined;
  using server = await startFakeApiServer(({ path, isWatch }, response) => {
    if (!isWatch) response.end(listOf(path === '/api/v1/nodes' ? [nodeOf(5)] : []));
    else if (path === '/api/v1/nodes') watch = response;
  });
  const stop = new AbortController();
  const agent = new Agent(agentSettings, server.client, idleTargets, () => undefined);
  expect(agent.health()).toEqual({ isTimely: true, lastSync: undefined, isNodeEligible: true });
  const running = agent.run(stop.signal, async () => undefined);
  await vi.waitFor(() => expect(watch).toBeDefined(), PATIENCE);
  const after = async (type: string, node: object, expected: boolean) => {
    watch?.write(eventOf(type, node));
    await vi.waitFor(() => expect(agent.health().isNodeEligible).toBe(expected), PATIENCE);
  };
  await after('MODIFIED', nodeOf(6, taintedWith('ToBeDeletedByClusterAutoscaler')), false);
  await after('MODIFIED', nodeOf(7, taintedWith('example.com/other')), true);
  await after('MODIFIED', nodeOf(8, {}, { deletionTimestamp: '2026-01-02T03:04:05Z' }), false);
  await after('MODIFIED', nodeOf(9, { spec: { taints: null } }), true);
  await after('DELETED', nodeOf(9), false);
  await after('ADDED', nodeOf(10, { spec: {} }), true);
  await vi.waitFor(() => expect(agent.health().lastSync).toBeInstanceOf(Date), PATIENCE);
  stop.abort();
  await running;
});
