// What other programs leave in the table though this library would not make it: it is shown, can be named, changed
// and deleted.
import type { Destination, Service } from 'ipvs';
import { beforeEach, describe, expect, test } from 'vitest';
import { makeService, nameOfService, noStats } from './helpers/model/objects.js';
import { type RawRequest, rawRun, rawServices } from './helpers/raw-requests.js';
import { useNamespace } from './helpers/use-namespace.js';

const fixture = useNamespace();

beforeEach(() => fixture.ipvs.flush());

const AF_INET = 2;
const PERSISTENT = 0x01;
const ONE_PACKET = 0x04;
const FLAG_1 = 0x08;
/** Two bits that mean nothing to any kernel so far. */
const UNKNOWN_FLAGS = 0x180;

const rawService = {
  family: AF_INET,
  protocol: 6,
  address: Uint8Array.of(10, 96, 0, 1),
  port: 80,
  netmask: 0xffffffff,
  scheduler: 'rr',
};
const shown: Service = makeService({
  protocol: 'tcp',
  address: '10.96.0.1',
  port: 80,
  scheduler: 'rr',
});

describe('services', () => {
  const whole = '255.255.255.255';
  const persistence = { timeout: 300, netmask: whole, engine: null };
  const services: readonly (readonly [string, RawRequest['service'], Partial<Service>])[] = [
    ['of a protocol without a name', { protocol: 50 }, { protocol: 'unknown-50' }],
    ['of protocol 0', { protocol: 0 }, { protocol: 'unknown-0' }],
    ['of a protocol that there cannot be', { protocol: 65535 }, { protocol: 'unknown-65535' }],
    ['for every port, without persistence', { port: 0 }, { port: 0 }],
    ['by packet, of TCP', { flags: ONE_PACKET }, { onePacket: true }],
    [
      'persistent for no time',
      { flags: PERSISTENT },
      { persistence: { ...persistence, timeout: 0 } },
    ],
    [
      'persistent for half a year',
      { flags: PERSISTENT, timeout: 15_768_000 },
      { persistence: { ...persistence, timeout: 15_768_000 } },
    ],
    [
      'with the rest of a persistence',
      { timeout: 300, netmask: 0xffffff00, engine: 'sip' },
      { inactivePersistence: { timeout: 300, netmask: '255.255.255.0', engine: 'sip' } },
    ],
    [
      "with another scheduler's flag",
      { scheduler: 'wlc', flags: FLAG_1 },
      { scheduler: 'wlc', schedulerFlags: ['flag-1'] },
    ],
    [
      'with flags that nobody knows',
      { flags: UNKNOWN_FLAGS },
      { schedulerFlags: ['unknown-128', 'unknown-256'] },
    ],
  ];

  test.each(services)('%s', async (_, raw, expected) => {
    const { ipvs, namespace } = fixture;
    const service = { ...shown, ...expected } as Service; // only the union of them does not see it
    const name = nameOfService(service);
    await rawRun(namespace, [{ operation: 'addService', service: { ...rawService, ...raw } }]);
    expect(namespace.saved()).toHaveLength(1);
    expect(await ipvs.listServices()).toEqual([service]);
    expect(await ipvs.getService(name)).toEqual(service);
    expect(await ipvs.getService(service)).toEqual(service);

    await ipvs.addDestination(service, {
      address: '10.0.0.1',
      port: 8080,
      forwarding: 'masquerade',
    });
    await ipvs.updateDestination(name, '10.0.0.1:8080', { weight: 5 });
    expect(await ipvs.listDestinations(service)).toMatchObject([{ weight: 5 }]);

    await ipvs.updateService(service, { scheduler: 'lc' });
    expect(await ipvs.getService(name)).toEqual({
      ...service,
      scheduler: 'lc',
      schedulerFlags: [],
    });
    await ipvs.zero(service);
    expect(await ipvs.deleteService(service)).toBe(true);
    expect(namespace.saved()).toEqual([]);
  });

  test('an update keeps the flags that nobody knows', async () => {
    const service = { ...rawService, flags: UNKNOWN_FLAGS | ONE_PACKET };
    await rawRun(fixture.namespace, [{ operation: 'addService', service }]);
    const changes = { onePacket: false, persistence: { timeout: 60 } };
    await fixture.ipvs.updateService('tcp://10.96.0.1:80', changes);
    expect(await rawServices(fixture.namespace)).toEqual([
      { fwmark: 0, flags: UNKNOWN_FLAGS | PERSISTENT, timeout: 60 },
    ]);
  });

  test('an update of the scheduler flags replaces those that nobody knows', async () => {
    const service = { ...rawService, flags: UNKNOWN_FLAGS | ONE_PACKET };
    await rawRun(fixture.namespace, [{ operation: 'addService', service }]);
    await fixture.ipvs.updateService('tcp://10.96.0.1:80', { schedulerFlags: ['flag-1'] });
    expect(await rawServices(fixture.namespace)).toEqual([
      { fwmark: 0, flags: ONE_PACKET | FLAG_1, timeout: 0 },
    ]);
  });

  test.each(['addService', 'ensureService'] as const)('%s does not make one', async (operation) => {
    const { stats, ...config } = shown;
    const made = fixture.ipvs[operation]({ ...config, protocol: 'unknown-50' });
    await expect(made).rejects.toMatchObject({ code: 'ERR_INVALID_ARG_VALUE' });
    expect(await fixture.ipvs.listServices()).toEqual([]);
  });
});

describe('destinations', () => {
  const service = 'tcp://10.96.0.1:80';
  const plain: Destination = {
    address: '10.0.0.1',
    port: 80,
    family: 'ipv4',
    forwarding: 'masquerade',
    weight: 1,
    upperThreshold: 0,
    lowerThreshold: 0,
    tunnel: null,
    activeConnections: 0,
    inactiveConnections: 0,
    persistentConnections: 0,
    stats: noStats,
  };
  const raw = { family: AF_INET, address: Uint8Array.of(10, 0, 0, 1), port: 80, weight: 1 };
  const TUNNEL = 2;
  const DIRECT = 3;

  const destinations: readonly (readonly [
    string,
    RawRequest['destination'],
    Partial<Destination>,
  ])[] = [
    ['by a forwarding without a name', { forwarding: 6 }, { forwarding: 'unknown-6' }],
    [
      'directly to another port',
      { forwarding: DIRECT, port: 81 },
      { forwarding: 'direct', port: 81 },
    ],
    [
      'by a tunnel without a name',
      { forwarding: TUNNEL, tunnelType: 9, tunnelPort: 7, tunnelFlags: 1 },
      { forwarding: 'tunnel', tunnel: { type: 'unknown-9', port: 7, checksum: 'checksum' } },
    ],
    [
      'by a tunnel with a checksum without a name',
      { forwarding: TUNNEL, tunnelType: 1, tunnelPort: 5555, tunnelFlags: 9 },
      { forwarding: 'tunnel', tunnel: { type: 'gue', port: 5555, checksum: 'unknown-9' } },
    ],
    [
      'by a tunnel with a checksum of another',
      { forwarding: TUNNEL, tunnelType: 2, tunnelFlags: 2 },
      { forwarding: 'tunnel', tunnel: { type: 'gre', checksum: 'remote-checksum' } },
    ],
    [
      'directly, with the settings of a tunnel',
      { forwarding: DIRECT, tunnelType: 1, tunnelPort: 5555, tunnelFlags: 1 },
      { forwarding: 'direct', tunnel: { type: 'gue', port: 5555, checksum: 'checksum' } },
    ],
  ];

  test.each(destinations)('%s', async (_, fields, expected) => {
    const { ipvs, namespace } = fixture;
    const destination = { ...plain, ...expected };
    await ipvs.addService({ protocol: 'tcp', address: '10.96.0.1', port: 80 });
    await rawRun(namespace, [
      { operation: 'addDestination', service: rawService, destination: { ...raw, ...fields } },
    ]);
    expect(await ipvs.listDestinations(service)).toEqual([destination]);
    expect(await ipvs.getDestination(service, destination)).toEqual(destination);

    await ipvs.updateDestination(service, destination, { weight: 5, upperThreshold: 9 });
    const changed = { ...destination, weight: 5, upperThreshold: 9 };
    expect(await ipvs.getDestination(service, destination)).toEqual(changed);
    expect(await ipvs.deleteDestination(service, changed)).toBe(true);
    expect(await ipvs.listDestinations(service)).toEqual([]);
  });
});

test('what ipvsadm makes and the library does not', async () => {
  fixture.namespace.restore([
    '-A -f 4294967295 -s none',
    '-A -t 10.96.0.1:0 -s none -p 60',
    '-A -t 10.96.0.1:80',
    '-a -r 10.0.0.1 -t 10.96.0.1:80 -m', // in this order its port is 0
  ]);
  const { ipvs } = fixture;
  const services = await ipvs.listServices();
  expect(services.map(nameOfService).sort()).toEqual([
    'fwmark://4294967295',
    'tcp://10.96.0.1:0',
    'tcp://10.96.0.1:80',
  ]);
  expect(await ipvs.listDestinations('tcp://10.96.0.1:80')).toMatchObject([{ port: 0 }]);
  expect(await ipvs.deleteDestination('tcp://10.96.0.1:80', '10.0.0.1:0')).toBe(true);
  for (const service of services) await ipvs.deleteService(service);
  expect(fixture.namespace.saved()).toEqual([]);
});
