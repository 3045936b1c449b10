// What was read from the kernel is written back as it was, whatever other programs have left there.
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

const services: readonly (readonly [string, RawService])[] = [
  ['protocol 0', { ...plain, protocol: 0 }],
  ['protocol 50', { ...plain, protocol: 50 }],
  ['protocol 65535', { ...plain6, protocol: 65535 }],
  ['port 0 without persistence', { ...plain, port: 0 }],
  ['port 0 without persistence, IPv6', { ...plain6, port: 0 }],
  ['one packet of tcp', { ...plain, flags: ONE_PACKET }],
  ['one packet of sctp, IPv6', { ...plain6, protocol: 132, flags: ONE_PACKET }],
  ['a timeout of 0', { ...plain, flags: PERSISTENT }],
  ['a timeout of half a year', { ...plain, flags: PERSISTENT, timeout: 15_768_000 }],
  ['a timeout of 0 of a mark', { ...mark, flags: PERSISTENT }],
  ['a netmask of 0', { ...plain, flags: PERSISTENT, timeout: 5, netmask: 0 }],
  ['a netmask with holes', { ...plain, flags: PERSISTENT, timeout: 5, netmask: 0xff00ff01 }],
  ['a prefix length of 1', { ...plain6, flags: PERSISTENT, timeout: 5, netmask: 1 }],
  ['a SIP engine on tcp', { ...plain, flags: PERSISTENT, timeout: 5, engine: 'sip' }],
  ['a SIP engine on sctp', { ...plain6, protocol: 132, flags: PERSISTENT, engine: 'sip' }],
  ['an engine without persistence', { ...plain, engine: 'sip' }],
  ['a netmask without persistence', { ...mark, netmask: 0 }],
  ['a timeout without persistence', { ...plain6, timeout: 300, netmask: 64 }],
  ['flags of another scheduler', { ...plain, scheduler: 'wlc', flags: 0x38 }],
  ['flags of sh', { ...plain, scheduler: 'sh', flags: 0x38 }],
  ['flags that nobody knows', { ...plain, flags: 0xffffffc0 }],
  ['all flags', { ...mark, timeout: 9, flags: 0xffffffff }],
  ['no scheduler', { ...mark, scheduler: 'none' }],
  ['address 0.0.0.0', { ...plain, address: Uint8Array.of(0, 0, 0, 0) }],
  ['a multicast address', { ...plain, address: Uint8Array.of(224, 0, 0, 1) }],
  ['the broadcast address', { ...plain, address: Uint8Array.of(255, 255, 255, 255) }],
  ['address ::', { ...plain6, address: bytes('') }],
  ['an IPv6 multicast address', { ...plain6, address: bytes('ff02') }],
  ['the largest mark', { ...mark, fwmark: 2 ** 32 - 1, family: AF_INET6, netmask: 128 }],
];

const server = { family: AF_INET, address: Uint8Array.of(10, 0, 0, 1), port: 80, weight: 1 };
const server6 = { ...server, family: AF_INET6, address: bytes('fd01') };
const [LOCAL, TUNNEL, DIRECT, BYPASS] = [1, 2, 3, 4];

const CRASHES_IPVSADM = 'GUE with flags that nobody knows';
const destinations: readonly (readonly [string, RawDestination, RawService?])[] = [
  ['direct to another port', { ...server, forwarding: DIRECT, port: 81 }],
  ['direct to port 0', { ...server, forwarding: DIRECT, port: 0 }],
  ['direct to another port, IPv6', { ...server6, forwarding: DIRECT, port: 81 }, plain6],
  ['by tunnel to another port', { ...server, forwarding: TUNNEL, port: 81 }],
  ['local to another port', { ...server, forwarding: LOCAL, port: 81 }],
  ['bypass to another port', { ...server, forwarding: BYPASS, port: 81 }],
  ['masqueraded to port 0', { ...server, port: 0 }],
  ['forwarding 5', { ...server, forwarding: 5 }],
  ['forwarding 7 to another port', { ...server, forwarding: 7, port: 81 }],
  ['tunnel type 3', { ...server, forwarding: TUNNEL, tunnelType: 3 }],
  [
    'tunnel type 255 with all settings',
    { ...server, forwarding: TUNNEL, tunnelType: 255, tunnelPort: 65535, tunnelFlags: 65535 },
  ],
  [
    'IPIP with settings of others',
    { ...server, forwarding: TUNNEL, tunnelPort: 5, tunnelFlags: 1 },
  ],
  [
    CRASHES_IPVSADM,
    { ...server, forwarding: TUNNEL, tunnelType: 1, tunnelPort: 5, tunnelFlags: 9 },
  ],
  [
    'GRE with a port and the checksum of GUE',
    { ...server, forwarding: TUNNEL, tunnelType: 2, tunnelPort: 5, tunnelFlags: 2 },
  ],
  [
    'direct with settings of a tunnel',
    { ...server, forwarding: DIRECT, tunnelType: 1, tunnelPort: 5, tunnelFlags: 2 },
  ],
  ['masqueraded with a checksum', { ...server6, tunnelFlags: 2 }, plain6],
  ['across families', { ...server6, forwarding: TUNNEL, port: 81 }],
  ['the largest weight', { ...server, weight: 2 ** 31 - 1 }],
  ['behind a mark', { ...server, forwarding: DIRECT, port: 81 }, mark],
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
  // Where it is there already, too.
  for (const { destinations: behind, ...service } of snapshot.services) {
    expect(await fixture.ipvs.ensureService(service)).toBe('updated');
    for (const each of behind) {
      expect(await fixture.ipvs.ensureDestination(service, each)).toBe('updated');
    }
  }
  expect({ listed: listed(), raw: await rawTable(fixture.namespace) }).toEqual(before);
}

describe('a service with', () => {
  test.each(services)('%s', async (_, service) => {
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

describe('a destination', () => {
  const rows = destinations.map(
    ([title, destination, service]): [string, RawDestination, RawService] => [
      title,
      destination,
      service ?? plain,
    ],
  );
  test.each(rows)('%s', async (_, destination, service) => {
    await rawRun(fixture.namespace, [
      { operation: 'addService', service },
      { operation: 'addDestination', service, destination },
    ]);
    await expectWrittenBack();
  });

  test('with a threshold beyond 2^31, where the kernel accepts one', async () => {
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

test('all of it together', async () => {
  const requests = services.flatMap(([, service], index): RawRequest[] => {
    const own =
      service.fwmark === undefined
        ? { ...service, port: (service.port ?? 0) && 1000 + index }
        : service;
    return [{ operation: 'addService', service: own }];
  });
  const behind = destinations
    .filter(([title, , service]) => service === undefined && title !== CRASHES_IPVSADM)
    .map(([, destination], index): RawRequest => {
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
