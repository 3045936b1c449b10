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

describe('a service of another program', () => {
  const whole = '255.255.255.255';
  const persistence = { timeout: 300, netmask: whole, engine: null };
  const services: readonly {
    readonly title: string;
    readonly raw: RawRequest['service'];
    readonly expected: Partial<Service>;
  }[] = [
    {
      title: 'of a protocol without a name',
      raw: { protocol: 50 },
      expected: { protocol: 'unknown-50' },
    },
    { title: 'of protocol 0', raw: { protocol: 0 }, expected: { protocol: 'unknown-0' } },
    {
      title: 'of a protocol that there cannot be',
      raw: { protocol: 65535 },
      expected: { protocol: 'unknown-65535' },
    },
    { title: 'for every port, without persistence', raw: { port: 0 }, expected: { port: 0 } },
    { title: 'by packet, of TCP', raw: { flags: ONE_PACKET }, expected: { onePacket: true } },
    {
      title: 'persistent for no time',
      raw: { flags: PERSISTENT },
      expected: { persistence: { ...persistence, timeout: 0 } },
    },
    {
      title: 'persistent for half a year',
      raw: { flags: PERSISTENT, timeout: 15_768_000 },
      expected: { persistence: { ...persistence, timeout: 15_768_000 } },
    },
    {
      title: 'with the rest of a persistence',
      raw: { timeout: 300, netmask: 0xffffff00, engine: 'sip' },
      expected: { inactivePersistence: { timeout: 300, netmask: '255.255.255.0', engine: 'sip' } },
    },
    {
      title: "with another scheduler's flag",
      raw: { scheduler: 'wlc', flags: FLAG_1 },
      expected: { scheduler: 'wlc', schedulerFlags: ['flag-1'] },
    },
    {
      title: 'with flags that nobody knows',
      raw: { flags: UNKNOWN_FLAGS },
      expected: { schedulerFlags: ['unknown-128', 'unknown-256'] },
    },
  ];

  test.each(services)('$title is shown, named, changed and deleted', async ({ raw, expected }) => {
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

  test('keeps unknown flags in an update', async () => {
    const service = { ...rawService, flags: UNKNOWN_FLAGS | ONE_PACKET };
    await rawRun(fixture.namespace, [{ operation: 'addService', service }]);
    const changes = { onePacket: false, persistence: { timeout: 60 } };
    await fixture.ipvs.updateService('tcp://10.96.0.1:80', changes);
    expect(await rawServices(fixture.namespace)).toEqual([
      { fwmark: 0, flags: UNKNOWN_FLAGS | PERSISTENT, timeout: 60 },
    ]);
  });

  test('loses unknown flags in an update of the scheduler flags', async () => {
    const service = { ...rawService, flags: UNKNOWN_FLAGS | ONE_PACKET };
    await rawRun(fixture.namespace, [{ operation: 'addService', service }]);
    await fixture.ipvs.updateService('tcp://10.96.0.1:80', { schedulerFlags: ['flag-1'] });
    expect(await rawServices(fixture.namespace)).toEqual([
      { fwmark: 0, flags: ONE_PACKET | FLAG_1, timeout: 0 },
    ]);
  });

  test.each(['addService', 'ensureService'] as const)('is not created by %s', async (operation) => {
    const { stats, ...config } = shown;
    const made = fixture.ipvs[operation]({ ...config, protocol: 'unknown-50' });
    await expect(made).rejects.toMatchObject({ code: 'ERR_INVALID_ARG_VALUE' });
    expect(await fixture.ipvs.listServices()).toEqual([]);
  });
});

describe('a destination of another program', () => {
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

  const destinations: readonly {
    readonly title: string;
    readonly fields: RawRequest['destination'];
    readonly expected: Partial<Destination>;
  }[] = [
    {
      title: 'by a forwarding without a name',
      fields: { forwarding: 6 },
      expected: { forwarding: 'unknown-6' },
    },
    {
      title: 'directly to another port',
      fields: { forwarding: DIRECT, port: 81 },
      expected: { forwarding: 'direct', port: 81 },
    },
    {
      title: 'by a tunnel without a name',
      fields: { forwarding: TUNNEL, tunnelType: 9, tunnelPort: 7, tunnelFlags: 1 },
      expected: {
        forwarding: 'tunnel',
        tunnel: { type: 'unknown-9', port: 7, checksum: 'checksum' },
      },
    },
    {
      title: 'by a tunnel with a checksum without a name',
      fields: { forwarding: TUNNEL, tunnelType: 1, tunnelPort: 5555, tunnelFlags: 9 },
      expected: {
        forwarding: 'tunnel',
        tunnel: { type: 'gue', port: 5555, checksum: 'unknown-9' },
      },
    },
    {
      title: 'by a tunnel with a checksum of another',
      fields: { forwarding: TUNNEL, tunnelType: 2, tunnelFlags: 2 },
      expected: { forwarding: 'tunnel', tunnel: { type: 'gre', checksum: 'remote-checksum' } },
    },
    {
      title: 'directly, with the settings of a tunnel',
      fields: { forwarding: DIRECT, tunnelType: 1, tunnelPort: 5555, tunnelFlags: 1 },
      expected: { forwarding: 'direct', tunnel: { type: 'gue', port: 5555, checksum: 'checksum' } },
    },
  ];

  test.each(destinations)(
    '$title is shown, named, changed and deleted',
    async ({ fields, expected }) => {
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
    },
  );
});

test('objects that only ipvsadm creates are read', async () => {
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
