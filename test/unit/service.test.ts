import { describe, expect, test } from 'vitest';
import { bitsOf, MARK, mark, TCP, TCP6, tcp, tcp6, udp } from './helpers/argument-tables.js';
import { requestOf, untyped } from './helpers/requests.js';

const { addService, ensureService, updateService } = untyped;

describe('good services', () => {
  interface ServiceRow {
    readonly title: string;
    readonly config: object;
    readonly expected: object;
  }
  test.each<ServiceRow>([
    { title: 'port 65535', config: { ...tcp, port: 65535 }, expected: { port: 65535 } },
    {
      title: 'port 0 with persistence',
      config: { ...tcp, port: 0, persistence: {} },
      expected: { port: 0, flags: 1, timeout: 300 },
    },
    {
      title: 'mark 1',
      config: { fwmark: 1 },
      expected: { fwmark: 1, family: 2, netmask: 0xffffffff },
    },
    {
      title: 'mark 2^32 - 1',
      config: { fwmark: 2 ** 32 - 1, family: 'ipv6' },
      expected: { fwmark: 2 ** 32 - 1, family: 10, netmask: 128 },
    },
    {
      title: 'a scheduler of 15 characters',
      config: { ...tcp, scheduler: 'x'.repeat(15) },
      expected: { scheduler: 'x'.repeat(15) },
    },
    {
      title: 'the default scheduler',
      config: tcp,
      expected: { scheduler: 'wlc', flags: 0, timeout: 0, engine: '' },
    },
    {
      title: 'timeout 1',
      config: { ...tcp, persistence: { timeout: 1 } },
      expected: { timeout: 1, flags: 1 },
    },
    {
      title: 'a timeout of 31 days',
      config: { ...tcp, persistence: { timeout: 2678400 } },
      expected: { timeout: 2678400 },
    },
    {
      title: 'netmask 0',
      config: { ...tcp, persistence: { netmask: 0 } },
      expected: { netmask: 0 },
    },
    {
      title: 'netmask 1',
      config: { ...tcp, persistence: { netmask: 1 } },
      expected: { netmask: 0x80000000 },
    },
    {
      title: 'netmask 32',
      config: { ...tcp, persistence: { netmask: 32 } },
      expected: { netmask: 0xffffffff },
    },
    {
      title: 'a dotted netmask',
      config: { ...tcp, persistence: { netmask: '255.255.254.0' } },
      expected: { netmask: 0xfffffe00 },
    },
    {
      title: 'prefix 1',
      config: { ...tcp6, persistence: { netmask: 1 } },
      expected: { netmask: 1 },
    },
    {
      title: 'prefix 128',
      config: { ...tcp6, persistence: { netmask: 128 } },
      expected: { netmask: 128 },
    },
    {
      title: 'an engine of 16 characters',
      config: { ...tcp, persistence: { engine: 'y'.repeat(16) } },
      expected: { engine: 'y'.repeat(16) },
    },
    {
      title: 'engine: null',
      config: { ...tcp, persistence: { engine: null } },
      expected: { engine: '' },
    },
    { title: 'one packet with udp', config: { ...udp, onePacket: true }, expected: { flags: 4 } },
    {
      title: 'one packet with a mark',
      config: { ...mark, onePacket: true },
      expected: { flags: 4 },
    },
    {
      title: 'flags of sh',
      config: { ...tcp, scheduler: 'sh', schedulerFlags: ['sh-fallback', 'sh-port', 'flag-3'] },
      expected: { flags: 0x38 },
    },
    {
      title: 'flags of mh',
      config: { ...tcp, scheduler: 'mh', schedulerFlags: ['mh-port'] },
      expected: { flags: 0x10 },
    },
    {
      title: 'flags of any',
      config: { ...tcp, scheduler: 'rr', schedulerFlags: ['flag-1', 'flag-1'] },
      expected: { flags: 0x08 },
    },
    { title: 'no flags', config: { ...tcp, schedulerFlags: [] }, expected: { flags: 0 } },
  ])('addService and ensureService encode $title', ({ config, expected }) => {
    expect(requestOf(addService(config)).service).toMatchObject(expected);
    expect(requestOf(ensureService(config)).service).toEqual(requestOf(addService(config)).service);
  });
});

describe('updateService', () => {
  test('names no change if nothing is given', () => {
    expect(requestOf(updateService(TCP, {})).changes).toBe(0);
  });

  test.each([
    { changes: { scheduler: 'rr' }, named: ['scheduler'] },
    { changes: { schedulerFlags: [] }, named: ['schedulerFlags'] },
    { changes: { onePacket: false }, named: ['onePacket'] },
    { changes: { persistence: null }, named: ['persistence'] },
    { changes: { persistence: {} }, named: ['persistence'] },
    { changes: { persistence: { timeout: 5 } }, named: ['persistence', 'timeout'] },
    { changes: { persistence: { netmask: 24 } }, named: ['persistence', 'netmask'] },
    { changes: { persistence: { engine: null } }, named: ['persistence', 'engine'] },
    {
      changes: { scheduler: 'sh', schedulerFlags: ['sh-port'], onePacket: false },
      named: ['scheduler', 'schedulerFlags', 'onePacket'],
    },
  ] as const)('names the changes of $changes', ({ changes, named }) => {
    expect(requestOf(updateService(TCP, changes)).changes).toBe(bitsOf(named));
  });

  // All of it counts if the service is not persistent yet.
  test.each([
    {
      reference: TCP,
      persistence: {},
      expected: { flags: 1, timeout: 300, netmask: 0xffffffff, engine: '' },
    },
    {
      reference: TCP6,
      persistence: {},
      expected: { flags: 1, timeout: 300, netmask: 128, engine: '' },
    },
    {
      reference: MARK,
      persistence: { timeout: 5 },
      expected: { flags: 1, timeout: 5, netmask: 0xffffffff },
    },
    {
      reference: 'udp://10.0.0.1:80',
      persistence: { netmask: 24, engine: 'sip' },
      expected: { timeout: 300, netmask: 0xffffff00, engine: 'sip' },
    },
    {
      reference: TCP,
      persistence: null,
      expected: { flags: 0, timeout: 0, netmask: 0xffffffff, engine: '' },
    },
    {
      reference: TCP6,
      persistence: null,
      expected: { flags: 0, timeout: 0, netmask: 128, engine: '' },
    },
  ])('completes persistence $persistence of $reference with defaults', (row) => {
    const { reference, persistence, expected } = row;
    expect(requestOf(updateService(reference, { persistence })).service).toMatchObject(expected);
  });

  test('encodes the owner of flags without a scheduler', () => {
    expect(requestOf(updateService(TCP, { schedulerFlags: ['mh-port'] })).flagsOwner).toBe('mh');
    expect(requestOf(updateService(TCP, { schedulerFlags: ['flag-2'] })).flagsOwner).toBe('');
  });
});
