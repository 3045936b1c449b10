import {
  type DestinationConfig,
  normalizeDestination,
  normalizeService,
  type ServiceConfig,
  type Snapshot,
  type Stats,
} from 'ipvs';
import { formatTable, type TableOptions } from 'ipvs/ipvsadm';
import { describe, expect, test } from 'vitest';

const web = { protocol: 'tcp', address: '10.0.0.1', port: 80 } as const;

const noStats: Stats = {
  connections: 0,
  inPackets: 0,
  outPackets: 0,
  inBytes: 0,
  outBytes: 0,
  connectionRate: 0,
  inPacketRate: 0,
  outPacketRate: 0,
  inByteRate: 0,
  outByteRate: 0,
};

const makeService = (config: ServiceConfig) => ({ ...normalizeService(config), stats: noStats });

const makeDestination = (service: ServiceConfig, config: DestinationConfig) => ({
  ...normalizeDestination(service, config),
  activeConnections: 0,
  inactiveConnections: 0,
  persistentConnections: 0,
  stats: noStats,
});

/** A table of one service and one destination with these counters. */
function tableOf<Value extends number | bigint>(
  counters: Partial<Stats<Value>>,
): Snapshot<Value> | Snapshot {
  const stats = { ...noStats, ...counters };
  const destination = { ...makeDestination(web, { address: '10.1.0.1' }), stats };
  // With counters of either type.
  return { services: [{ ...makeService(web), stats, destinations: [destination] }] } as Snapshot;
}

/** Returns the columns behind the name of the service, and of the destination. */
function figures(snapshot: Snapshot, options: TableOptions): readonly [string, string] {
  const [, , service = '', destination = ''] = formatTable(snapshot, options).split('\n');
  return [service.slice(33), destination.slice(33)];
}

/** Counters and what is printed, in columns of at least 9. */
const scaled: readonly (readonly [number | bigint, string])[] = [
  [0, '0'],
  [99_999_999, '99999999'],
  [100_000_000, '100000K'],
  [999_999_999, '999999K'],
  [1_000_000_000, '1000M'],
  [99_999_999_999, '99999M'],
  [100_000_000_000, '100G'],
  [99_999_999_999_999, '99999G'],
  [123_456_789_012_345, '123T'],
  [18_446_744_073_709_551_615n, '18446744T'],
];

describe('counters', () => {
  test.each(scaled)('%s is %s', (value, text) => {
    const [service, destination] = figures(tableOf({ inBytes: value }) as Snapshot, {
      stats: true,
    });
    expect(service.slice(27).startsWith(` ${text.padStart(8)} `)).toBe(true);
    expect(destination).toBe(service);
  });

  test.each(scaled)('%s is exact if that is wanted', (value) => {
    const [service] = figures(tableOf({ outBytes: value }) as Snapshot, {
      stats: true,
      exact: true,
    });
    expect(service.slice(36)).toBe(` ${String(value).padStart(8)}`);
  });

  test('rates of connections and packets of a destination are exact', () => {
    const rates = { connectionRate: 123_456_789, inByteRate: 123_456_789 };
    const [service, destination] = figures(tableOf(rates) as Snapshot, { rate: true });
    expect(service).toContain(' 123456K');
    expect(service).not.toContain('123456789');
    expect(destination.startsWith(' 123456789 ')).toBe(true);
    expect(destination).toContain(' 123456K');
  });

  test('counters of destinations have 32 bits if the mistakes of ipvsadm are wanted', () => {
    // As ipvsadm was seen to print it.
    const rates = { inByteRate: 99_999_999_999 };
    const [service, destination] = figures(tableOf(rates) as Snapshot, {
      rate: true,
      compat: true,
    });
    expect(service).toContain('99999M');
    expect(destination).toContain(' 1215M');
  });
});

test('the first line is there with info', () => {
  const info = { version: '1.2.1', connectionTableSize: 4096 };
  expect(formatTable({ services: [] }, { info })).toBe(
    `IP Virtual Server version 1.2.1 (size=4096)
Prot LocalAddress:Port Scheduler Flags
  -> RemoteAddress:Port           Forward Weight ActiveConn InActConn
`,
  );
});

test('methods of forwarding have the names of ipvsadm', () => {
  const forwardings = ['masquerade', 'local', 'tunnel', 'direct', 'bypass'] as const;
  const destinations = forwardings.map((forwarding, index) =>
    makeDestination(web, { address: `10.1.0.${index}`, forwarding }),
  );
  const text = formatTable({ services: [{ ...makeService(web), destinations }] });
  const names = text
    .split('\n')
    .slice(3, -1)
    .map((line) => line.slice(33).split(' ')[1]);
  expect(names).toEqual(['Masq', 'Local', 'Tunnel', 'Route', '(null)']);
});

test('names are those that the caller has', () => {
  const names = {
    host: (address: string) => (address === '10.0.0.1' ? 'www.example' : undefined),
    service: (port: number, protocol: string) => (port === 80 ? `http-${protocol}` : undefined),
  };
  const destinations = [makeDestination(web, { address: '10.1.0.1' })];
  const text = formatTable({ services: [{ ...makeService(web), destinations }] }, { names });
  expect(text).toContain('TCP  www.example:http-tcp wlc\n');
  expect(text).toContain('  -> 10.1.0.1:http-tcp ');
});

test('long names are cut as by ipvsadm', () => {
  const names = { host: (address: string) => `${address}.`.repeat(20), service: () => undefined };
  const destinations = [makeDestination(web, { address: '10.1.0.1' })];
  const ipv6 = { ...web, address: 'fd00::1' };
  const services = [
    { ...makeService(web), destinations },
    { ...makeService(ipv6), destinations: [] },
  ];
  const [, , first, second, third] = formatTable({ services }, { names }).split('\n');
  expect(first).toBe(`TCP  ${'10.0.0.1.'.repeat(20).slice(0, 28)} wlc`);
  expect(second?.slice(0, 34)).toBe(`  -> ${'10.1.0.1.'.repeat(20).slice(0, 28)} `);
  expect(third).toBe(`TCP  [${'fd00::1.'.repeat(20).slice(0, 58)} wlc`);
});

test('sort: false keeps the order', () => {
  const services = [2, 1].map((fwmark) => ({ ...makeService({ fwmark }), destinations: [] }));
  const marks = (options?: TableOptions) => formatTable({ services }, options).match(/FWM {2}\d/g);
  expect(marks()).toEqual(['FWM  1', 'FWM  2']);
  expect(marks({ sort: false })).toEqual(['FWM  2', 'FWM  1']);
});

test('marks above 2^31 are negative only if the mistakes of ipvsadm are wanted', () => {
  const services = [{ ...makeService({ fwmark: 2 ** 32 - 1 }), destinations: [] }];
  expect(formatTable({ services })).toContain('FWM  4294967295 wlc');
  expect(formatTable({ services }, { compat: true })).toContain('FWM  -1 wlc');
});

test.each([
  [[], /snapshot: undefined is not what ipvs.snapshot\(\) returns/],
  [[{ services: [] }, { stats: 1 }], /options.stats: 1 is not a boolean/],
  [[{ services: [] }, { names: 1 }], /options.names: 1 is not an object with the functions/],
  [[{ services: [] }, { names: { host: 'x' } }], /options.names: .* is not an object with/],
  [[{ services: [] }, { info: {} }], /options.info: {} is not what ipvs.getInfo\(\) returns/],
  [[{ services: [web] }], /snapshot.services\[0\]: .* is not a service of ipvs.snapshot/],
  [[{ services: [] }, { numeric: true }], /numeric' is not a known property/],
  [[{ services: [] }, { stat: true }], /did you mean stats\?/],
  [[{ services: [] }, { persistentConnection: true }], /did you mean persistentConnections\?/],
])('formatTable refuses %j', (args, message) => {
  const call = formatTable as (...args: readonly unknown[]) => unknown;
  expect(() => call(...args)).toThrow(message);
});
