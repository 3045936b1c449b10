import { describe, expect, test } from 'vitest';
import { bitsOf, MARK, server, TCP, TCP6, tunnelled } from './helpers/argument-tables.js';
import { requestOf, untyped } from './helpers/requests.js';

const { addDestination, ensureDestination, updateDestination } = untyped;

const LONG_MAX = 2 ** 31 - 1;

describe('good destinations', () => {
  interface DestinationRow {
    readonly title: string;
    readonly service: string;
    readonly config: object;
    readonly expected: object;
  }
  test.each<DestinationRow>([
    {
      title: 'the defaults',
      service: TCP,
      config: server,
      expected: {
        port: 80,
        forwarding: 3,
        weight: 1,
        upperThreshold: 0,
        lowerThreshold: 0,
        tunnelType: 0,
      },
    },
    { title: 'weight 0', service: TCP, config: { ...server, weight: 0 }, expected: { weight: 0 } },
    {
      title: 'weight 2^31 - 1',
      service: TCP,
      config: { ...server, weight: LONG_MAX },
      expected: { weight: LONG_MAX },
    },
    {
      title: 'thresholds of one number',
      service: TCP,
      config: { ...server, upperThreshold: LONG_MAX, lowerThreshold: LONG_MAX },
      expected: { upperThreshold: LONG_MAX, lowerThreshold: LONG_MAX },
    },
    {
      title: 'another port, masqueraded',
      service: TCP,
      config: { ...server, port: 8080, forwarding: 'masquerade' },
      expected: { port: 8080, forwarding: 0 },
    },
    {
      title: 'another port behind a mark',
      service: MARK,
      config: { ...server, port: 8080 },
      expected: { port: 8080, forwarding: 3 },
    },
    {
      title: 'the same port given',
      service: TCP,
      config: { ...server, port: 80, forwarding: 'local' },
      expected: { port: 80, forwarding: 1 },
    },
    {
      title: 'IPv6 in a tunnel behind IPv4',
      service: TCP,
      config: { address: 'fd00::2', forwarding: 'tunnel' },
      expected: { family: 10, forwarding: 2 },
    },
    {
      title: 'IPv4 in a tunnel behind IPv6',
      service: TCP6,
      config: { ...server, forwarding: 'tunnel' },
      expected: { family: 2, forwarding: 2 },
    },
    {
      title: 'a tunnel of nothing',
      service: TCP,
      config: { ...server, ...tunnelled(null) },
      expected: { tunnelType: 0, tunnelPort: 0, tunnelFlags: 0 },
    },
    {
      title: 'no tunnel beside another forwarding',
      service: TCP,
      config: { ...server, forwarding: 'bypass', tunnel: null },
      expected: { forwarding: 4, tunnelType: 0 },
    },
    {
      title: 'gue',
      service: TCP,
      config: {
        ...server,
        ...tunnelled({ type: 'gue', port: 65535, checksum: 'remote-checksum' }),
      },
      expected: { tunnelType: 1, tunnelPort: 65535, tunnelFlags: 2 },
    },
    {
      title: 'gre',
      service: TCP,
      config: { ...server, ...tunnelled({ type: 'gre', checksum: 'checksum' }) },
      expected: { tunnelType: 2, tunnelPort: 0, tunnelFlags: 1 },
    },
    { title: '127.0.0.1', service: TCP, config: { address: '127.0.0.1' }, expected: { family: 2 } },
    {
      title: '223.255.255.255',
      service: TCP,
      config: { address: '223.255.255.255' },
      expected: { family: 2 },
    },
    { title: '240.0.0.1', service: TCP, config: { address: '240.0.0.1' }, expected: { family: 2 } },
    { title: '::1', service: TCP6, config: { address: '::1' }, expected: { family: 10 } },
    {
      title: 'IPv4 in IPv6 as RFC 4291 once had it',
      service: TCP6,
      config: { address: '::1.2.3.4' },
      expected: { family: 10 },
    },
    {
      title: '::ffff:0:1.2.3.4',
      service: TCP6,
      config: { address: '::ffff:0:1.2.3.4' },
      expected: { family: 10 },
    },
    {
      title: '::ff00:1.2.3.4',
      service: TCP6,
      config: { address: '::ff00:1.2.3.4' },
      expected: { family: 10 },
    },
    {
      title: '::ff:1.2.3.4',
      service: TCP6,
      config: { address: '::ff:1.2.3.4' },
      expected: { family: 10 },
    },
  ])('addDestination and ensureDestination encode $title', ({ service, config, expected }) => {
    const add = requestOf(addDestination(service, config));
    expect(add.destination).toMatchObject(expected);
    expect(requestOf(ensureDestination(service, config)).destination).toEqual(add.destination);
  });
});

describe('updateDestination', () => {
  test('names no change if nothing is given', () => {
    expect(requestOf(updateDestination(TCP, '10.0.0.2', {})).changes).toBe(0);
  });

  test.each([
    { changes: { forwarding: 'tunnel' }, named: ['forwarding'] },
    { changes: { weight: 0 }, named: ['weight'] },
    { changes: { upperThreshold: 0 }, named: ['upperThreshold'] },
    { changes: { lowerThreshold: 5 }, named: ['lowerThreshold'] },
    { changes: { tunnel: { type: 'ipip' } }, named: ['tunnel'] },
    // As in addDestination, null is the default; it does not leave the tunnel as it is.
    { changes: { tunnel: null }, named: ['tunnelReset'] },
    { changes: { forwarding: 'direct', weight: 5 }, named: ['forwarding', 'weight'] },
  ] as const)('names the changes of $changes', ({ changes, named }) => {
    expect(requestOf(updateDestination(TCP, '10.0.0.2', changes)).changes).toBe(bitsOf(named));
  });
});
