import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { RequestBuffer } from '../../lib/ipvs/request-buffer.js';
import { asBigint, asNumber } from '../../lib/ipvs/stats.js';
import type { Field, Layout, RecordLayout, StatsField } from '../../lib/native/addon.js';
import { INTERFACE_HASH } from '../../lib/native/layout.js';
import { complete } from '../../lib/queue/incremental.js';
import {
  ipv4Bytes,
  ipv6Bytes,
  normalDestination,
  normalService,
  serviceAndDestination,
  serviceConfig,
} from './helpers/arbitraries.js';
import { native } from './helpers/native.js';
import {
  bytesOf,
  calls,
  fieldsOf,
  layout,
  METHOD_OPERATIONS,
  pack,
  untyped,
  write,
} from './helpers/requests.js';
import {
  destinationRecord,
  ipvsResponse,
  nameBytes,
  serviceRecord,
  statsRecord,
} from './helpers/responses.js';

/** The bytes of the service or destination in the one request of a buffer. */
function recordIn(requests: RequestBuffer, name: 'service' | 'destination'): Uint8Array {
  const { offset } = layout.request.fields[name];
  return requests.bytes().slice(offset, offset + layout[name].size);
}

describe('the layout', () => {
  // The other members of Layout are tables of numbers.
  const RECORDS = Object.entries(layout).filter(([, record]) => 'fields' in record) as [
    keyof Layout,
    RecordLayout<string>,
  ][];

  const NUMBERS = [
    'operations',
    'statuses',
    'changes',
    'criteria',
    'countBy',
    'origins',
    'connectionFlags',
  ] as const;

  // No operation takes more than one of these.
  const SHARED: ReadonlySet<string> = new Set(['flagsOwner', 'destination', 'timeouts', 'daemon']);

  test.each(RECORDS)('of %s has no two fields on one byte, and none outside', (kind, record) => {
    const fields = fieldsOf(record).sort(([, a], [, b]) => a.offset - b.offset);
    expect(fields.length).toBeGreaterThan(0);
    let [start, end] = [0, 0];
    for (const [name, { offset, size }] of fields) {
      const isShared = kind === 'request' && SHARED.has(name) && offset === start;
      if (!isShared) expect(offset, name).toBeGreaterThanOrEqual(end);
      expect(size, name).toBeGreaterThan(0);
      [start, end] = [offset, Math.max(end, offset + size)];
    }
    expect(end).toBeLessThanOrEqual(record.size);
  });

  test.each(RECORDS)(
    'of %s has numbers of widths that lib/native/records.ts can read',
    (_, record) => {
      // What is longer is a name, an address or a record.
      for (const [name, { size }] of fieldsOf(record)) {
        if (size <= 8) expect([2, 4, 8], name).toContain(size);
      }
    },
  );

  test('nests records of their own size', () => {
    const { request, serviceEntry, destinationEntry, result, connectionCount } = layout;
    for (const [{ size }, record] of [
      [request.fields.service, layout.service],
      [request.fields.destination, layout.destination],
      [request.fields.timeouts, layout.timeouts],
      [request.fields.daemon, layout.daemon],
      [serviceEntry.fields.service, layout.service],
      [serviceEntry.fields.stats, layout.stats],
      [destinationEntry.fields.destination, layout.destination],
      [destinationEntry.fields.stats, layout.stats],
      [result.fields.timeouts, layout.timeouts],
      [connectionCount.fields.group, layout.connection],
    ] as const) {
      expect(size).toBe(record.size);
    }
  });

  test('begins services and destinations with their keys, which filters take', () => {
    const { service, destination } = layout.connectionFilter.fields;
    const inside = (key: readonly Field[], size: number) =>
      key.every((field) => field.offset + field.size <= size);
    const { fwmark, ...named } = layout.service.fields;
    const { protocol, address, port, family } = named;
    expect(inside([fwmark, protocol, address, port, family], service.size)).toBe(true);
    const own = layout.destination.fields;
    expect(inside([own.address, own.port, own.family], destination.size)).toBe(true);
    expect(inside([named.flags], service.size) || inside([own.weight], destination.size)).toBe(
      false,
    );
  });

  test('has room for an IPv6 address and for the longest names and their NUL', () => {
    expect(layout.service.fields.address.size).toBe(16);
    expect(layout.destination.fields.address.size).toBe(16);
    expect(layout.daemon.fields.group.size).toBe(16);
    expect(layout.daemon.fields.interface.size).toBeGreaterThanOrEqual(16);
    expect(layout.service.fields.scheduler.size).toBeGreaterThanOrEqual(16);
    expect(layout.service.fields.engine.size).toBeGreaterThanOrEqual(17);
    expect(layout.request.fields.flagsOwner.size).toBeGreaterThanOrEqual(16);
  });

  test.each(NUMBERS)('numbers the %s without repetition', (name) => {
    const numbers = Object.values(layout[name]);
    expect(new Set(numbers).size).toBe(numbers.length);
    for (const number of numbers) expect(Number.isInteger(number) && number >= 0).toBe(true);
  });

  test.each(['changes', 'criteria', 'countBy', 'connectionFlags'] as const)(
    'numbers the %s so that they can be put together',
    (name) => {
      let all = 0;
      for (const bit of Object.values<number>(layout[name])) {
        expect(Math.log2(bit) % 1).toBe(0);
        expect(all & bit).toBe(0);
        all |= bit;
      }
    },
  );

  test('has an operation for each call, and a call for each operation', () => {
    // The probe is an operation under another name.
    const { probeScheduler, ...named } = untyped;
    expect(probeScheduler('rr').request).toBe('addService');
    expect(Object.keys(named).sort()).toEqual([...METHOD_OPERATIONS].sort());
    for (const [name, make] of Object.entries(named))
      expect(make()).toMatchObject({ name, request: name });
  });

  test('is the one with which the addon was built', () => {
    expect(native.interfaceHash).toBe(INTERFACE_HASH);
  });
});

describe('an encoded object is decoded unchanged', () => {
  test('for any service', () => {
    fc.assert(
      fc.property(serviceConfig, (config) => {
        const record = recordIn(pack(calls.addService(config)), 'service');
        const [service] = complete(
          ipvsResponse({ services: [serviceRecord(record)] }).services(0, asNumber),
        );
        const { stats: _, ...settings } = service ?? expect.unreachable();
        expect(settings).toStrictEqual(normalService(config));
      }),
      { numRuns: 1000 },
    );
  });

  test('for any destination', () => {
    fc.assert(
      fc.property(serviceAndDestination, ([service, config]) => {
        const record = recordIn(pack(calls.addDestination(service, config)), 'destination');
        const [destination] = complete(
          ipvsResponse({ destinations: [destinationRecord(record)] }).destinations(0, asNumber),
        );
        expect(destination).toMatchObject(normalDestination(service, config));
      }),
      { numRuns: 1000 },
    );
  });

  test('for a service that is added again', () => {
    fc.assert(
      fc.property(serviceConfig, (config) => {
        const record = recordIn(pack(calls.addService(config)), 'service');
        const [service] = complete(
          ipvsResponse({ services: [serviceRecord(record)] }).services(0, asNumber),
        );
        expect([...recordIn(pack(untyped.addService(service)), 'service')]).toEqual([...record]);
      }),
    );
  });

  test('for a destination that is added again', () => {
    fc.assert(
      fc.property(serviceAndDestination, ([service, config]) => {
        const record = recordIn(pack(calls.addDestination(service, config)), 'destination');
        const [destination] = complete(
          ipvsResponse({ destinations: [destinationRecord(record)] }).destinations(0, asNumber),
        );
        expect([
          ...recordIn(pack(untyped.addDestination(service, destination)), 'destination'),
        ]).toEqual([...record]);
      }),
    );
  });
});

/** An integer of so many bits, small ones and those with a meaning more often than others. */
const bits = (count: number, ...special: readonly number[]) =>
  fc.oneof(fc.nat(8), fc.integer({ min: 0, max: 2 ** count - 1 }), fc.constantFrom(0, ...special));

describe('an object from the kernel, also through JSON', () => {
  const HASHED = 0x02;
  const name = (...names: readonly string[]) => fc.constantFrom(...names).map(nameBytes);

  /** The services that the kernel accepts, in the form of records. */
  const kernelService = fc.tuple(fc.boolean(), fc.boolean()).chain(([marked, isIpv6]) =>
    fc.record({
      family: fc.constant(isIpv6 ? 10 : 2),
      fwmark: marked ? fc.integer({ min: 1, max: 2 ** 32 - 1 }) : fc.constant(0),
      protocol: marked ? fc.constant(0) : bits(16, 6, 17, 132),
      port: marked ? fc.constant(0) : bits(16, 80),
      address: marked ? fc.constant([]) : isIpv6 ? ipv6Bytes : ipv4Bytes,
      flags: bits(32, 0x38, 0x05).map((flags) => (flags & ~HASHED) >>> 0),
      timeout: bits(32, 300),
      netmask: isIpv6 ? fc.integer({ min: 1, max: 128 }) : bits(32, 0xffffffff, 0xff00ff01),
      scheduler: name('wlc', 'sh', 'mh', 'none'),
      engine: name('', 'sip'),
    }),
  );

  /** The destinations that the kernel accepts behind an IPv4 service. */
  const kernelDestination = fc
    .record({
      address: fc.constant([10, 0, 0, 1]),
      family: fc.constant(2),
      port: bits(16, 80),
      forwarding: fc.nat(7),
      weight: bits(31),
      upperThreshold: bits(32),
      lowerThreshold: bits(32),
      tunnelType: bits(8),
      tunnelPort: bits(16),
      tunnelFlags: bits(16),
    })
    .filter(({ upperThreshold, lowerThreshold }) => lowerThreshold <= upperThreshold);

  const throughJson = (value: unknown): unknown => JSON.parse(JSON.stringify(value));

  test.each(['addService', 'ensureService'] as const)('%s encodes it unchanged', (operation) => {
    fc.assert(
      fc.property(kernelService, (fields) => {
        const entry = serviceRecord(fields);
        const [service] = complete(ipvsResponse({ services: [entry] }).services(0, asNumber));
        const record = [...entry.slice(layout.serviceEntry.fields.service.offset)];
        for (const read of [service, throughJson(service)]) {
          const written = recordIn(pack(untyped[operation](read)), 'service');
          expect([...written]).toEqual(record.slice(0, written.length));
        }
      }),
      { numRuns: 1000 },
    );
  });

  test.each(['addDestination', 'ensureDestination'] as const)(
    '%s encodes it unchanged',
    (operation) => {
      fc.assert(
        fc.property(kernelDestination, (fields) => {
          const entry = destinationRecord(fields);
          const list = ipvsResponse({ destinations: [entry] }).destinations(0, asNumber);
          const [destination] = complete(list);
          const { offset } = layout.destinationEntry.fields.destination;
          const record = [...entry.slice(offset, offset + layout.destination.size)];
          for (const read of [destination, throughJson(destination)]) {
            const requests = pack(untyped[operation]('tcp://10.0.0.9:80', read));
            expect([...recordIn(requests, 'destination')]).toEqual(record);
          }
        }),
        { numRuns: 1000 },
      );
    },
  );

  test('is checked as a configuration without its stats', () => {
    const config = { protocol: 'tcp', address: '10.0.0.1', port: 80, onePacket: true };
    const server = { address: '10.0.0.2', port: 81 };
    for (const stats of [undefined, null, 5, 'read']) {
      expect(() => pack(untyped.addService({ ...config, stats }))).toThrow('is only for udp');
      const added = untyped.addDestination('tcp://10.0.0.1:80', { ...server, stats });
      expect(() => pack(added)).toThrow("only 'masquerade' translates ports");
    }
    expect(() => pack(untyped.addService({ ...config, stats: {} }))).not.toThrow();
  });
});

describe('an object that only another program can make', () => {
  const service = (values: Parameters<typeof serviceRecord>[0]) =>
    complete(ipvsResponse({ services: [serviceRecord(values)] }).services(0, asNumber))[0];
  const destination = (values: Parameters<typeof destinationRecord>[0]) =>
    complete(
      ipvsResponse({ destinations: [destinationRecord(values)] }).destinations(0, asNumber),
    )[0];

  test.each([
    {
      title: 'a protocol',
      decoded: service({ family: 2, protocol: 50 }),
      expected: { protocol: 'unknown-50', port: 0 },
    },
    {
      title: 'protocol 65535',
      decoded: service({ family: 10, protocol: 65535 }),
      expected: { protocol: 'unknown-65535', address: '::' },
    },
    {
      title: 'a mark that is a whole word',
      decoded: service({ family: 10, fwmark: 2 ** 32 - 1 }),
      expected: { fwmark: 2 ** 32 - 1, family: 'ipv6' },
    },
    {
      title: 'no scheduler',
      decoded: service({ family: 2 }),
      expected: { scheduler: '', schedulerFlags: [], persistence: null },
    },
    {
      title: 'a scheduler of full length',
      decoded: service({ family: 2, scheduler: nameBytes('abcdefghijklmno') }),
      expected: { scheduler: 'abcdefghijklmno' },
    },
    {
      title: 'an engine of full length',
      decoded: service({
        family: 2,
        flags: 1,
        timeout: 2 ** 32 - 1,
        engine: nameBytes('abcdefghijklmnop'),
      }),
      expected: {
        persistence: { timeout: 2 ** 32 - 1, netmask: '0.0.0.0', engine: 'abcdefghijklmnop' },
      },
    },
    {
      title: 'all flags',
      decoded: service({ family: 2, flags: 0xffffffff }),
      expected: {
        onePacket: true,
        // Without IP_VS_SVC_F_HASHED, the kernel's own.
        schedulerFlags: [
          ...['flag-1', 'flag-2', 'flag-3'],
          ...Array.from({ length: 26 }, (_, bit) => `unknown-${2 ** (6 + bit)}`),
        ],
      },
    },
    {
      title: 'settings of persistence without persistence',
      decoded: service({ family: 2, timeout: 5, netmask: 0xffffff00, engine: nameBytes('sip') }),
      expected: {
        persistence: null,
        inactivePersistence: { timeout: 5, netmask: '255.255.255.0', engine: 'sip' },
      },
    },
    {
      title: 'all flags of sh',
      decoded: service({ family: 2, flags: 0x38, scheduler: nameBytes('sh') }),
      expected: { schedulerFlags: ['sh-fallback', 'sh-port', 'flag-3'] },
    },
    {
      title: 'all flags of mh',
      decoded: service({ family: 2, flags: 0x38, scheduler: nameBytes('mh') }),
      expected: { schedulerFlags: ['mh-fallback', 'mh-port', 'flag-3'] },
    },
    {
      title: 'a mask with holes',
      decoded: service({ family: 2, flags: 1, netmask: 0xff00ff01 }),
      expected: { persistence: { timeout: 0, netmask: '255.0.255.1', engine: null } },
    },
    {
      title: 'forwarding 5',
      decoded: destination({ family: 2, forwarding: 5 }),
      expected: { forwarding: 'unknown-5', tunnel: null },
    },
    {
      title: 'a tunnel of type 200',
      decoded: destination({ family: 2, forwarding: 2, tunnelType: 200, tunnelPort: 5 }),
      expected: { tunnel: { type: 'unknown-200', port: 5 } },
    },
    {
      title: 'a checksum of gue',
      decoded: destination({
        family: 2,
        forwarding: 2,
        tunnelType: 1,
        tunnelPort: 65535,
        tunnelFlags: 6,
      }),
      expected: { tunnel: { type: 'gue', port: 65535, checksum: 'unknown-6' } },
    },
    {
      title: 'a checksum of gre',
      decoded: destination({ family: 2, forwarding: 2, tunnelType: 2, tunnelFlags: 2 }),
      expected: { tunnel: { type: 'gre', checksum: 'remote-checksum' } },
    },
    {
      title: 'a tunnel without forwarding',
      decoded: destination({ family: 2, forwarding: 3, tunnelType: 1, tunnelPort: 5 }),
      expected: { forwarding: 'direct', tunnel: { type: 'gue', port: 5, checksum: 'none' } },
    },
    {
      title: 'a threshold of the whole word',
      decoded: destination({ family: 10, upperThreshold: 2 ** 32 - 1 }),
      expected: { upperThreshold: 2 ** 32 - 1, family: 'ipv6' },
    },
  ])('$title is decoded', ({ decoded, expected }) => {
    expect(decoded).toMatchObject(expected);
  });
});

describe('numbers', () => {
  // The names of the fields are those of the object's properties.
  const FIELDS = Object.keys(layout.stats.fields) as StatsField[];
  const counter = fc.oneof(
    fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
    fc.constantFrom(0n, 1n, 2n ** 32n - 1n, 2n ** 32n, 2n ** 53n - 1n, 2n ** 53n, 2n ** 64n - 1n),
  );
  const counters = fc.record(
    Object.fromEntries(FIELDS.map((field) => [field, counter])) as Record<
      StatsField,
      typeof counter
    >,
  );

  test('counters are exact to 2^53, the nearest number beyond, and exact as BigInts', () => {
    fc.assert(
      fc.property(counters, (values) => {
        const stats = [...statsRecord(values)];
        const expected = Object.fromEntries(FIELDS.map((field) => [field, Number(values[field])]));
        const service = serviceRecord({ family: 2 }, { stats });
        const destination = destinationRecord({ family: 2 }, { stats });
        const results = ipvsResponse({ services: [service], destinations: [destination] });
        expect(complete(results.services(0, asNumber))[0]?.stats).toStrictEqual(expected);
        expect(complete(results.destinations(0, asNumber))[0]?.stats).toStrictEqual(expected);
        expect(complete(results.services(0, asBigint))[0]?.stats).toStrictEqual({ ...values });
        expect(complete(results.destinations(0, asBigint))[0]?.stats).toStrictEqual({ ...values });
      }),
    );
  });

  test.each([0, 1, 2 ** 31, 2 ** 32 - 1])('%d live connections are decoded', (count) => {
    const live = {
      activeConnections: count,
      inactiveConnections: (count + 1) % 2 ** 32,
      persistentConnections: (count + 2) % 2 ** 32,
    };
    const results = ipvsResponse({ destinations: [destinationRecord({ family: 2 }, live)] });
    expect(complete(results.destinations(0, asNumber))[0]).toMatchObject(live);
  });

  test('each record of a list is decoded', () => {
    const ports = [1, 65535, 256, 80];
    const services = ports.map((port) => serviceRecord({ family: 2, protocol: 6, port }));
    const destinations = ports.map((port) => destinationRecord({ family: 10, port: port ^ 1 }));
    const results = ipvsResponse({ services, destinations });
    expect(results.services(0, asNumber)).toMatchObject(ports.map((port) => ({ port })));
    expect(results.destinations(0, asNumber)).toMatchObject(
      ports.map((port) => ({ port: port ^ 1 })),
    );
  });
});

describe('a buffer of requests', () => {
  test('keeps its requests when it grows', () => {
    const configs = Array.from({ length: 200 }, (_, index) => ({
      protocol: 'tcp' as const,
      address: `10.0.${index}.1`,
      port: 1000 + index,
      scheduler: `s${index}`,
    }));
    const requests = new RequestBuffer();
    configs.forEach((config, index) => {
      expect(requests.count).toBe(index);
      write(requests, calls.addService(config));
    });
    expect([...requests.bytes()]).toEqual(
      configs.flatMap((config) => bytesOf(calls.addService(config))),
    );
  });

  test('keeps nothing of a request that was not committed, also if it has just grown', () => {
    for (const committed of [0, 1, 15, 16, 17, 32]) {
      const requests = new RequestBuffer();
      for (let i = 0; i < committed; i++) write(requests, calls.flush());
      requests.begin('addService');
      requests.records.bytes.fill(0xff, requests.current, requests.current + layout.request.size);
      expect(requests.bytes()).toHaveLength(committed * layout.request.size);

      write(requests, calls.listServices());
      const last = requests.bytes().slice(committed * layout.request.size);
      expect([...last]).toEqual(bytesOf(calls.listServices()));
    }
  });
});
