/** Draining of destinations with real connections. */
import type { DrainOptions, ReconcileResult, WantedService } from 'ipvs';
import { diagnose } from 'ipvs';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { Peers } from './helpers/peers.js';
import { until } from './helpers/poll.js';
import { Traffic } from './helpers/traffic.js';
import { useNamespace } from './helpers/use-namespace.js';

const fixture = useNamespace();
const VIRTUAL = '10.96.0.1';
const PORT = 8080;
const SERVERS = ['127.0.0.2', '127.0.0.3', '127.0.0.4'] as const;
const [ONE, TWO, THREE] = SERVERS;

let peers: Peers;
/** Each test has a port of its own, because connections outlive their service. */
let port = 100;

beforeAll(async () => {
  const { namespace } = fixture;
  namespace.ip('link', 'add', 'virtual', 'type', 'dummy');
  namespace.ip('link', 'set', 'virtual', 'up');
  namespace.ip('address', 'add', `${VIRTUAL}/32`, 'dev', 'virtual');
  peers = new Peers(namespace, PORT, SERVERS);
  await peers.ready();
});
afterAll(() => peers.stop());
beforeEach(async () => {
  await fixture.ipvs.flush();
  await fixture.ipvs.sysctls.set({ expireQuiescentTemplate: false });
  port++;
});

const nameOf = (protocol = 'tcp') => `${protocol}://${VIRTUAL}:${port}`;

/** A service with masqueraded servers. */
function serviceOf(
  servers: readonly string[],
  settings: Partial<WantedService> = {},
): WantedService {
  const destinations = servers.map((address) => ({
    address,
    port: PORT,
    forwarding: 'masquerade' as const,
    weight: 3,
  }));
  const service = { protocol: 'tcp', address: VIRTUAL, port, scheduler: 'rr', destinations };
  // The settings do not change the kind of the key.
  return { ...service, ...settings } as WantedService;
}

const reconcile = (
  services: readonly WantedService[],
  drain: boolean | DrainOptions = true,
): Promise<ReconcileResult> => fixture.ipvs.reconcile({ services }, { prune: true, drain });

async function weightsOf(protocol?: string): Promise<Record<string, number>> {
  const listed = await fixture.ipvs.listDestinations(nameOf(protocol));
  return Object.fromEntries(listed.map(({ address, weight }) => [address, weight]));
}

async function activeOf(address: string): Promise<number | undefined> {
  const destination = await fixture.ipvs.getDestination(nameOf(), `${address}:${PORT}`);
  return destination?.activeConnections;
}

const hold = (count: number) => peers.count('hold', count, VIRTUAL, port);
const fetch = (count: number) => peers.count('fetch', count, VIRTUAL, port);
const again = (count: number) => peers.count('again', count);
const release = () => peers.count('release', 1);

/** Ends the connections, and waits until the kernel has counted that. */
async function releaseAll(...servers: readonly string[]): Promise<void> {
  await release();
  for (const server of servers) {
    await until(
      () => activeOf(server),
      (active) => active === 0,
    );
  }
}

const drainingAt = (address: string, active: number, inactive = 0, protocol?: string) => ({
  service: nameOf(protocol),
  destination: `${address}:${PORT}`,
  activeConnections: active,
  inactiveConnections: inactive,
});

test('an unwanted destination keeps its connections with weight 0, and goes without them', async () => {
  await reconcile([serviceOf(SERVERS)]);
  expect(await hold(3)).toEqual({ [ONE]: 1, [TWO]: 1, [THREE]: 1 });

  const first = await reconcile([serviceOf([ONE, THREE])]);
  const differences = { weight: [3, 0] };
  const destination = `${TWO}:${PORT}`;
  expect(first.changes).toEqual([
    { action: 'update', service: nameOf(), destination, differences },
  ]);
  expect(String(first)).toBe(`~ ${nameOf()} ${destination} weight 3 → 0`);
  expect(first.draining).toEqual([drainingAt(TWO, 1)]);
  expect(first.unchanged).toEqual({ services: 1, destinations: 2 });
  expect(await weightsOf()).toEqual({ [ONE]: 3, [TWO]: 0, [THREE]: 3 });

  // Nobody new comes to it, and who was there stays.
  expect(await fetch(4)).toEqual({ [ONE]: 2, [THREE]: 2 });
  expect(await again(3)).toEqual({ [ONE]: 1, [TWO]: 1, [THREE]: 1 });
  const second = await reconcile([serviceOf([ONE, THREE])]);
  expect(second.changes).toEqual([]);
  expect(second.draining).toEqual([drainingAt(TWO, 1)]);

  await releaseAll(TWO);
  // The closed connection is still counted as an inactive one.
  const third = await reconcile([serviceOf([ONE, THREE])]);
  expect(third.draining).toEqual([drainingAt(TWO, 0, 1)]);
  const last = await reconcile([serviceOf([ONE, THREE])], { ignoreInactive: true });
  expect(last.changes).toEqual([{ action: 'delete', service: nameOf(), destination }]);
  expect(last.draining).toEqual([]);
  expect(await weightsOf()).toEqual({ [ONE]: 3, [THREE]: 3 });
});

test('without drain, an unwanted destination is deleted with its connections', async () => {
  await reconcile([serviceOf(SERVERS)]);
  await hold(3);
  const { draining } = await reconcile([serviceOf([ONE, THREE])], false);
  expect(draining).toEqual([]);
  expect(await weightsOf()).toEqual({ [ONE]: 3, [THREE]: 3 });
  // Its connection hangs until it is there again.
  await reconcile([serviceOf(SERVERS)]);
  await releaseAll(...SERVERS);
});

test('a destination that is wanted again gets its weight back and keeps its connections', async () => {
  await reconcile([serviceOf([ONE, TWO])]);
  expect(await hold(2)).toEqual({ [ONE]: 1, [TWO]: 1 });
  await reconcile([serviceOf([ONE])]);
  expect(await weightsOf()).toEqual({ [ONE]: 3, [TWO]: 0 });

  const { changes, draining } = await reconcile([serviceOf([ONE, TWO])]);
  expect(changes).toMatchObject([{ action: 'update', differences: { weight: [0, 3] } }]);
  expect(draining).toEqual([]);
  expect(await again(2)).toEqual({ [ONE]: 1, [TWO]: 1 });
  expect(await activeOf(TWO)).toBe(1);
  expect(await fetch(4)).toEqual({ [ONE]: 2, [TWO]: 2 });
  await releaseAll(ONE, TWO);
});

test('a destination that is wanted again stays at weight 0 if weights are kept', async () => {
  await reconcile([serviceOf([ONE, TWO])]);
  expect(await hold(2)).toEqual({ [ONE]: 1, [TWO]: 1 });
  await reconcile([serviceOf([ONE])]);
  const state = { services: [serviceOf([ONE, TWO])] };
  const { changes, draining } = await fixture.ipvs.reconcile(state, { keep: ['weight'] });
  expect(changes).toEqual([]);
  expect(draining).toEqual([]);
  expect(await weightsOf()).toEqual({ [ONE]: 3, [TWO]: 0 });
  await releaseAll(ONE, TWO);
});

test('a service outlives its draining destinations, and its idle ones go at once', async () => {
  await reconcile([serviceOf([ONE, TWO])]);
  expect(await hold(1)).toEqual({ [ONE]: 1 });
  const first = await reconcile([]);
  expect(first.changes).toEqual([
    {
      action: 'update',
      service: nameOf(),
      destination: `${ONE}:${PORT}`,
      differences: { weight: [3, 0] },
    },
    { action: 'delete', service: nameOf(), destination: `${TWO}:${PORT}` },
  ]);
  expect(await weightsOf()).toEqual({ [ONE]: 0 });
  expect(await again(1)).toEqual({ [ONE]: 1 });
  expect((await reconcile([])).changes).toEqual([]);

  await releaseAll(ONE);
  const last = await reconcile([], { ignoreInactive: true });
  expect(last.changes).toEqual([{ action: 'delete', service: nameOf() }]);
  expect(fixture.namespace.saved()).toEqual([]);
});

test('flows of udp are drained only if drain names the protocol', async () => {
  const services = [serviceOf([ONE], { protocol: 'udp' })];
  await reconcile(services);
  expect(await peers.count('ask', 2, VIRTUAL, port)).toEqual({ [ONE]: 2 });
  const dryRun = (drain: DrainOptions | boolean) =>
    fixture.ipvs.reconcile({ services: [] }, { prune: true, drain, dryRun: true });
  const deletion = [{ action: 'delete', service: nameOf('udp') }];
  expect((await dryRun(true)).changes).toEqual(deletion);
  const named = await dryRun({ protocols: ['udp'] });
  expect(named.draining).toEqual([drainingAt(ONE, 0, 2, 'udp')]);
  // All flows of udp are inactive connections.
  const both = await dryRun({ protocols: ['udp'], ignoreInactive: true });
  expect(both.changes).toEqual(deletion);
  expect((await reconcile([])).changes).toEqual(deletion);
});

test('destinations of firewall marks are always drained', async () => {
  const destinations = [{ address: ONE, port: PORT, forwarding: 'masquerade' as const }];
  await reconcile([{ fwmark: 77, scheduler: 'rr', destinations }]);
  const traffic = new Traffic(fixture.namespace);
  const data = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n';
  await traffic.connect({ protocol: 'tcp', to: [VIRTUAL, PORT], mark: 77, data });
  const { draining } = await reconcile([], { protocols: [] });
  traffic.stop();
  expect(draining).toEqual([
    {
      service: 'fwmark://77',
      destination: `${ONE}:${PORT}`,
      activeConnections: 1,
      inactiveConnections: 0,
    },
  ]);
});

test('a connection that is being opened is an active one', async () => {
  const { namespace } = fixture;
  namespace.ip('address', 'add', '192.168.255.1/24', 'dev', 'virtual');
  await reconcile([serviceOf(['192.168.255.2'])]);
  const traffic = new Traffic(namespace);
  // Nobody answers it.
  await traffic.connect({ protocol: 'tcp', to: [VIRTUAL, port], wait: false });
  const { draining } = await reconcile([], { ignoreInactive: true });
  traffic.stop();
  expect(await fixture.ipvs.countConnections({ state: 'SYN_RECV' })).toEqual([{ count: 1 }]);
  expect(draining).toEqual([drainingAt('192.168.255.2', 1)]);
});

describe.each([
  { scheduler: 'sh', schedulerFlags: ['sh-fallback', 'sh-port'] as const },
  { scheduler: 'mh', schedulerFlags: ['mh-fallback', 'mh-port'] as const },
])('with $scheduler', (settings) => {
  test('new connections pass a draining destination by, and old ones stay', async () => {
    await reconcile([serviceOf(SERVERS, settings)]);
    const held = await hold(12);
    const [busy = ''] = Object.keys(held);
    const rest = SERVERS.filter((server) => server !== busy);
    const { draining } = await reconcile([serviceOf(rest, settings)]);
    expect(draining).toEqual([drainingAt(busy, held[busy] ?? 0)]);
    expect(await fetch(20)).not.toHaveProperty([busy]);
    expect(await again(12)).toEqual(held);
    await releaseAll(busy);
  });
});

describe('a persistent service', () => {
  const settings = { persistence: { timeout: 600 } };
  const server = async () => Object.keys(await fetch(2)).at(0) ?? '';
  const check = async () => {
    const found = await diagnose({ netns: fixture.namespace.path });
    return found.find(({ name }) => name === 'expire_quiescent_template');
  };

  /** Gives a client a connection to its server, and drains that. Returns the server. */
  const drainOne = async () => {
    await reconcile([serviceOf(SERVERS, settings)]);
    const sticky = await server();
    expect(await hold(1)).toEqual({ [sticky]: 1 });
    const others = SERVERS.filter((each) => each !== sticky);
    await reconcile([serviceOf(others, settings)]);
    return sticky;
  };

  test('keeps its clients at a draining destination, of which diagnose() warns', async () => {
    const sticky = await drainOne();
    expect((await weightsOf())[sticky]).toBe(0);
    // The template of the client says where it belongs.
    expect(await fetch(4)).toEqual({ [sticky]: 4 });
    expect(await check()).toMatchObject({ status: 'warning' });
    await releaseAll(sticky);
  });

  test('lets them go with expire_quiescent_template, and keeps their connections', async () => {
    await fixture.ipvs.sysctls.set({ expireQuiescentTemplate: true });
    const sticky = await drainOne();
    expect(await fetch(4)).not.toHaveProperty([sticky]);
    expect(await again(1)).toEqual({ [sticky]: 1 });
    expect(await check()).toMatchObject({ status: 'ok' });
    await releaseAll(sticky);
  });
});
