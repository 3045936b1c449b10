// Objects that were read from the kernel can be written back, even those of other programs.
import type { Snapshot } from 'ipvs';
import { beforeEach, describe, expect, test } from 'vitest';
import { type RawRequest, rawRun, rawTable } from './helpers/raw-requests.js';
import { useNamespace } from './helpers/use-namespace.js';

const fixture = useNamespace();

beforeEach(() => fixture.ipvs.flush());

const AF_INET = 2;
const AF_INET6 = 10;
const PERSISTENT = 0x01;
const ONE_PACKET = 0x04;

const plain = {
  family: AF_INET,
  protocol: 6,
  address: Uint8Array.of(10, 96, 0, 1),
  port: 80,
  netmask: 0xffffffff,
  scheduler: 'rr',
};
const bytes = (digits: string) => Uint8Array.from(Buffer.from(digits.padEnd(32, '0'), 'hex'));
const plain6 = { ...plain, family: AF_INET6, address: bytes('fd'), netmask: 128 };
const mark = { family: AF_INET, fwmark: 7, netmask: 0xffffffff, scheduler: 'rr' };

type RawService = RawRequest['service'];
type RawDestination = NonNullable<RawRequest['destination']>;

const services: readonly { readonly title: string; readonly service: RawService }[] = [
  { title: 'protocol 0', service: { ...plain, protocol: 0 } },
  { title: 'protocol 50', service: { ...plain, protocol: 50 } },
  { title: 'protocol 65535', service: { ...plain6, protocol: 65535 } },
  { title: 'port 0 without persistence', service: { ...plain, port: 0 } },
  { title: 'port 0 without persistence, IPv6', service: { ...plain6, port: 0 } },
  { title: 'one packet of tcp', service: { ...plain, flags: ONE_PACKET } },
  { title: 'one packet of sctp, IPv6', service: { ...plain6, protocol: 132, flags: ONE_PACKET } },
  { title: 'a timeout of 0', service: { ...plain, flags: PERSISTENT } },
  {
    title: 'a timeout of half a year',
    service: { ...plain, flags: PERSISTENT, timeout: 15_768_000 },
  },
  { title: 'a timeout of 0 of a mark', service: { ...mark, flags: PERSISTENT } },
  { title: 'a netmask of 0', service: { ...plain, flags: PERSISTENT, timeout: 5, netmask: 0 } },
  {
    title: 'a netmask with holes',
    service: { ...plain, flags: PERSISTENT, timeout: 5, netmask: 0xff00ff01 },
  },
  {
    title: 'a prefix length of 1',
    service: { ...plain6, flags: PERSISTENT, timeout: 5, netmask: 1 },
  },
  {
    title: 'a SIP engine on tcp',
    service: { ...plain, flags: PERSISTENT, timeout: 5, engine: 'sip' },
  },
  {
    title: 'a SIP engine on sctp',
    service: { ...plain6, protocol: 132, flags: PERSISTENT, engine: 'sip' },
  },
  { title: 'an engine without persistence', service: { ...plain, engine: 'sip' } },
  { title: 'a netmask without persistence', service: { ...mark, netmask: 0 } },
  { title: 'a timeout without persistence', service: { ...plain6, timeout: 300, netmask: 64 } },
  { title: 'flags of another scheduler', service: { ...plain, scheduler: 'wlc', flags: 0x38 } },
  { title: 'flags of sh', service: { ...plain, scheduler: 'sh', flags: 0x38 } },
  { title: 'flags that nobody knows', service: { ...plain, flags: 0xffffffc0 } },
  { title: 'all flags', service: { ...mark, timeout: 9, flags: 0xffffffff } },
  { title: 'no scheduler', service: { ...mark, scheduler: 'none' } },
  { title: 'address 0.0.0.0', service: { ...plain, address: Uint8Array.of(0, 0, 0, 0) } },
  { title: 'a multicast address', service: { ...plain, address: Uint8Array.of(224, 0, 0, 1) } },
  {
    title: 'the broadcast address',
    service: { ...plain, address: Uint8Array.of(255, 255, 255, 255) },
  },
  { title: 'address ::', service: { ...plain6, address: bytes('') } },
  { title: 'an IPv6 multicast address', service: { ...plain6, address: bytes('ff02') } },
  {
    title: 'the largest mark',
    service: { ...mark, fwmark: 2 ** 32 - 1, family: AF_INET6, netmask: 128 },
  },
];

const server = { family: AF_INET, address: Uint8Array.of(10, 0, 0, 1), port: 80, weight: 1 };
const server6 = { ...server, family: AF_INET6, address: bytes('fd01') };
const [LOCAL, TUNNEL, DIRECT, BYPASS] = [1, 2, 3, 4];

const CRASHES_IPVSADM = 'GUE with flags that nobody knows';
const destinations: readonly {
  readonly title: string;
  readonly destination: RawDestination;
  readonly service?: RawService;
}[] = [
  { title: 'direct to another port', destination: { ...server, forwarding: DIRECT, port: 81 } },
  { title: 'direct to port 0', destination: { ...server, forwarding: DIRECT, port: 0 } },
  {
    title: 'direct to another port, IPv6',
    destination: { ...server6, forwarding: DIRECT, port: 81 },
    service: plain6,
  },
  { title: 'by tunnel to another port', destination: { ...server, forwarding: TUNNEL, port: 81 } },
  { title: 'local to another port', destination: { ...server, forwarding: LOCAL, port: 81 } },
  { title: 'bypass to another port', destination: { ...server, forwarding: BYPASS, port: 81 } },
  { title: 'masqueraded to port 0', destination: { ...server, port: 0 } },
  { title: 'forwarding 5', destination: { ...server, forwarding: 5 } },
  { title: 'forwarding 7 to another port', destination: { ...server, forwarding: 7, port: 81 } },
  { title: 'tunnel type 3', destination: { ...server, forwarding: TUNNEL, tunnelType: 3 } },
  {
    title: 'tunnel type 255 with all settings',
    destination: {
      ...server,
      forwarding: TUNNEL,
      tunnelType: 255,
      tunnelPort: 65535,
      tunnelFlags: 65535,
    },
  },
  {
    title: 'IPIP with settings of others',
    destination: { ...server, forwarding: TUNNEL, tunnelPort: 5, tunnelFlags: 1 },
  },
  {
    title: CRASHES_IPVSADM,
    destination: { ...server, forwarding: TUNNEL, tunnelType: 1, tunnelPort: 5, tunnelFlags: 9 },
  },
  {
    title: 'GRE with a port and the checksum of GUE',
    destination: { ...server, forwarding: TUNNEL, tunnelType: 2, tunnelPort: 5, tunnelFlags: 2 },
  },
  {
    title: 'direct with settings of a tunnel',
    destination: { ...server, forwarding: DIRECT, tunnelType: 1, tunnelPort: 5, tunnelFlags: 2 },
  },
  {
    title: 'masqueraded with a checksum',
    destination: { ...server6, tunnelFlags: 2 },
    service: plain6,
  },
  { title: 'across families', destination: { ...server6, forwarding: TUNNEL, port: 81 } },
  { title: 'the largest weight', destination: { ...server, weight: 2 ** 31 - 1 } },
  {
    title: 'behind a mark',
    destination: { ...server, forwarding: DIRECT, port: 81 },
    service: mark,
  },
];

/** `ipvsadm -Sn`, which some of this crashes. */
function listed(): readonly string[] {
  try {
    return fixture.namespace.saved();
  } catch {
    return ['ipvsadm fails'];
  }
}

type Written = 'addService' | 'ensureService';

/** Writes a snapshot back, as README shows it. */
async function restore({ services: all }: Snapshot, operation: Written): Promise<void> {
  const addition = operation === 'addService' ? 'addDestination' : 'ensureDestination';
  await fixture.ipvs.flush();
  await Promise.all(
    all.flatMap(({ destinations: behind, ...service }) => [
      fixture.ipvs[operation](service),
      ...behind.map((destination) => fixture.ipvs[addition](service, destination)),
    ]),
  );
}

/** Expects that what is in the kernel survives being read, deleted and written. */
async function expectWrittenBack(): Promise<void> {
  const before = { listed: listed(), raw: await rawTable(fixture.namespace) };
  const snapshot = await fixture.ipvs.snapshot();
  expect(before.raw).toHaveLength(snapshot.services.length);
  // Text, as a file has it.
  const saved: Snapshot = JSON.parse(JSON.stringify(snapshot));
  const big = await fixture.ipvs.snapshot({ bigint: true });
  for (const [read, operation] of [
    [snapshot, 'addService'],
    [saved, 'addService'],
    [snapshot, 'ensureService'],
    // Counters in either form tell that it was read.
    [big as unknown as Snapshot, 'addService'],
  ] as const) {
    await restore(read, operation);
    expect({ listed: listed(), raw: await rawTable(fixture.namespace) }).toEqual(before);
  }
  // The objects exist now: ensuring them changes nothing.
  for (const { destinations: behind, ...service } of snapshot.services) {
    expect(await fixture.ipvs.ensureService(service)).toBe('updated');
    for (const each of behind) {
      expect(await fixture.ipvs.ensureDestination(service, each)).toBe('updated');
    }
  }
  expect({ listed: listed(), raw: await rawTable(fixture.namespace) }).toEqual(before);
}

describe('a service read from the kernel with', () => {
  test.each(services)('$title is written back unchanged', async ({ service }) => {
    await rawRun(fixture.namespace, [
      { operation: 'addService', service },
      {
        operation: 'addDestination',
        service,
        destination: service.family === AF_INET ? server : server6,
      },
    ]);
    await expectWrittenBack();
  });
});

describe('a destination read from the kernel', () => {
  test.each(destinations)('$title is written back unchanged', async (row) => {
    const { destination, service = plain } = row;
    await rawRun(fixture.namespace, [
      { operation: 'addService', service },
      { operation: 'addDestination', service, destination },
    ]);
    await expectWrittenBack();
  });

  test('with a threshold beyond 2^31 is written back unchanged if the kernel accepts one', async () => {
    const added = rawRun(fixture.namespace, [
      { operation: 'addService', service: plain },
      {
        operation: 'addDestination',
        service: plain,
        destination: { ...server, upperThreshold: 3e9 },
      },
    ]);
    const refused = await added.then(
      () => false,
      () => true,
    );
    if (!refused) return expectWrittenBack();
    // Then only a file from an older kernel has it.
    await fixture.ipvs.addDestination('tcp://10.96.0.1:80', { address: '10.0.0.1' });
    const [read] = await fixture.ipvs.listDestinations('tcp://10.96.0.1:80');
    const old = { ...(read ?? expect.unreachable()), address: '10.0.0.2', upperThreshold: 3e9 };
    await expect(fixture.ipvs.addDestination('tcp://10.96.0.1:80', old)).rejects.toMatchObject({
      code: 'EINVAL',
    });
  });
});

test('a table with all of these is written back unchanged', async () => {
  const requests = services.flatMap(({ service }, index): RawRequest[] => {
    const own =
      service.fwmark === undefined
        ? { ...service, port: (service.port ?? 0) && 1000 + index }
        : service;
    return [{ operation: 'addService', service: own }];
  });
  const behind = destinations
    .filter(({ title, service }) => service === undefined && title !== CRASHES_IPVSADM)
    .map(({ destination }, index): RawRequest => {
      const { address, family } = destination;
      const own = Uint8Array.from(address as Uint8Array);
      own[family === AF_INET ? 3 : 15] = index + 1;
      return {
        operation: 'addDestination',
        service: { ...plain, port: 1000 },
        destination: { ...destination, address: own },
      };
    });
  const unique = new Map(requests.map((request) => [JSON.stringify(keyOf(request)), request]));
  const host = { operation: 'addService', service: { ...plain, port: 1000 } } as const;
  await rawRun(fixture.namespace, [...unique.values(), host, ...behind]);
  expect(listed().length).toBeGreaterThan(40);
  await expectWrittenBack();
});

function keyOf({ service }: RawRequest) {
  const { family, fwmark, protocol, port, address } = service;
  return fwmark === undefined
    ? [family, protocol, port, [...(address as Uint8Array)]]
    : [family, fwmark];
}
