import fc from 'fast-check';
import { describe, expect, expectTypeOf, test, vi } from 'vitest';
import {
  type DestinationConfig,
  type DestinationReference,
  formatAddress,
  formatDestinationReference,
  formatServiceReference,
  type NormalizedDestination,
  type NormalizedService,
  normalizeDestination,
  normalizeService,
  parseDestinationReference,
  parseServiceReference,
  type ServiceConfig,
  type ServiceReference,
} from '../../lib/index.js';
import {
  canonical,
  ipv4,
  ipv6,
  normalDestination,
  normalService,
  serviceAndDestination,
  serviceConfig,
} from './helpers/arbitraries.js';

const loading = vi.spyOn(process, 'dlopen');

// The bad ones are what is tested.
const untyped = (method: (...args: never[]) => unknown) =>
  method as (...args: unknown[]) => unknown;

describe('formatAddress', () => {
  test.each([
    { text: '10.0.0.1', expected: '10.0.0.1' },
    { text: 'FD00:0:0::1', expected: 'fd00::1' },
    { text: 'fd00:0000:0000:0000:0000:0000:0000:0001', expected: 'fd00::1' },
    { text: '::ffff:0A00:0001', expected: '::ffff:10.0.0.1' },
    { text: '::', expected: '::' },
  ])('returns $expected for $text', ({ text, expected }) => {
    expect(formatAddress(text)).toBe(expected);
  });

  test('returns the same for every text of an address', () => {
    fc.assert(
      fc.property(fc.oneof(ipv4, ipv6), (text) => {
        expect(formatAddress(text)).toBe(canonical(text));
        expect(formatAddress(formatAddress(text))).toBe(formatAddress(text));
      }),
    );
  });

  test.each(['', '10.0.0', '10.0.0.1:80', '[fd00::1]', 'fd00::1/64', 'fe80::1%eth0', 'localhost'])(
    'refuses %j',
    (text) => {
      expect(() => formatAddress(text)).toThrow(
        expect.objectContaining({ code: 'ERR_INVALID_ARG_VALUE' }),
      );
    },
  );

  test.each([undefined, null, 5, {}, ['10.0.0.1']])('refuses %j, which is not text', (value) => {
    expect(() => untyped(formatAddress)(value)).toThrow(
      expect.objectContaining({ code: 'ERR_INVALID_ARG_TYPE' }),
    );
  });
});

describe('references of services', () => {
  test.each<{ reference: ServiceReference; expected: string }>([
    {
      reference: { protocol: 'tcp', address: 'FD00:0:0::1', port: 80 },
      expected: 'tcp://[fd00::1]:80',
    },
    {
      reference: { protocol: 'tcp', address: 'fd00::1', port: 80 },
      expected: 'tcp://[fd00::1]:80',
    },
    { reference: 'tcp://[FD00:0::1]:80', expected: 'tcp://[fd00::1]:80' },
    { reference: 'udp://10.0.0.1:0', expected: 'udp://10.0.0.1:0' },
    { reference: { fwmark: 7 }, expected: 'fwmark://7' },
    { reference: { fwmark: 7, family: 'ipv4' }, expected: 'fwmark://7' },
    { reference: { fwmark: 4294967295, family: 'ipv6' }, expected: 'fwmark6://4294967295' },
    { reference: 'fwmark6://7', expected: 'fwmark6://7' },
    {
      reference: { protocol: 'unknown-50', address: '10.0.0.1', port: 1 },
      expected: 'unknown-50://10.0.0.1:1',
    },
    { reference: 'unknown-6://10.0.0.1:1', expected: 'tcp://10.0.0.1:1' },
    {
      reference: { protocol: 'unknown-17', address: '10.0.0.1', port: 1 },
      expected: 'udp://10.0.0.1:1',
    },
  ])('$reference is formatted as $expected', ({ reference, expected }) => {
    expect(formatServiceReference(reference)).toBe(expected);
    expect(formatServiceReference(parseServiceReference(reference))).toBe(expected);
  });

  test('are parsed to the key, and nothing else', () => {
    expect(parseServiceReference('tcp://10.0.0.1:80')).toStrictEqual({
      protocol: 'tcp',
      address: '10.0.0.1',
      port: 80,
    });
    expect(parseServiceReference('fwmark://7')).toStrictEqual({ fwmark: 7, family: 'ipv4' });
    expect(
      parseServiceReference(normalizeService({ fwmark: 7, family: 'ipv6', scheduler: 'rr' })),
    ).toStrictEqual({ fwmark: 7, family: 'ipv6' });
  });

  test('survive formatting and parsing', () => {
    fc.assert(
      fc.property(serviceConfig, (config) => {
        const key = parseServiceReference(config);
        expect(parseServiceReference(formatServiceReference(config))).toStrictEqual(key);
        expect(parseServiceReference(key)).toStrictEqual(key);
        const text = formatServiceReference(config);
        expect(formatServiceReference(text)).toBe(text);
      }),
    );
  });

  test.each<{ reference: unknown; message: string }>([
    {
      reference: { protocol: 'tcp', address: '10.0.0.1' },
      message: 'service.port: undefined is not',
    },
    {
      reference: { protocol: 'tcp', address: '10.0.0.1', port: 99999 },
      message: 'service.port: 99999 is not',
    },
    { reference: { protocol: 'tpc', address: '10.0.0.1', port: 1 }, message: 'did you mean tcp?' },
    {
      reference: { protocol: 'tcp', address: 'localhost', port: 1 },
      message: "service.address: 'localhost' is not",
    },
    { reference: { fwmark: 0 }, message: 'service.fwmark: 0 is not' },
    { reference: {}, message: 'service: {} needs' },
    { reference: 'tcp://10.0.0.1', message: "service: 'tcp://10.0.0.1' is not a service" },
    { reference: 'tcp://10.0.0.1:99999', message: 'service port: 99999 is not' },
    { reference: undefined, message: 'service: undefined is not a reference: a string' },
    { reference: null, message: 'service: null is not a reference: a string' },
    { reference: 7, message: 'service: 7 is not a reference: a string' },
  ])('$reference is refused', ({ reference, message }) => {
    expect(() => untyped(formatServiceReference)(reference)).toThrow(message);
    expect(() => untyped(parseServiceReference)(reference)).toThrow(message);
  });
});

describe('references of destinations', () => {
  test.each<{ reference: DestinationReference; expected: string }>([
    { reference: { address: 'FD00:0:0::2', port: 80 }, expected: '[fd00::2]:80' },
    { reference: '[FD00::2]:80', expected: '[fd00::2]:80' },
    { reference: '10.0.0.1:80', expected: '10.0.0.1:80' },
    { reference: { address: '10.0.0.1', port: 0 }, expected: '10.0.0.1:0' },
    { reference: '10.0.0.1:1', expected: '10.0.0.1:1' },
    { reference: { address: '10.0.0.1' }, expected: '10.0.0.1' },
    { reference: { address: '10.0.0.1', port: undefined }, expected: '10.0.0.1' },
    { reference: 'FD00::2', expected: 'fd00::2' },
    { reference: '[fd00::2]', expected: 'fd00::2' },
  ])('$reference is formatted as $expected', ({ reference, expected }) => {
    expect(formatDestinationReference(reference)).toBe(expected);
    expect(formatDestinationReference(parseDestinationReference(reference))).toBe(expected);
  });

  test('are parsed to the key, and nothing else', () => {
    expect(parseDestinationReference('[FD00::2]:80')).toStrictEqual({
      address: 'fd00::2',
      port: 80,
    });
    expect(parseDestinationReference('10.0.0.1')).toStrictEqual({ address: '10.0.0.1' });
    const normal = normalizeDestination('fwmark://7', { address: '10.0.0.1', weight: 5 });
    expect(parseDestinationReference(normal)).toStrictEqual({ address: '10.0.0.1', port: 0 });
  });

  test('survive formatting and parsing', () => {
    fc.assert(
      fc.property(serviceAndDestination, ([, { address, port }]) => {
        const reference = { address, port };
        const key = parseDestinationReference(reference);
        expect(key).toEqual({ address: canonical(address), port });
        expect(parseDestinationReference(formatDestinationReference(reference))).toStrictEqual(key);
        const text = formatDestinationReference(reference);
        expect(formatDestinationReference(text)).toBe(text);
      }),
    );
  });

  test.each<{ reference: unknown; message: string }>([
    { reference: { address: '10.0.0.1', port: 99999 }, message: 'destination.port: 99999 is not' },
    { reference: { address: '10.0.0.1', port: null }, message: 'destination.port: null is not' },
    { reference: { address: '10.0.0.1:80' }, message: "destination.address: '10.0.0.1:80' is not" },
    { reference: '10.0.0.1:99999', message: 'destination port: 99999 is not' },
    { reference: 'localhost:80', message: "destination: 'localhost:80' is not" },
    { reference: undefined, message: 'destination: undefined is not a reference: a string' },
  ])('$reference is refused', ({ reference, message }) => {
    expect(() => untyped(formatDestinationReference)(reference)).toThrow(message);
    expect(() => untyped(parseDestinationReference)(reference)).toThrow(message);
  });
});

describe('normalizeService', () => {
  test('returns every setting, with the defaults', () => {
    expect(
      normalizeService({ protocol: 'tcp', address: 'FD00:0::1', port: 80, persistence: {} }),
    ).toStrictEqual({
      protocol: 'tcp',
      address: 'fd00::1',
      port: 80,
      family: 'ipv6',
      scheduler: 'wlc',
      schedulerFlags: [],
      persistence: { timeout: 300, netmask: 128, engine: null },
      onePacket: false,
    });
    expect(normalizeService({ fwmark: 7, persistence: { netmask: 20 } })).toStrictEqual({
      fwmark: 7,
      family: 'ipv4',
      scheduler: 'wlc',
      schedulerFlags: [],
      persistence: { timeout: 300, netmask: '255.255.240.0', engine: null },
      onePacket: false,
    });
  });

  test('orders scheduler flags by their bits, each once, as the scheduler calls them', () => {
    const flags = (
      scheduler: string,
      ...schedulerFlags: NonNullable<ServiceConfig['schedulerFlags']>
    ) => normalizeService({ fwmark: 7, scheduler, schedulerFlags }).schedulerFlags;
    expect(flags('sh', 'flag-3', 'sh-port', 'flag-1', 'sh-port')).toEqual([
      'sh-fallback',
      'sh-port',
      'flag-3',
    ]);
    expect(flags('rr', 'flag-2', 'flag-1')).toEqual(['flag-1', 'flag-2']);
  });

  test('keeps a netmask whose bits are not contiguous, as the kernel does', () => {
    const config = { fwmark: 7, persistence: { netmask: '255.0.255.1' } };
    expect(normalizeService(config).persistence?.netmask).toBe('255.0.255.1');
  });

  test('returns what adding makes, and is idempotent', () => {
    fc.assert(
      fc.property(serviceConfig, (config) => {
        const normal = normalizeService(config);
        expect(normal).toEqual(normalService(config));
        expect(normalizeService(normal)).toStrictEqual(normal);
      }),
    );
  });

  test('refuses what addService refuses', () => {
    const config = { protocol: 'tcp', address: '10.0.0.1', port: 80 };
    const bad: readonly (readonly [unknown, string])[] = [
      ['tcp://10.0.0.1:80', "service: 'tcp://10.0.0.1:80' is not an object: write {"],
      [{ ...config, wieght: 1 }, 'service.wieght'],
      [{ ...config, port: 0 }, 'a service for every port must be persistent'],
      [{ ...config, onePacket: true }, 'is only for udp and firewall marks'],
      [{ ...config, scheduler: 'rr', schedulerFlags: ['sh-port'] }, 'belongs to scheduler sh'],
    ];
    for (const [value, message] of bad) {
      expect(() => untyped(normalizeService)(value)).toThrow(message);
    }
  });
});

describe('normalizeDestination', () => {
  test('returns every setting, with the defaults', () => {
    expect(normalizeDestination('tcp://10.96.0.1:80', { address: '10.0.0.1' })).toStrictEqual({
      address: '10.0.0.1',
      port: 80,
      family: 'ipv4',
      forwarding: 'direct',
      weight: 1,
      upperThreshold: 0,
      lowerThreshold: 0,
      tunnel: null,
    });
    const config = { address: 'FD00:0::7', forwarding: 'tunnel' } as const;
    expect(normalizeDestination({ fwmark: 7 }, config)).toMatchObject({
      address: 'fd00::7',
      port: 0,
      family: 'ipv6',
      tunnel: { type: 'ipip' },
    });
    const tunnel = { type: 'gue', port: 6080 } as const;
    expect(normalizeDestination({ fwmark: 7 }, { ...config, tunnel }).tunnel).toStrictEqual({
      type: 'gue',
      port: 6080,
      checksum: 'none',
    });
  });

  test('returns what adding makes, and is idempotent', () => {
    fc.assert(
      fc.property(serviceAndDestination, ([service, config]) => {
        const normal = normalizeDestination(service, config);
        expect(normal).toEqual(normalDestination(service, config));
        expect(normalizeDestination(service, normal)).toStrictEqual(normal);
        expect(normalizeDestination(formatServiceReference(service), config)).toStrictEqual(normal);
      }),
    );
  });

  test('refuses what addDestination refuses', () => {
    const bad: readonly (readonly [unknown, unknown, string])[] = [
      ['tcp://10.0.0.1', { address: '10.0.0.2' }, 'is not a service'],
      ['tcp://10.0.0.1:80', '10.0.0.2', 'is not an object: write {'],
      ['tcp://10.0.0.1:80', { address: '10.0.0.2', port: 81 }, "only 'masquerade' translates"],
      ['tcp://10.0.0.1:80', { address: 'fd00::2' }, 'cannot cross'],
      ['tcp://10.0.0.1:80', { address: '224.0.0.1' }, 'is not a unicast address'],
    ];
    for (const [service, config, message] of bad) {
      expect(() => untyped(normalizeDestination)(service, config)).toThrow(message);
    }
  });
});

test('canonical forms are accepted as configurations and references', () => {
  expectTypeOf<NormalizedService>().toExtend<ServiceConfig>();
  expectTypeOf<NormalizedService>().toExtend<ServiceReference>();
  expectTypeOf<NormalizedDestination>().toExtend<DestinationConfig>();
  expectTypeOf<NormalizedDestination>().toExtend<DestinationReference>();
});

function thrownBy(action: () => unknown): unknown {
  try {
    action();
  } catch (error) {
    return error;
  }
  return expect.unreachable('nothing was thrown');
}

describe('the error of a function has its name, its target and the place of the call', () => {
  const key = { protocol: 'tcp', address: '10.0.0.1', port: 80 };
  const text = "{ protocol: 'tcp', address: '10.0.0.1', port: '80' }";
  const badKey = { ...key, port: '80' };
  const CASES = [
    { operation: 'formatAddress', method: formatAddress, args: ['x'], target: 'x' },
    { operation: 'formatAddress', method: formatAddress, args: [5], target: '5' },
    {
      operation: 'parseServiceReference',
      method: parseServiceReference,
      args: ['tcp://x'],
      target: 'tcp://x',
    },
    {
      operation: 'formatServiceReference',
      method: formatServiceReference,
      args: ['x'],
      target: 'x',
    },
    {
      operation: 'formatServiceReference',
      method: formatServiceReference,
      args: [{ ...key, x: 1 }],
      target: 'tcp://10.0.0.1:80',
    },
    {
      operation: 'parseDestinationReference',
      method: parseDestinationReference,
      args: ['x'],
      target: 'x',
    },
    {
      operation: 'formatDestinationReference',
      method: formatDestinationReference,
      args: [{ address: 'x' }],
      target: "{ address: 'x' }",
    },
    { operation: 'normalizeService', method: normalizeService, args: [badKey], target: text },
    {
      operation: 'normalizeService',
      method: normalizeService,
      args: [{ ...key, scheduler: 5 }],
      target: 'tcp://10.0.0.1:80',
    },
    {
      operation: 'normalizeDestination',
      method: normalizeDestination,
      args: ['tcp://10.0.0.1:80', { address: '10.0.0.2', weight: -1 }],
      target: '10.0.0.2:80 of tcp://10.0.0.1:80',
    },
    {
      operation: 'normalizeDestination',
      method: normalizeDestination,
      args: ['x', { address: '10.0.0.2' }],
      target: "{ address: '10.0.0.2' } of x",
    },
  ] as const;

  test.each(CASES)('the target of $operation is $target', ({ operation, method, args, target }) => {
    const error = thrownBy(() => untyped(method)(...args));
    expect(error).toMatchObject({ operation, target });
    const { message, stack } = error as Error;
    expect(message.startsWith(`${operation} ${target}: `)).toBe(true);
    expect(/\n +at (.*)/.exec(String(stack).slice(message.length))?.[1]).toContain(
      'canonical.test.ts',
    );
  });
});

test('no function of this file loads the addon', () => {
  expect(loading).not.toHaveBeenCalled();
});
