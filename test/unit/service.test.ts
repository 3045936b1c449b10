import { describe, expect, test } from 'vitest';
import {
  bitsOf,
  EVERY_PORT,
  expectRow,
  MARK,
  mark,
  type SettingRow,
  type SettingTail,
  TCP,
  TCP6,
  tcp,
  tcp6,
  udp,
} from './refusals.js';
import { type Kind, requestOf, untyped } from './requests.js';

const { addService, ensureService, updateService } = untyped;

const MODULE_NAME = 'is not a name of 1 to 15 letters, digits, dots, dashes and underscores';
const ENGINE_NAME = 'is not a name of 1 to 16 letters, digits, dots, dashes and underscores';
const TIMEOUT = 'is not an integer from 1 to 2678400 seconds';
const BITS4 = 'is not an integer from 0 to 32 bits';
const BITS6 = 'is not an integer from 1 to 128 bits';

const SERVICE_SETTINGS: readonly SettingRow[] = [
  [
    'scheduler of 16 characters',
    { scheduler: 'x'.repeat(16) },
    'value',
    'scheduler',
    `'${'x'.repeat(16)}'`,
    MODULE_NAME,
  ],
  ['scheduler empty', { scheduler: '' }, 'value', 'scheduler', "''", MODULE_NAME],
  ['scheduler with a slash', { scheduler: '../rr' }, 'value', 'scheduler', "'../rr'", MODULE_NAME],
  ['scheduler with a blank', { scheduler: 'rr ' }, 'value', 'scheduler', "'rr '", MODULE_NAME],
  [
    'scheduler with a line break',
    { scheduler: 'rr\n' },
    'value',
    'scheduler',
    "'rr\\n'",
    MODULE_NAME,
  ],
  ['scheduler with a NUL', { scheduler: 'rr\0' }, 'value', 'scheduler', "'rr\\x00'", MODULE_NAME],
  [
    'scheduler of other letters',
    { scheduler: 'größer' },
    'value',
    'scheduler',
    "'größer'",
    MODULE_NAME,
  ],
  ['scheduler null', { scheduler: null }, 'type', 'scheduler', 'null', MODULE_NAME],
  ['scheduler number', { scheduler: 1 }, 'type', 'scheduler', '1', MODULE_NAME],
  ['scheduler array', { scheduler: ['rr'] }, 'type', 'scheduler', "[ 'rr' ]", MODULE_NAME],
  [
    'flags in text',
    { schedulerFlags: 'sh-port' },
    'type',
    'schedulerFlags',
    "'sh-port'",
    'is not an array of scheduler flags',
  ],
  [
    'flags null',
    { schedulerFlags: null },
    'type',
    'schedulerFlags',
    'null',
    'is not an array of scheduler flags',
  ],
  [
    'flags as a set',
    { schedulerFlags: new Set(['sh-port']) },
    'type',
    'schedulerFlags',
    "Set(1) { 'sh-port' }",
    'is not an array of scheduler flags',
  ],
  [
    'flags as bits',
    { schedulerFlags: 8 },
    'type',
    'schedulerFlags',
    '8',
    'is not an array of scheduler flags',
  ],
  [
    'an unknown flag',
    { schedulerFlags: ['rr-port'] },
    'value',
    'schedulerFlags',
    "'rr-port'",
    'is not one of sh-fallback, sh-port, mh-fallback, mh-port, flag-1, flag-2, flag-3',
  ],
  [
    'a typo in a flag',
    { scheduler: 'sh', schedulerFlags: ['sh-prot'] },
    'value',
    'schedulerFlags',
    "'sh-prot'",
    'did you mean sh-port?',
  ],
  [
    'flag-4',
    { schedulerFlags: ['flag-4'] },
    'value',
    'schedulerFlags',
    "'flag-4'",
    'did you mean flag-1?',
  ],
  [
    'a flag that is a number',
    { schedulerFlags: [8] },
    'type',
    'schedulerFlags',
    '8',
    'is not one of sh-fallback',
  ],
  [
    'a hole in the flags',
    { schedulerFlags: Array(1) },
    'type',
    'schedulerFlags',
    'undefined',
    'is not one of sh-fallback',
  ],
  [
    'a flag of every object',
    { schedulerFlags: ['constructor'] },
    'value',
    'schedulerFlags',
    "'constructor'",
    'is not one of sh-fallback',
  ],
  [
    'flags of two schedulers',
    { scheduler: 'sh', schedulerFlags: ['sh-port', 'mh-port'] },
    'value',
    'schedulerFlags',
    "[ 'sh-port', 'mh-port' ]",
    'has flags of two schedulers, sh and mh',
  ],
  [
    'flags of sh with rr',
    { scheduler: 'rr', schedulerFlags: ['flag-1', 'sh-port'] },
    'value',
    'schedulerFlags',
    "[ 'sh-fallback', 'sh-port' ]",
    'belongs to scheduler sh, not to rr',
  ],
  [
    'flags of mh with sh',
    { scheduler: 'sh', schedulerFlags: ['mh-fallback'] },
    'value',
    'schedulerFlags',
    "'mh-fallback'",
    'belongs to scheduler mh, not to sh',
  ],
  [
    'one packet with tcp',
    { onePacket: true },
    'value',
    'onePacket',
    'true',
    'is only for udp and firewall marks, not for tcp',
  ],
  ['onePacket number', { onePacket: 1 }, 'type', 'onePacket', '1', 'is not a boolean'],
  ['onePacket in text', { onePacket: 'false' }, 'type', 'onePacket', "'false'", 'is not a boolean'],
  ['onePacket null', { onePacket: null }, 'type', 'onePacket', 'null', 'is not a boolean'],
  ['persistence true', { persistence: true }, 'type', 'persistence', 'true', 'is not an object'],
  ['persistence false', { persistence: false }, 'type', 'persistence', 'false', 'is not an object'],
  ['persistence number', { persistence: 300 }, 'type', 'persistence', '300', 'is not an object'],
  ['persistence array', { persistence: [] }, 'type', 'persistence', '[]', 'is not an object'],
  ['persistence text', { persistence: '300' }, 'type', 'persistence', "'300'", 'is not an object'],
  [
    'a typo in persistence',
    { persistence: { timout: 5 } },
    'value',
    'persistence.timout',
    "'timout'",
    'did you mean timeout?',
  ],
  ['timeout 0', { persistence: { timeout: 0 } }, 'range', 'persistence.timeout', '0', TIMEOUT],
  [
    'timeout of 31 days and a second',
    { persistence: { timeout: 2678401 } },
    'range',
    'persistence.timeout',
    '2678401',
    TIMEOUT,
  ],
  ['timeout -1', { persistence: { timeout: -1 } }, 'range', 'persistence.timeout', '-1', TIMEOUT],
  [
    'timeout 1.5',
    { persistence: { timeout: 1.5 } },
    'range',
    'persistence.timeout',
    '1.5',
    TIMEOUT,
  ],
  [
    'timeout NaN',
    { persistence: { timeout: Number.NaN } },
    'range',
    'persistence.timeout',
    'NaN',
    TIMEOUT,
  ],
  [
    'timeout in text',
    { persistence: { timeout: '300' } },
    'type',
    'persistence.timeout',
    "'300'",
    TIMEOUT,
  ],
  [
    'timeout null',
    { persistence: { timeout: null } },
    'type',
    'persistence.timeout',
    'null',
    TIMEOUT,
  ],
  ['netmask 33', { persistence: { netmask: 33 } }, 'range', 'persistence.netmask', '33', BITS4],
  ['netmask -1', { persistence: { netmask: -1 } }, 'range', 'persistence.netmask', '-1', BITS4],
  [
    'netmask 23.5',
    { persistence: { netmask: 23.5 } },
    'range',
    'persistence.netmask',
    '23.5',
    BITS4,
  ],
  [
    'netmask null',
    { persistence: { netmask: null } },
    'type',
    'persistence.netmask',
    'null',
    BITS4,
  ],
  [
    'netmask true',
    { persistence: { netmask: true } },
    'type',
    'persistence.netmask',
    'true',
    BITS4,
  ],
  [
    'a prefix in text',
    { persistence: { netmask: '24' } },
    'value',
    'persistence.netmask',
    "'24'",
    'is not a dotted mask such as 255.255.255.0',
  ],
  [
    'a prefix with a slash',
    { persistence: { netmask: '/24' } },
    'value',
    'persistence.netmask',
    "'/24'",
    'is not a dotted mask',
  ],
  [
    'a mask in hex',
    { persistence: { netmask: '0xffffff00' } },
    'value',
    'persistence.netmask',
    "'0xffffff00'",
    'is not a dotted mask',
  ],
  [
    'a short mask',
    { persistence: { netmask: '255.255.255' } },
    'value',
    'persistence.netmask',
    "'255.255.255'",
    'is not a dotted mask',
  ],
  [
    'garbage for a mask',
    { persistence: { netmask: 'class C' } },
    'value',
    'persistence.netmask',
    "'class C'",
    'is not a dotted mask',
  ],
  [
    'a mask of IPv6',
    { persistence: { netmask: 'ffff::' } },
    'value',
    'persistence.netmask',
    "'ffff::'",
    'is not a dotted mask',
  ],
  [
    'engine empty',
    { persistence: { engine: '' } },
    'value',
    'persistence.engine',
    "''",
    ENGINE_NAME,
  ],
  [
    'engine of 17 characters',
    { persistence: { engine: 'y'.repeat(17) } },
    'value',
    'persistence.engine',
    `'${'y'.repeat(17)}'`,
    ENGINE_NAME,
  ],
  [
    'engine with a slash',
    { persistence: { engine: 'a/b' } },
    'value',
    'persistence.engine',
    "'a/b'",
    ENGINE_NAME,
  ],
  [
    'engine false',
    { persistence: { engine: false } },
    'type',
    'persistence.engine',
    'false',
    ENGINE_NAME,
  ],
];

const SETTINGS_OF_OTHER_SERVICES: readonly (readonly [
  title: string,
  config: object,
  reference: string,
  ...row: SettingTail,
])[] = [
  [
    'sctp: one packet',
    { ...tcp, protocol: 'sctp' },
    'sctp://10.0.0.1:80',
    { onePacket: true },
    'value',
    'onePacket',
    'true',
    'is only for udp and firewall marks, not for sctp',
  ],
  [
    'IPv6: prefix 0',
    tcp6,
    TCP6,
    { persistence: { netmask: 0 } },
    'range',
    'persistence.netmask',
    '0',
    BITS6,
  ],
  [
    'IPv6: prefix 129',
    tcp6,
    TCP6,
    { persistence: { netmask: 129 } },
    'range',
    'persistence.netmask',
    '129',
    BITS6,
  ],
  [
    'IPv6: prefix in text',
    tcp6,
    TCP6,
    { persistence: { netmask: '64' } },
    'type',
    'persistence.netmask',
    "'64'",
    BITS6,
  ],
  [
    'IPv6: dotted mask',
    tcp6,
    TCP6,
    { persistence: { netmask: '255.255.255.0' } },
    'type',
    'persistence.netmask',
    "'255.255.255.0'",
    BITS6,
  ],
  [
    'an IPv6 mark: prefix 0',
    { fwmark: 7, family: 'ipv6' },
    'fwmark6://7',
    { persistence: { netmask: 0 } },
    'range',
    'persistence.netmask',
    '0',
    BITS6,
  ],
  [
    'an IPv4 mark: prefix 33',
    mark,
    MARK,
    { persistence: { netmask: 33 } },
    'range',
    'persistence.netmask',
    '33',
    BITS4,
  ],
  [
    'port 0: persistence null',
    { ...tcp, port: 0 },
    EVERY_PORT,
    { persistence: null },
    'value',
    'persistence',
    'null',
    'does not go with port 0: a service for every port must be persistent',
  ],
];

describe('refused', () => {
  test.each(SERVICE_SETTINGS)('%s', (_, settings, kind, property, ...row) => {
    expectRow(() => addService({ ...tcp, ...settings }), [kind, `service.${property}`, ...row]);
    expectRow(() => ensureService({ ...tcp, ...settings }), [kind, `service.${property}`, ...row]);
    expectRow(() => updateService(TCP, settings), [kind, `changes.${property}`, ...row]);
  });

  test.each(SETTINGS_OF_OTHER_SERVICES)(
    'of %s',
    (_, config, reference, settings, kind, property, ...row) => {
      expectRow(
        () => addService({ ...config, ...settings }),
        [kind, `service.${property}`, ...row],
      );
      expectRow(
        () => ensureService({ ...config, ...settings }),
        [kind, `service.${property}`, ...row],
      );
      expectRow(() => updateService(reference, settings), [kind, `changes.${property}`, ...row]);
    },
  );

  type Row = readonly [string, unknown, Kind, string, string, string];
  test.each<Row>([
    [
      'port 70000',
      { ...tcp, port: 70000 },
      'range',
      'service.port',
      '70000',
      'is not an integer from 0 to 65535',
    ],
    [
      'address localhost',
      { ...tcp, address: 'localhost' },
      'value',
      'service.address',
      "'localhost'",
      'is not an IPv4 or IPv6 address',
    ],
    [
      'mark 0',
      { fwmark: 0 },
      'range',
      'service.fwmark',
      '0',
      'is not an integer from 1 to 4294967295',
    ],
    [
      'a mark and an address',
      { ...tcp, fwmark: 7 },
      'value',
      'service.protocol',
      "'tcp'",
      'does not go with fwmark',
    ],
    [
      'a reference in text',
      TCP,
      'type',
      'service',
      `'${TCP}'`,
      "is not an object: write { protocol: 'tcp', address: '10.0.0.1', port: 80 }",
    ],
    [
      'a protocol that IPVS does not balance',
      { ...tcp, protocol: 'unknown-50' },
      'value',
      'service.protocol',
      "'unknown-50'",
      'is not one of tcp, udp, sctp',
    ],
    [
      'protocol 0',
      { ...tcp, protocol: 'unknown-0' },
      'value',
      'service.protocol',
      "'unknown-0'",
      'is not one of tcp, udp, sctp',
    ],
    ...(
      [
        ['0.0.0.0', 'the unspecified address'],
        ['224.0.0.1', 'a multicast address'],
        ['239.255.255.255', 'a multicast address'],
        ['255.255.255.255', 'the broadcast address'],
        ['::', 'the unspecified address'],
        ['ff02::1', 'a multicast address'],
        ['ffff::', 'a multicast address'],
      ] as const
    ).map(
      ([address, kind]) =>
        [
          `address ${address}`,
          { ...tcp, address },
          'value',
          'service.address',
          `'${address}'`,
          `is ${kind}: no packet would ever match the service`,
        ] as const,
    ),
    ...(['tcp', 'sctp'] as const).map(
      (protocol) =>
        [
          `a SIP engine on ${protocol}`,
          { ...tcp, protocol, persistence: { engine: 'sip' } },
          'value',
          'service.persistence.engine',
          "'sip'",
          `is only for udp and firewall marks: the kernel would drop every packet of ${protocol}`,
        ] as const,
    ),
    [
      'port 0 without persistence',
      { ...tcp, port: 0 },
      'value',
      'service.persistence',
      'null',
      'does not go with port 0',
    ],
    [
      'flags of mh with the default scheduler',
      { ...tcp, schedulerFlags: ['mh-port'] },
      'value',
      'service.schedulerFlags',
      "'mh-port'",
      'belongs to scheduler mh, not to wlc',
    ],
    [
      'a typo',
      { ...tcp, shceduler: 'rr' },
      'value',
      'service.shceduler',
      "'shceduler'",
      'did you mean scheduler?',
    ],
    [
      'a key of destinations',
      { ...tcp, weight: 1 },
      'value',
      'service.weight',
      "'weight'",
      'is not a known property',
    ],
    [
      'destinations, which are not added with it',
      { ...tcp, destinations: [] },
      'value',
      'service.destinations',
      "'destinations'",
      'is not a known property',
    ],
  ])('%s', (_, config, ...row) => {
    expectRow(() => addService(config), row);
    expectRow(() => ensureService(config), row);
  });

  test.each<Row>([
    ['the name', { port: 81 }, 'value', 'changes.port', "'port'", 'is not a known property'],
    [
      'a typo',
      { schedular: 'rr' },
      'value',
      'changes.schedular',
      "'schedular'",
      'did you mean scheduler?',
    ],
    [
      'a scheduler and flags of another',
      { scheduler: 'rr', schedulerFlags: ['mh-port'] },
      'value',
      'changes.schedulerFlags',
      "'mh-port'",
      'belongs to scheduler mh, not to rr',
    ],
  ])('as changes: %s', (_, changes, ...row) => {
    expectRow(() => updateService(TCP, changes), row);
  });
});

describe('taken, at the edge of what is allowed', () => {
  type ServiceRow = readonly [string, object, object];
  test.each<ServiceRow>([
    ['port 65535', { ...tcp, port: 65535 }, { port: 65535 }],
    [
      'port 0 with persistence',
      { ...tcp, port: 0, persistence: {} },
      { port: 0, flags: 1, timeout: 300 },
    ],
    ['mark 1', { fwmark: 1 }, { fwmark: 1, family: 2, netmask: 0xffffffff }],
    [
      'mark 2^32 - 1',
      { fwmark: 2 ** 32 - 1, family: 'ipv6' },
      { fwmark: 2 ** 32 - 1, family: 10, netmask: 128 },
    ],
    [
      'scheduler of 15 characters',
      { ...tcp, scheduler: 'x'.repeat(15) },
      { scheduler: 'x'.repeat(15) },
    ],
    ['the default scheduler', tcp, { scheduler: 'wlc', flags: 0, timeout: 0, engine: '' }],
    ['timeout 1', { ...tcp, persistence: { timeout: 1 } }, { timeout: 1, flags: 1 }],
    ['timeout of 31 days', { ...tcp, persistence: { timeout: 2678400 } }, { timeout: 2678400 }],
    ['netmask 0', { ...tcp, persistence: { netmask: 0 } }, { netmask: 0 }],
    ['netmask 1', { ...tcp, persistence: { netmask: 1 } }, { netmask: 0x80000000 }],
    ['netmask 32', { ...tcp, persistence: { netmask: 32 } }, { netmask: 0xffffffff }],
    [
      'dotted netmask',
      { ...tcp, persistence: { netmask: '255.255.254.0' } },
      { netmask: 0xfffffe00 },
    ],
    ['prefix 1', { ...tcp6, persistence: { netmask: 1 } }, { netmask: 1 }],
    ['prefix 128', { ...tcp6, persistence: { netmask: 128 } }, { netmask: 128 }],
    [
      'engine of 16 characters',
      { ...tcp, persistence: { engine: 'y'.repeat(16) } },
      { engine: 'y'.repeat(16) },
    ],
    ['engine null', { ...tcp, persistence: { engine: null } }, { engine: '' }],
    ['one packet with udp', { ...udp, onePacket: true }, { flags: 4 }],
    ['one packet with a mark', { ...mark, onePacket: true }, { flags: 4 }],
    [
      'flags of sh',
      { ...tcp, scheduler: 'sh', schedulerFlags: ['sh-fallback', 'sh-port', 'flag-3'] },
      { flags: 0x38 },
    ],
    ['flags of mh', { ...tcp, scheduler: 'mh', schedulerFlags: ['mh-port'] }, { flags: 0x10 }],
    [
      'flags of any',
      { ...tcp, scheduler: 'rr', schedulerFlags: ['flag-1', 'flag-1'] },
      { flags: 0x08 },
    ],
    ['no flags', { ...tcp, schedulerFlags: [] }, { flags: 0 }],
  ])('%s', (_, config, expected) => {
    expect(requestOf(addService(config)).service).toMatchObject(expected);
    expect(requestOf(ensureService(config)).service).toEqual(requestOf(addService(config)).service);
  });
});

describe('updates', () => {
  test('name nothing where nothing is given', () => {
    expect(requestOf(updateService(TCP, {})).changes).toBe(0);
  });

  test.each([
    [{ scheduler: 'rr' }, ['scheduler']],
    [{ schedulerFlags: [] }, ['schedulerFlags']],
    [{ onePacket: false }, ['onePacket']],
    [{ persistence: null }, ['persistence']],
    [{ persistence: {} }, ['persistence']],
    [{ persistence: { timeout: 5 } }, ['persistence', 'timeout']],
    [{ persistence: { netmask: 24 } }, ['persistence', 'netmask']],
    [{ persistence: { engine: null } }, ['persistence', 'engine']],
    [
      { scheduler: 'sh', schedulerFlags: ['sh-port'], onePacket: false },
      ['scheduler', 'schedulerFlags', 'onePacket'],
    ],
  ] as const)('name what they change: %j', (given, named) => {
    expect(requestOf(updateService(TCP, given)).changes).toBe(bitsOf(named));
  });

  // Where the service is not persistent yet, all of it counts.
  test.each([
    [TCP, {}, { flags: 1, timeout: 300, netmask: 0xffffffff, engine: '' }],
    [TCP6, {}, { flags: 1, timeout: 300, netmask: 128, engine: '' }],
    [MARK, { timeout: 5 }, { flags: 1, timeout: 5, netmask: 0xffffffff }],
    [
      'udp://10.0.0.1:80',
      { netmask: 24, engine: 'sip' },
      { timeout: 300, netmask: 0xffffff00, engine: 'sip' },
    ],
    [TCP, null, { flags: 0, timeout: 0, netmask: 0xffffffff, engine: '' }],
    [TCP6, null, { flags: 0, timeout: 0, netmask: 128, engine: '' }],
  ])('persistence comes with its defaults: %s %j', (reference, persistence, expected) => {
    expect(requestOf(updateService(reference, { persistence })).service).toMatchObject(expected);
  });

  test('the flags of a scheduler that is not given name their scheduler', () => {
    expect(requestOf(updateService(TCP, { schedulerFlags: ['mh-port'] })).flagsOwner).toBe('mh');
    expect(requestOf(updateService(TCP, { schedulerFlags: ['flag-2'] })).flagsOwner).toBe('');
  });
});
