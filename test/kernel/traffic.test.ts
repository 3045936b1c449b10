import type { Destination } from 'ipvs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { noStats } from './helpers/model/objects.js';
import { Peers } from './helpers/peers.js';
import { until } from './helpers/poll.js';
import { useNamespace } from './helpers/use-namespace.js';

const fixture = useNamespace();
const VIRTUAL = '10.96.0.1';
const PORT = 8080;
const weights: Readonly<Record<string, number>> = {
  '127.0.0.2': 3,
  '127.0.0.3': 2,
  '127.0.0.4': 1,
};
const servers = Object.keys(weights);

let peers: Peers;

beforeAll(async () => {
  fixture.namespace.ip('link', 'add', 'virtual', 'type', 'dummy');
  fixture.namespace.ip('link', 'set', 'virtual', 'up');
  fixture.namespace.ip('address', 'add', `${VIRTUAL}/32`, 'dev', 'virtual');
  peers = new Peers(fixture.namespace, PORT, servers);
  await peers.ready();
});
afterAll(() => peers.stop());

/** Adds a service for all servers, with their weights. An earlier one would keep its connections. */
async function balance(protocol: 'tcp' | 'udp', port: number, scheduler: string): Promise<string> {
  const name = `${protocol}://${VIRTUAL}:${port}`;
  await fixture.ipvs.addService({ protocol, address: VIRTUAL, port, scheduler });
  const added = Object.entries(weights).map(([address, weight]) =>
    fixture.ipvs.addDestination(name, { address, port: PORT, forwarding: 'masquerade', weight }),
  );
  await Promise.all(added);
  return name;
}

async function destinationsOf(name: string): Promise<Readonly<Record<string, Destination>>> {
  const listed = await fixture.ipvs.listDestinations(name);
  return Object.fromEntries(listed.map((each) => [each.address, each]));
}

const connectionsOf = (destinations: Readonly<Record<string, Destination>>) =>
  Object.fromEntries(servers.map((address) => [address, destinations[address]?.stats.connections]));

const counters = ['connections', 'inPackets', 'outPackets', 'inBytes', 'outBytes'] as const;

/**
 * What a service and its destinations have counted once it is so many connections, and what ipvsadm
 * says of it. The kernel brings each one's counters up to date every two seconds, at a time of its
 * own: they are at rest once they add up.
 */
async function countedOf(name: string, connections: number) {
  const read = async () => {
    const before = (await fixture.ipvs.getService(name))?.stats ?? noStats;
    const destinations = await destinationsOf(name);
    const listing = fixture.namespace.ipvsadm('-L', '-n', '--stats', '--exact');
    const stats = (await fixture.ipvs.getService(name))?.stats ?? noStats;
    const sum = (counter: (typeof counters)[number]) =>
      Object.values(destinations).reduce((all, each) => all + each.stats[counter], 0);
    const rests = counters.every((each) => stats[each] > 0 && before[each] === stats[each]);
    const adds = counters.every((each) => sum(each) === stats[each]);
    const all = stats.connections === connections;
    return { stats, destinations, listing, settled: all && rests && adds };
  };
  return until(read, ({ settled }) => settled);
}

const share = { '127.0.0.2': 30, '127.0.0.3': 20, '127.0.0.4': 10 };

test('HTTP requests are balanced by weight and counted', async () => {
  const service = await balance('tcp', 81, 'wrr');
  expect(await peers.count('fetch', 60, VIRTUAL, 81)).toEqual(share);

  const { stats, destinations, listing } = await countedOf(service, 60);
  expect(connectionsOf(destinations)).toEqual(share);
  // Both ways, at least: SYN, request and FIN; SYN+ACK, answer and FIN.
  expect(stats.inPackets).toBeGreaterThanOrEqual(3 * 60);
  expect(stats.outPackets).toBeGreaterThanOrEqual(3 * 60);
  expect(stats.inBytes).toBeGreaterThan(40 * stats.inPackets);
  expect(stats.outBytes).toBeGreaterThan(40 * stats.outPackets);
  const row = counters.map((counter) => stats[counter]).join(' +');
  expect(listing).toMatch(new RegExp(`10\\.96\\.0\\.1:81 +${row}\n`));

  // Everything is over: nothing active, all in the states that follow.
  for (const [address, count] of Object.entries(share)) {
    expect(destinations[address]).toMatchObject({
      activeConnections: 0,
      inactiveConnections: count,
    });
  }

  await fixture.ipvs.zero(service);
  expect((await fixture.ipvs.getService(service))?.stats.connections).toBe(0);
  expect(connectionsOf(await destinationsOf(service))).toEqual({
    '127.0.0.2': 0,
    '127.0.0.3': 0,
    '127.0.0.4': 0,
  });
});

test('UDP exchanges are balanced by weight', async () => {
  const service = await balance('udp', 82, 'wrr');
  expect(await peers.count('ask', 60, VIRTUAL, 82)).toEqual(share);
  const destinations = await destinationsOf(service);
  for (const [address, count] of Object.entries(share)) {
    expect(destinations[address]).toMatchObject({
      activeConnections: 0,
      inactiveConnections: count,
    });
  }
});

test('open connections are counted, and a destination of weight 0 gets no new ones', async () => {
  const service = await balance('tcp', 83, 'rr');
  const active = async () =>
    Object.values(await destinationsOf(service)).map((each) => each.activeConnections);
  const each = { '127.0.0.2': 2, '127.0.0.3': 2, '127.0.0.4': 2 };
  expect(await peers.count('hold', 6, VIRTUAL, 83)).toEqual(each);
  expect(await active()).toEqual([2, 2, 2]);

  await fixture.ipvs.updateDestination(service, `127.0.0.3:${PORT}`, { weight: 0 });
  expect(await peers.count('fetch', 10, VIRTUAL, 83)).toEqual({ '127.0.0.2': 5, '127.0.0.4': 5 });
  // It keeps its connections.
  expect(await peers.count('again', 6)).toEqual(each);
  expect((await destinationsOf(service))['127.0.0.3']).toMatchObject({
    weight: 0,
    activeConnections: 2,
  });

  await peers.count('release', 1);
  await until(active, (counts) => counts.every((count) => count === 0));
  expect((await destinationsOf(service))['127.0.0.3']?.inactiveConnections).toBe(2);
});

test('a service can be deleted and added during traffic', async () => {
  const service = await balance('tcp', 84, 'rr');
  expect(await peers.count('fetch', 6, VIRTUAL, 84)).toEqual({
    '127.0.0.2': 2,
    '127.0.0.3': 2,
    '127.0.0.4': 2,
  });
  await fixture.ipvs.deleteDestination(service, `127.0.0.2:${PORT}`);
  await fixture.ipvs.updateDestination(service, `127.0.0.4:${PORT}`, { weight: 0 });
  expect(await peers.count('fetch', 6, VIRTUAL, 84)).toEqual({ '127.0.0.3': 6 });
});

test('persistence keeps a client at its destination and lists a template', async () => {
  const service = await balance('tcp', 85, 'rr');
  await fixture.ipvs.updateService(service, { persistence: { timeout: 60 } });
  const answers = await peers.count('fetch', 12, VIRTUAL, 85);
  const [address = ''] = Object.keys(answers);
  expect(answers).toEqual({ [address]: 12 });
  const destinations = await destinationsOf(service);
  for (const each of servers) {
    expect(destinations[each]?.persistentConnections).toBe(each === address ? 1 : 0);
  }
});
