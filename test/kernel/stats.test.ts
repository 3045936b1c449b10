import { type CounterName, Ipvs, Namespace, type Stats } from 'ipvs';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { noStats } from './helpers/model/objects.js';
import { until } from './helpers/poll.js';
import { balance, furnish, PORT, SERVER, SERVER6, VIRTUAL, VIRTUAL6 } from './helpers/scene.js';
import { Traffic } from './helpers/traffic.js';
import { useNamespace } from './helpers/use-namespace.js';

const fixture = useNamespace();
const tcp = `tcp://${VIRTUAL}:80`;
const udp6 = `udp://[${VIRTUAL6}]:53`;
const counters: readonly CounterName[] = [
  'connections',
  'inPackets',
  'outPackets',
  'inBytes',
  'outBytes',
];
const rates = [
  'connectionRate',
  'inPacketRate',
  'outPacketRate',
  'inByteRate',
  'outByteRate',
] as const;

let traffic: Traffic;

beforeAll(async () => {
  furnish(fixture.namespace);
  await balance(fixture.ipvs, [
    [
      { protocol: 'tcp', address: VIRTUAL, port: 80 },
      { address: SERVER, port: PORT },
      { address: '10.0.0.3', port: PORT },
    ],
    [
      { protocol: 'udp', address: VIRTUAL6, port: 53 },
      { address: SERVER6, port: PORT },
    ],
  ]);
  traffic = new Traffic(fixture.namespace);
  for (const address of [SERVER, '10.0.0.3']) await traffic.listen('tcp', [address, PORT]);
  await traffic.listen('udp', [SERVER6, PORT]);
});
afterAll(() => traffic.stop());

/** So many exchanges over TCP, and as many over UDP. */
async function exchange(times: number): Promise<void> {
  for (let index = 0; index < times; index++) {
    await traffic.connect({ protocol: 'tcp', to: [VIRTUAL, 80], data: 'x'.repeat(100) });
    await traffic.connect({ protocol: 'udp', to: [VIRTUAL6, 53], data: 'x'.repeat(100) });
  }
}

/** All that there are: of the namespace, the services and their destinations. */
async function read(ipvs = fixture.ipvs) {
  const [totals, { services }] = await Promise.all([ipvs.getStats(), ipvs.snapshot()]);
  const destinations = services.flatMap((service) => service.destinations);
  const sum = (all: readonly { readonly stats: Stats }[]) => (name: CounterName) =>
    all.reduce((before, { stats }) => before + stats[name], 0);
  return { totals, services, destinations, ofServices: sum(services), of: sum(destinations) };
}

/** Returns the statistics once all packets are counted: the kernel updates objects at any time. */
function counted(connections: number) {
  return until(read, ({ totals, ofServices, of }) =>
    counters.every((name) => {
      const all = totals[name] === ofServices(name) && totals[name] === of(name);
      return all && totals.connections === connections;
    }),
  );
}

/** The two rows of /proc/net/ip_vs_stats. */
function kernelTotals(): Stats {
  const rows = fixture.namespace
    .readFile('/proc/net/ip_vs_stats')
    .split('\n')
    .filter((line) => /^ *[\dA-F]+( +[\dA-F]+){4} *$/.test(line))
    .map((line) => line.trim().split(/ +/));
  const entries = [counters, rates].flatMap((names, row) =>
    names.map((name, column) => [name, Number.parseInt(rows[row]?.[column] ?? '', 16)]),
  );
  return Object.fromEntries(entries);
}

/** Returns the five numbers of each row of `ipvsadm -L` with an option, by address. */
function listing(option: '--stats' | '--rate'): Record<string, number[]> {
  const lines = fixture.namespace.ipvsadm('-L', '-n', option, '--exact').split('\n');
  const rows = lines.map((line) => line.trim().replace(/^-> /, '').split(/ +/));
  return Object.fromEntries(
    rows
      .filter((words) => words.slice(-5).every((word) => /^\d+$/.test(word)))
      .map((words) => [words.at(-6), words.slice(-5).map(Number)]),
  );
}

const place = ({ address, port }: { address: string; port: number }) =>
  address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;

/** Formats what the library has read like ipvsadm. */
function rowsOf({ services }: Awaited<ReturnType<typeof read>>, names: readonly (keyof Stats)[]) {
  const numbers = (stats: Stats) => names.map((name) => stats[name]);
  const places = services.flatMap((service) =>
    service.fwmark === undefined ? [service, ...service.destinations] : [],
  );
  return Object.fromEntries(places.map((each) => [place(each), numbers(each.stats)]));
}

beforeEach(() => fixture.ipvs.zero());

test('services, destinations and totals count the sent packets', async () => {
  await exchange(6);
  const { totals, services } = await counted(12);
  for (const { protocol, stats, destinations } of services) {
    expect(stats.connections).toBe(6);
    // Of TCP at least SYN, ACK and data; SYN+ACK and the echo.
    expect(stats.inPackets).toBeGreaterThanOrEqual(protocol === 'tcp' ? 18 : 6);
    expect(stats.outPackets).toBeGreaterThanOrEqual(protocol === 'tcp' ? 12 : 6);
    expect(stats.inBytes).toBeGreaterThan(6 * 100);
    expect(stats.outBytes).toBeGreaterThan(6 * 100);
    for (const { stats: own } of destinations) {
      expect(own.connections).toBe(6 / destinations.length);
    }
  }
  // 40 bytes of header, 8 of UDP, and 100.
  expect(services.find(({ protocol }) => protocol === 'udp')?.stats).toMatchObject({
    inPackets: 6,
    outPackets: 6,
    inBytes: 6 * 148,
    outBytes: 6 * 148,
  });
  const { connections, inPackets, outPackets, inBytes, outBytes } = kernelTotals();
  expect(totals).toMatchObject({ connections, inPackets, outPackets, inBytes, outBytes });
  expect(totals.inBytes).toBeGreaterThan(0);
});

test('a destination that is added again to the same service soon has its old counters', async () => {
  const { ipvs } = fixture;
  await exchange(2);
  const { services } = await counted(4);
  for (const { destinations, ...service } of services) {
    for (const destination of destinations) {
      await ipvs.deleteDestination(service, destination);
      await ipvs.addDestination(service, destination);
      const again = await ipvs.getDestination(service, destination);
      for (const name of counters) expect(again?.stats[name]).toBe(destination.stats[name]);
      expect(again?.stats.connections).toBe(2 / destinations.length);
    }
    await ipvs.deleteService(service);
    await ipvs.addService(service);
    expect((await ipvs.getService(service))?.stats).toEqual(noStats);
    for (const destination of destinations) {
      await ipvs.addDestination(service, destination);
      expect((await ipvs.getDestination(service, destination))?.stats).toEqual(noStats);
    }
  }
});

test('counters are those that ipvsadm prints', async () => {
  await exchange(4);
  const own = await counted(8);
  expect(listing('--stats')).toEqual(rowsOf(own, counters));
});

test('rates are those that ipvsadm and the kernel print', async () => {
  await exchange(20);
  await until(
    async () => {
      const before = await read();
      const [printed, totals] = [listing('--rate'), kernelTotals()];
      return { before, printed, totals, after: await read() };
    },
    ({ before, printed, totals, after }) => {
      const [first, second] = [rowsOf(before, rates), rowsOf(after, rates)];
      const rests =
        JSON.stringify([first, before.totals]) === JSON.stringify([second, after.totals]);
      if (!rests || Object.values(first).some((row) => row.some((rate) => rate === 0)))
        return false;
      expect(printed).toEqual(first);
      expect(after.totals).toEqual(totals);
      return true;
    },
  );
});

test('BigInts have the same values as numbers', async () => {
  await exchange(2);
  await counted(4);
  const big = (value: unknown): unknown =>
    JSON.parse(
      JSON.stringify(value, (_, each) => (typeof each === 'bigint' ? Number(each) : each)),
    );
  const { ipvs } = fixture;
  const pairs = async () => [
    [await ipvs.getStats({ bigint: true }), await ipvs.getStats()],
    [await ipvs.getService(tcp, { bigint: true }), await ipvs.getService(tcp)],
    [await ipvs.listServices({ bigint: true }), await ipvs.listServices()],
    [
      await ipvs.getDestination(udp6, `[${SERVER6}]:${PORT}`, { bigint: true }),
      await ipvs.getDestination(udp6, `[${SERVER6}]:${PORT}`),
    ],
    [await ipvs.listDestinations(tcp, { bigint: true }), await ipvs.listDestinations(tcp)],
    [await ipvs.snapshot({ bigint: true }), await ipvs.snapshot()],
  ];
  // The rates may change between the two of a pair.
  const same = await until(pairs, (all) =>
    all.every(([exact, plain]) => JSON.stringify(big(exact)) === JSON.stringify(plain)),
  );
  expect(same).toHaveLength(6);
  const { stats } = (await ipvs.getService(tcp, { bigint: true })) ?? {};
  expect(stats?.connections).toBe(2n);
  expect(Object.values(stats ?? {}).every((value) => typeof value === 'bigint')).toBe(true);
  expect((await ipvs.getStats({ bigint: true })).connections).toBe(4n);
});

describe('zero', () => {
  test('for a service keeps other services and the totals', async () => {
    await exchange(2);
    const { totals, services } = await counted(4);
    expect(await fixture.ipvs.zero(tcp)).toBeUndefined();
    const now = await read();
    const [zeroed, kept] = ['tcp', 'udp'].map((protocol) =>
      now.services.find((service) => service.protocol === protocol),
    );
    expect(zeroed?.stats).toEqual(noStats);
    for (const { stats } of zeroed?.destinations ?? []) expect(stats).toEqual(noStats);
    expect(kept?.stats.connections).toBe(2);
    expect(kept?.stats.inBytes).toBe(
      services.find(({ protocol }) => protocol === 'udp')?.stats.inBytes,
    );
    expect(now.totals.connections).toBe(totals.connections);
    // Connections are no counters.
    const active = zeroed?.destinations.map((each) => each.activeConnections) ?? [];
    expect(active.reduce((all, each) => all + each, 0)).toBeGreaterThanOrEqual(2);
  });

  test('for all services resets the totals too', async () => {
    await exchange(2);
    await counted(4);
    await fixture.ipvs.zero();
    const { totals, services, destinations } = await read();
    expect(totals).toEqual(noStats);
    for (const { stats } of [...services, ...destinations]) expect(stats).toEqual(noStats);
    expect(Object.values(kernelTotals()).every((value) => value === 0)).toBe(true);
  });

  test('for a missing service rejects', async () => {
    await expect(fixture.ipvs.zero('tcp://10.96.0.1:9')).rejects.toMatchObject({
      code: 'ESRCH',
      operation: 'zero',
      target: 'tcp://10.96.0.1:9',
    });
  });
});

describe('the estimator', () => {
  test('is stopped by run_estimation and later counts the packets since', async () => {
    const { ipvs } = fixture;
    expect((await ipvs.getInfo()).estimation).toBe(true);
    await ipvs.sysctls.set({ runEstimation: false });
    expect((await ipvs.getInfo()).estimation).toBe(false);
    const before = (await ipvs.getStats()).connections;
    await exchange(1);
    // Nothing to wait for: as long as it usually takes.
    const end = Date.now() + 3000;
    await until(
      async () => expect((await ipvs.getStats()).connections).toBe(before),
      () => Date.now() > end,
    );
    await ipvs.sysctls.set({ runEstimation: true });
    expect((await ipvs.getInfo()).estimation).toBe(true);
    await counted(2);
  });

  test('is stopped by an empty est_cpulist', async (context) => {
    const { ipvs } = fixture;
    const { estCpulist } = await ipvs.sysctls.get();
    if (estCpulist === undefined) context.skip('this kernel has no est_cpulist');
    await ipvs.sysctls.set({ estCpulist: '' });
    expect((await ipvs.getInfo()).estimation).toBe(false);
    await ipvs.sysctls.set({ estCpulist: '0' });
    expect((await ipvs.getInfo()).estimation).toBe(true);
  });
});

test('totals are those of the namespace of the handle', async () => {
  await using other = await Namespace.create();
  await using ipvs = await Ipvs.open({ netns: other });
  await exchange(1);
  await counted(2);
  expect(await ipvs.getStats()).toEqual(noStats);
});

describe('getStatus', () => {
  test('returns the content of the file if the kernel has it', async () => {
    const { ipvs, namespace } = fixture;
    const exists = namespace.run('ls', ['/proc/net']).split('\n').includes('ip_vs_status');
    const status = await ipvs.getStatus();
    if (!exists) {
      expect(status).toBeUndefined();
      return;
    }
    const lines = namespace.readFile('/proc/net/ip_vs_status').trimEnd().split('\n');
    const printed = Object.fromEntries(lines.map((line) => line.split(/:\s*/)));
    expect(status?.lines).toEqual(printed);
    expect(status?.services).toBe(2);
    const [{ count } = { count: 0 }] = await ipvs.countConnections();
    expect(status?.connections).toBe(count);
    expect(count).toBeGreaterThan(0);
    const buckets = Number.parseInt(printed['Conn buckets'] ?? '', 10);
    expect(status?.connectionBuckets).toBe(buckets);
    expect(status?.serviceBuckets).toBe(Number.parseInt(printed['Service buckets'] ?? '', 10));
    expect((await ipvs.getInfo()).connectionTableSize).toBe(buckets);
  });
});

test('rejects for a closed handle', async () => {
  const ipvs = await Ipvs.open({ netns: fixture.namespace.path });
  await ipvs.close();
  for (const operation of ['getStats', 'getStatus', 'getInfo'] as const) {
    await expect(ipvs[operation]()).rejects.toMatchObject({ code: 'ERR_IPVS_CLOSED', operation });
  }
});
