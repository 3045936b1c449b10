/** Templates of persistence that the kernel has invalidated. */
import { release } from 'node:os';
import type { Connection } from 'ipvs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { kernelConnections, lasting } from './helpers/connection-table.js';
import {
  balance,
  CLIENT6,
  collect,
  furnish,
  PORT,
  SERVER,
  SERVER6,
  VIRTUAL,
  VIRTUAL6,
} from './helpers/scene.js';
import { Traffic } from './helpers/traffic.js';
import { useNamespace } from './helpers/use-namespace.js';

const fixture = useNamespace();
const persistence = { timeout: 600 };
const SECOND = '10.0.0.3';
const CLIENT = '10.0.0.7';
const MARK = 7;
const tcp = { protocol: 'tcp', address: VIRTUAL, port: 80, persistence } as const;
const tcp6 = { protocol: 'tcp', address: VIRTUAL6, port: 80, persistence } as const;
const marked = { fwmark: MARK, persistence } as const;

let traffic: Traffic;

/** A client connects to each service. */
async function visit(): Promise<void> {
  const client = { protocol: 'tcp', data: '?' } as const;
  await traffic.connect({ ...client, to: [VIRTUAL, 80], source: [CLIENT, 0] });
  await traffic.connect({ ...client, to: [VIRTUAL, PORT], source: [CLIENT, 0], mark: MARK });
  await traffic.connect({ ...client, to: [VIRTUAL6, 80], source: [CLIENT6, 0] });
}

beforeAll(async () => {
  const { namespace, ipvs } = fixture;
  furnish(namespace);
  namespace.ip('route', 'add', 'local', 'fd02::/64', 'dev', 'lo');
  await balance(ipvs, [
    [tcp, { address: SERVER, port: PORT }],
    [tcp6, { address: SERVER6, port: PORT }],
    [marked, { address: SERVER }],
  ]);
  traffic = new Traffic(namespace);
  // Of IPv4 too.
  await traffic.listen('tcp', ['::', PORT]);
  await visit();

  await ipvs.sysctls.set({ expireQuiescentTemplate: true });
  await ipvs.updateDestination(tcp, { address: SERVER, port: PORT }, { weight: 0 });
  await ipvs.addDestination(tcp, { address: SECOND, port: PORT, forwarding: 'masquerade' });
  // The other two servers are gone, with others in their place.
  await ipvs.deleteDestination(tcp6, { address: SERVER6, port: PORT });
  await ipvs.addDestination(tcp6, { address: 'fd02::3', port: PORT, forwarding: 'masquerade' });
  await ipvs.deleteDestination(marked, { address: SERVER, port: 0 });
  await ipvs.addDestination(marked, { address: SECOND, forwarding: 'masquerade' });
  await visit();
});
afterAll(() => traffic.stop());

const isInvalid = ({ template, destination }: Connection) => template && destination.port === 65535;

test('connections() leaves them out', async () => {
  const kernel = kernelConnections(fixture.namespace);
  expect(kernel.filter(isInvalid)).toHaveLength(3);
  const valid = kernel.filter((row) => !isInvalid(row));
  expect(lasting(await collect(fixture.ipvs.connections()))).toEqual(lasting(valid));
  const templates = valid.filter(({ template }) => template);
  expect(templates.map(({ destination }) => destination.address).sort()).toEqual([
    SECOND,
    SECOND,
    'fd02::3',
  ]);
  const origins = await collect(fixture.ipvs.connections({ origin: true }));
  expect(origins.length).toBe(valid.length);
});

test('countConnections() leaves them out', async () => {
  const counts = await fixture.ipvs.countConnections({ by: ['service', 'destination'] });
  for (const { service, destination } of counts) {
    expect(destination.port).not.toBe(65535);
    if ('port' in service) expect([80, PORT]).toContain(service.port);
  }
  const [{ count } = { count: 0 }] = await fixture.ipvs.countConnections();
  // For each of three services, two connections and one template.
  expect(count).toBe(9);
});

test('templates of a destination on port 65535 are left out, too', async () => {
  const service = { ...tcp, port: 81 };
  await balance(fixture.ipvs, [[service, { address: SERVER, port: 65535 }]]);
  await traffic.listen('tcp', [SERVER, 65535]);
  for (let visits = 0; visits < 2; visits++) {
    await traffic.connect({ protocol: 'tcp', to: [VIRTUAL, 81], source: [CLIENT, 0], data: '?' });
  }
  const kernel = kernelConnections(fixture.namespace).filter(({ virtual }) => virtual.port === 81);
  // Linux 7 follows no such template.
  expect(kernel.filter(isInvalid)).toHaveLength(Number.parseInt(release(), 10) < 7 ? 1 : 2);
  const listed = await collect(fixture.ipvs.connections({ service }));
  expect(listed.map(({ template }) => template)).toEqual([false, false]);
});
