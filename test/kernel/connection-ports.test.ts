/**
 * Filters by services of port 0 and by firewall marks, measured by what the kernel counts of each
 * destination.
 */
import { type ConnectionFilter, Ipvs } from 'ipvs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { balance, collect, furnish, VIRTUAL, VIRTUAL6 } from './helpers/scene.js';
import { type Client, Traffic } from './helpers/traffic.js';
import { useNamespace } from './helpers/use-namespace.js';

const fixture = useNamespace();
const persistence = { timeout: 600 };
const SHARED = '10.96.0.2';
const tcp = { protocol: 'tcp', address: VIRTUAL } as const;
const tcp6 = { protocol: 'tcp', address: VIRTUAL6 } as const;
/** Servers, by the last part of their address. */
const server = (last: number) => `10.0.0.${last}`;
const server6 = (last: number) => `fd02::${last}`;

beforeAll(async () => {
  const { namespace, ipvs } = fixture;
  furnish(namespace);
  namespace.ip('route', 'add', 'local', 'fd02::/64', 'dev', 'lo');
  traffic = new Traffic(namespace);
  await balance(ipvs, [
    // Two services of port 0, each beside one of a port of its own with the same server.
    [{ ...tcp, port: 0, persistence }, { address: server(2) }],
    [
      { ...tcp, port: 80 },
      { address: server(2), port: 80 },
    ],
    [{ ...tcp6, port: 0, persistence }, { address: server6(2) }],
    [
      { ...tcp6, port: 80 },
      { address: server6(2), port: 80 },
    ],
    // One whose destination has a port, which persistent clients do not reach.
    [
      { ...tcp, address: '10.96.0.3', port: 0, persistence },
      { address: server(3), port: 8080 },
    ],
    // One whose destination has none.
    [
      { ...tcp, address: '10.96.0.4', port: 80 },
      { address: server(8), port: 0 },
    ],
    [{ fwmark: 7 }, { address: server(4) }],
    [{ fwmark: 8 }, { address: server(5), port: 8080 }],
    [
      { fwmark: 9, persistence },
      { address: server(6), port: 8080 },
    ],
    [{ fwmark: 7, family: 'ipv6' }, { address: server6(4) }],
    [
      { fwmark: 8, family: 'ipv6' },
      { address: server6(5), port: 8080 },
    ],
    [{ fwmark: 9, family: 'ipv6', persistence }, { address: server6(6) }],
  ]);
  // Of IPv4 too.
  for (const port of [80, 81, 82, 8080]) await traffic.listen('tcp', ['::', port]);
  for (const [address, port, mark] of clients) {
    const marked = mark === undefined ? {} : { mark };
    await traffic.connect({ protocol: 'tcp', to: [address, port], data: '?', ...marked });
  }
});
afterAll(() => traffic.stop());

let traffic: Traffic;
const clients: readonly (readonly [string, number, Client['mark']?])[] = [
  [VIRTUAL, 81],
  [VIRTUAL, 82],
  [VIRTUAL, 80],
  [VIRTUAL6, 81],
  [VIRTUAL6, 82],
  [VIRTUAL6, 80],
  [VIRTUAL6, 80],
  ['10.96.0.3', 81],
  ['10.96.0.3', 82],
  ['10.96.0.4', 80],
  [SHARED, 81, 7],
  [SHARED, 82, 7],
  [SHARED, 81, 8],
  [SHARED, 82, 9],
  ['fd02::96', 81, 7],
  ['fd02::96', 81, 8],
  ['fd02::96', 82, 9],
];

const ESTABLISHED = { state: 'ESTABLISHED' } as const;
async function count(filter: ConnectionFilter): Promise<number> {
  const [counted] = await fixture.ipvs.countConnections(filter);
  expect(await collect(fixture.ipvs.connections(filter))).toHaveLength(counted?.count ?? 0);
  return counted?.count ?? 0;
}

test('filters by service select as many connections as the kernel counts', async () => {
  const counted = [];
  const expected = [];
  const { services } = await fixture.ipvs.snapshot();
  for (const { destinations, ...service } of services) {
    for (const destination of destinations) {
      const { address, port, activeConnections } = destination;
      expected.push([address, port, activeConnections, activeConnections]);
      const own = await count({ service, destination, ...ESTABLISHED });
      counted.push([address, port, own, await count({ service, ...ESTABLISHED })]);
    }
  }
  expect(counted).toEqual(expected);
  const sum = expected.reduce((all, [, , active]) => all + Number(active), 0);
  expect(sum).toBe(clients.length);
  expect(expected.every(([, , active]) => Number(active) > 0)).toBe(true);
});

test.each([
  { filter: { service: `tcp://${VIRTUAL}:0` }, entries: 3 },
  { filter: { service: `tcp://${VIRTUAL}:80` }, entries: 1 },
  { filter: { service: `tcp://[${VIRTUAL6}]:0` }, entries: 3 },
  { filter: { service: `tcp://[${VIRTUAL6}]:80` }, entries: 2 },
  { filter: { service: `tcp://${VIRTUAL}:0`, destination: server(2) }, entries: 3 },
  { filter: { service: `tcp://${VIRTUAL}:0`, destination: { address: server(2) } }, entries: 3 },
  { filter: { service: `tcp://${VIRTUAL}:0`, destination: `${server(2)}:0` }, entries: 3 },
  { filter: { service: `tcp://${VIRTUAL}:0`, destination: server(3) }, entries: 0 },
  { filter: { service: 'tcp://10.96.0.3:0', destination: `${server(3)}:8080` }, entries: 3 },
  { filter: { service: 'fwmark://7' }, entries: 2 },
  { filter: { service: 'fwmark://7', destination: server(4) }, entries: 2 },
  { filter: { service: 'fwmark://7', destination: { address: server(4), port: 0 } }, entries: 2 },
  { filter: { service: 'fwmark://8', destination: `${server(5)}:8080` }, entries: 1 },
  { filter: { service: 'fwmark://8', destination: `${server(5)}:0` }, entries: 1 },
  { filter: { service: 'fwmark://8', destination: server(5) }, entries: 1 },
  { filter: { service: 'fwmark6://8', destination: server6(5) }, entries: 1 },
  { filter: { service: 'fwmark://9', destination: `${server(6)}:8080` }, entries: 2 },
  { filter: { service: 'fwmark://9', protocol: 'ip' }, entries: 1 },
  { filter: { service: 'fwmark6://9', protocol: 'ip' }, entries: 1 },
  { filter: { service: 'fwmark6://7', destination: server6(4) }, entries: 1 },
  // By themselves: every port of the server, of all services.
  { filter: { destination: `${server(2)}:0` }, entries: 4 },
  { filter: { destination: { address: server6(2), port: 0 } }, entries: 5 },
  { filter: { server: server(2) }, entries: 4 },
  { filter: { server: `${server(2)}/31` }, entries: 7 },
  { filter: { server: 'fd02::/64' }, entries: 9 },
  { filter: { server: server(9) }, entries: 0 },
] satisfies { readonly filter: ConnectionFilter; readonly entries: number }[])(
  'the filter $filter finds $entries entries, templates included',
  async ({ filter, entries }) => {
    expect(await count(filter)).toBe(entries);
  },
);

describe('countConnections by service and destination', () => {
  test('names services by firewall mark', async () => {
    const services = await fixture.ipvs.countConnections({ by: ['service'], protocol: 'ip' });
    expect(services).toHaveLength(2);
    expect(services).toEqual(
      expect.arrayContaining([
        { count: 1, service: { fwmark: 9, family: 'ipv4' } },
        { count: 1, service: { fwmark: 9, family: 'ipv6' } },
      ]),
    );
  });

  test('returns references that filters accept', async () => {
    const groups = await fixture.ipvs.countConnections({ by: ['service', 'destination', 'state'] });
    expect(groups.length).toBeGreaterThan(clients.length / 2);
    for (const { count: entries, service, destination, state } of groups) {
      const found = await count({ service, destination, state });
      const port = service?.fwmark === undefined ? service?.port : 0;
      if (port === 0) expect(found).toBeGreaterThanOrEqual(entries);
      else expect(found).toBe(entries);
      expect(await fixture.ipvs.getService(service ?? '')).toEqual(
        port === 0 || port === 80 ? expect.anything() : undefined,
      );
    }
  });
});

describe('a filter uses the services at the time of the call', () => {
  const service = `tcp://${VIRTUAL}:0`;

  test('and includes the connections of a service that was added later', async () => {
    const { ipvs } = fixture;
    const added = ipvs.addService({ ...tcp, port: 82 });
    const [[after]] = await Promise.all([ipvs.countConnections({ service }), added]);
    expect(after).toEqual({ count: 2 });
    const deleted = ipvs.deleteService({ ...tcp, port: 82 });
    const [[before]] = await Promise.all([ipvs.countConnections({ service }), deleted]);
    expect(before).toEqual({ count: 3 });
  });

  test('also if the handle is closed in the meantime', async () => {
    const ipvs = await Ipvs.open({ netns: fixture.namespace.path });
    const [rows, counted, marked] = await Promise.all([
      collect(ipvs.connections({ service })),
      ipvs.countConnections({ service }),
      ipvs.countConnections({ service: 'fwmark://7' }),
      ipvs.close(),
    ]);
    expect([rows.length, counted, marked]).toEqual([3, [{ count: 3 }], [{ count: 2 }]]);
  });
});

test('a firewall mark never counts less than the kernel where a server is shared', async () => {
  const { ipvs } = fixture;
  const shared = { ...tcp, address: '10.96.0.5', port: 81 };
  await balance(ipvs, [[shared, { address: server(4), port: 81 }]]);
  await traffic.connect({ protocol: 'tcp', to: ['10.96.0.5', 81], data: '?' });
  const destination = await ipvs.getDestination('fwmark://7', server(4));
  expect(destination?.activeConnections).toBe(2);
  const filter = { service: 'fwmark://7', destination: server(4) };
  expect(await count({ ...filter, ...ESTABLISHED })).toBe(3);
  await ipvs.deleteService(shared);
});
