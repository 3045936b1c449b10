import { describe, expect, test } from 'vitest';
import {
  bitsOf,
  expectRow,
  MARK,
  type SettingRow,
  server,
  TCP,
  TCP6,
  tunnelled,
} from './refusals.js';
import { type Kind, requestOf, untyped } from './requests.js';

const { addDestination, ensureDestination, updateDestination } = untyped;

const LONG_MAX = 2 ** 31 - 1;
const INT = 'is not an integer from 0 to 2147483647';
const OWN_PORT = "which leaves the service's port 80: only 'masquerade' translates ports";
const CROSSING = "cannot cross from one address family to the other: only 'tunnel' can";
const NOT_UNICAST = "is not a unicast address, as a real server's must be";
const CHECKSUMS = 'is not one of none, checksum, remote-checksum';

const DESTINATION_SETTINGS: readonly SettingRow[] = [
  [
    'forwarding of ipvsadm',
    { forwarding: 'masq' },
    'value',
    'forwarding',
    "'masq'",
    'is not one of masquerade, local, tunnel, direct, bypass',
  ],
  [
    'a typo in forwarding',
    { forwarding: 'masqerade' },
    'value',
    'forwarding',
    "'masqerade'",
    'did you mean masquerade?',
  ],
  [
    'unknown forwarding',
    { forwarding: 'unknown-5' },
    'value',
    'forwarding',
    "'unknown-5'",
    'is not one of masquerade',
  ],
  ['forwarding number', { forwarding: 0 }, 'type', 'forwarding', '0', 'is not one of masquerade'],
  [
    'forwarding null',
    { forwarding: null },
    'type',
    'forwarding',
    'null',
    'is not one of masquerade',
  ],
  [
    'forwarding of every object',
    { forwarding: 'valueOf' },
    'value',
    'forwarding',
    "'valueOf'",
    'is not one of masquerade',
  ],
  ...['weight', 'upperThreshold', 'lowerThreshold'].flatMap((key): SettingRow[] => [
    [`${key} -1`, { [key]: -1 }, 'range', key, '-1', INT],
    [`${key} 1.5`, { [key]: 1.5 }, 'range', key, '1.5', INT],
    [`${key} NaN`, { [key]: Number.NaN }, 'range', key, 'NaN', INT],
    [`${key} Infinity`, { [key]: Infinity }, 'range', key, 'Infinity', INT],
    [`${key} 2^31`, { [key]: 2 ** 31 }, 'range', key, '2147483648', INT],
    [`${key} 2^32 + 1`, { [key]: 2 ** 32 + 1 }, 'range', key, '4294967297', INT],
    [`${key} in text`, { [key]: '1' }, 'type', key, "'1'", INT],
    [`${key} null`, { [key]: null }, 'type', key, 'null', INT],
    [`${key} true`, { [key]: true }, 'type', key, 'true', INT],
    [`${key} BigInt`, { [key]: 1n }, 'type', key, '1n', INT],
    [`${key} boxed`, { [key]: Object(1) }, 'type', key, '[Number: 1]', INT],
  ]),
  [
    'lower above upper',
    { upperThreshold: 5, lowerThreshold: 6 },
    'value',
    'lowerThreshold',
    '6',
    'is above the upper threshold of 5',
  ],
  ['a typo', { wieght: 1 }, 'value', 'wieght', "'wieght'", 'did you mean weight?'],
  [
    'another case',
    { upperthreshold: 1 },
    'value',
    'upperthreshold',
    "'upperthreshold'",
    'did you mean upperThreshold?',
  ],
  [
    'a key of services',
    { scheduler: 'rr' },
    'value',
    'scheduler',
    "'scheduler'",
    'is not a known property',
  ],
];

const TUNNELS: readonly SettingRow[] = [
  ['text', tunnelled('gre'), 'type', 'tunnel', "'gre'", 'is not an object'],
  ['true', tunnelled(true), 'type', 'tunnel', 'true', 'is not an object'],
  ['array', tunnelled([]), 'type', 'tunnel', '[]', 'is not an object'],
  ['no type', tunnelled({}), 'type', 'tunnel.type', 'undefined', 'is not one of ipip, gue, gre'],
  [
    'type null',
    tunnelled({ type: null }),
    'type',
    'tunnel.type',
    'null',
    'is not one of ipip, gue, gre',
  ],
  [
    'type number',
    tunnelled({ type: 1 }),
    'type',
    'tunnel.type',
    '1',
    'is not one of ipip, gue, gre',
  ],
  [
    'type vxlan',
    tunnelled({ type: 'vxlan' }),
    'value',
    'tunnel.type',
    "'vxlan'",
    'is not one of ipip, gue, gre',
  ],
  [
    'type unknown-3',
    tunnelled({ type: 'unknown-3' }),
    'value',
    'tunnel.type',
    "'unknown-3'",
    'is not one of ipip, gue, gre',
  ],
  [
    'type of every object',
    tunnelled({ type: 'constructor' }),
    'value',
    'tunnel.type',
    "'constructor'",
    'is not one of ipip',
  ],
  [
    'a typo',
    tunnelled({ type: 'gue', prot: 5 }),
    'value',
    'tunnel.prot',
    "'prot'",
    'did you mean port?',
  ],
  [
    'gue without port',
    tunnelled({ type: 'gue' }),
    'type',
    'tunnel.port',
    'undefined',
    'is not an integer from 1 to 65535',
  ],
  [
    'gue with port 0',
    tunnelled({ type: 'gue', port: 0 }),
    'range',
    'tunnel.port',
    '0',
    'is not an integer from 1 to 65535',
  ],
  [
    'gue with port 65536',
    tunnelled({ type: 'gue', port: 65536 }),
    'range',
    'tunnel.port',
    '65536',
    'is not an integer from 1 to 65535',
  ],
  [
    'gue with port in text',
    tunnelled({ type: 'gue', port: '6080' }),
    'type',
    'tunnel.port',
    "'6080'",
    'is not an integer',
  ],
  [
    'ipip with port',
    tunnelled({ type: 'ipip', port: 6080 }),
    'value',
    'tunnel.port',
    '6080',
    'does not go with tunnel type ipip',
  ],
  [
    'gre with port',
    tunnelled({ type: 'gre', port: 6080 }),
    'value',
    'tunnel.port',
    '6080',
    'does not go with tunnel type gre',
  ],
  [
    'gre with port null',
    tunnelled({ type: 'gre', port: null }),
    'value',
    'tunnel.port',
    'null',
    'does not go with tunnel type gre',
  ],
  [
    'ipip with checksum',
    tunnelled({ type: 'ipip', checksum: 'none' }),
    'value',
    'tunnel.checksum',
    "'none'",
    'does not go with tunnel type ipip',
  ],
  [
    'gre with remote-checksum',
    tunnelled({ type: 'gre', checksum: 'remote-checksum' }),
    'value',
    'tunnel.checksum',
    "'remote-checksum'",
    'does not go with tunnel type gre',
  ],
  [
    'checksum of ipvsadm',
    tunnelled({ type: 'gue', port: 1, checksum: 'csum' }),
    'value',
    'tunnel.checksum',
    "'csum'",
    CHECKSUMS,
  ],
  [
    'checksum true',
    tunnelled({ type: 'gre', checksum: true }),
    'type',
    'tunnel.checksum',
    'true',
    CHECKSUMS,
  ],
  [
    'checksum null',
    tunnelled({ type: 'gre', checksum: null }),
    'type',
    'tunnel.checksum',
    'null',
    CHECKSUMS,
  ],
  [
    'checksum unknown-4',
    tunnelled({ type: 'gre', checksum: 'unknown-4' }),
    'value',
    'tunnel.checksum',
    "'unknown-4'",
    CHECKSUMS,
  ],
];

describe('refused', () => {
  test.each([
    ...DESTINATION_SETTINGS,
    ...TUNNELS.map(([title, ...row]) => [`tunnel: ${title}`, ...row] as const),
  ])('%s', (_, settings, kind, property, ...row) => {
    const config = { ...server, ...settings };
    expectRow(() => addDestination(TCP, config), [kind, `destination.${property}`, ...row]);
    expectRow(() => ensureDestination(TCP, config), [kind, `destination.${property}`, ...row]);
    expectRow(
      () => updateDestination(TCP, '192.168.0.1', settings),
      [kind, `changes.${property}`, ...row],
    );
  });

  type Row = readonly [string, service: unknown, config: unknown, Kind, string, string, string];
  test.each<Row>([
    [
      'in text',
      TCP,
      '192.168.0.1:80',
      'type',
      'destination',
      "'192.168.0.1:80'",
      "is not an object: write { address: '192.168.0.1', port: 80 }",
    ],
    [
      'port 70000',
      TCP,
      { ...server, port: 70000 },
      'range',
      'destination.port',
      '70000',
      'is not an integer from 0 to 65535',
    ],
    [
      'address localhost',
      TCP,
      { address: 'localhost' },
      'value',
      'destination.address',
      "'localhost'",
      'is not an IPv4 or IPv6 address',
    ],
    [
      'a bad service',
      'tcp://10.0.0.1',
      server,
      'value',
      'service',
      "'tcp://10.0.0.1'",
      'is not a service',
    ],
    [
      'IPv6 masqueraded behind IPv4',
      TCP,
      { address: 'fd00::2', forwarding: 'masquerade' },
      'value',
      'destination.forwarding',
      "'masquerade'",
      CROSSING,
    ],
    [
      'IPv4 masqueraded behind IPv6',
      TCP6,
      { ...server, forwarding: 'masquerade' },
      'value',
      'destination.forwarding',
      "'masquerade'",
      CROSSING,
    ],
    [
      'IPv6 behind IPv4 by default',
      TCP,
      { address: 'fd00::2' },
      'value',
      'destination.forwarding',
      "'direct'",
      CROSSING,
    ],
    [
      'IPv4 behind IPv6 by default',
      TCP6,
      server,
      'value',
      'destination.forwarding',
      "'direct'",
      CROSSING,
    ],
    [
      'IPv6 behind an IPv4 mark',
      MARK,
      { address: 'fd00::2', forwarding: 'local' },
      'value',
      'destination.forwarding',
      "'local'",
      CROSSING,
    ],
    [
      'IPv4 behind an IPv6 mark',
      'fwmark6://7',
      { ...server, forwarding: 'bypass' },
      'value',
      'destination.forwarding',
      "'bypass'",
      CROSSING,
    ],
    [
      'another port by default',
      TCP,
      { ...server, port: 8080 },
      'value',
      'destination.port',
      '8080',
      `does not go with forwarding 'direct', ${OWN_PORT}`,
    ],
    ...['direct', 'tunnel', 'local', 'bypass'].map(
      (forwarding): Row => [
        `another port with ${forwarding}`,
        TCP,
        { ...server, port: 8080, forwarding },
        'value',
        'destination.port',
        '8080',
        `does not go with forwarding '${forwarding}', ${OWN_PORT}`,
      ],
    ),
    [
      'port 0 behind a port',
      TCP,
      { ...server, port: 0 },
      'value',
      'destination.port',
      '0',
      OWN_PORT,
    ],
    [
      'lower without upper',
      TCP,
      { ...server, lowerThreshold: 1 },
      'value',
      'destination.lowerThreshold',
      '1',
      'is above the upper threshold of 0',
    ],
    ...['masquerade', 'direct', 'local', 'bypass'].map(
      (forwarding): Row => [
        `a tunnel with ${forwarding}`,
        TCP,
        { ...server, forwarding, tunnel: { type: 'ipip' } },
        'value',
        'destination.tunnel',
        "{ type: 'ipip' }",
        `does not go with forwarding '${forwarding}'`,
      ],
    ),
    [
      'a tunnel by default',
      TCP,
      { ...server, tunnel: { type: 'ipip' } },
      'value',
      'destination.tunnel',
      "{ type: 'ipip' }",
      "does not go with forwarding 'direct'",
    ],
    ...[
      ['0.0.0.0', TCP],
      ['224.0.0.1', TCP],
      ['239.255.255.255', TCP],
      ['255.255.255.255', TCP],
      ['::', TCP6],
      ['ff02::1', TCP6],
      ['ffff::', TCP6],
      ['::ffff:1.2.3.4', TCP6],
    ].map(
      ([address, service]): Row => [
        `to ${address}`,
        service,
        { address },
        'value',
        'destination.address',
        `'${address}'`,
        NOT_UNICAST,
      ],
    ),
    [
      'IPv4 in IPv6',
      TCP6,
      { address: '::FFFF:102:304' },
      'value',
      'destination.address',
      "'::ffff:1.2.3.4'",
      NOT_UNICAST,
    ],
    [
      'a key of services',
      TCP,
      { ...server, protocol: 'tcp' },
      'value',
      'destination.protocol',
      "'protocol'",
      'is not a known property',
    ],
  ])('%s', (_, service, config, ...row) => {
    expectRow(() => addDestination(service, config), row);
    expectRow(() => ensureDestination(service, config), row);
  });

  type ChangeRow = readonly [
    string,
    service: unknown,
    destination: unknown,
    changes: unknown,
    Kind,
    string,
    string,
    string,
  ];
  test.each<ChangeRow>([
    [
      'the name',
      TCP,
      '10.0.0.2',
      { port: 8080 },
      'value',
      'changes.port',
      "'port'",
      'is not a known property',
    ],
    [
      'a bad destination',
      TCP,
      'localhost',
      {},
      'value',
      'destination',
      "'localhost'",
      'is not a destination',
    ],
    [
      'a bad service',
      'tcp://10.0.0.1',
      '10.0.0.2',
      {},
      'value',
      'service',
      "'tcp://10.0.0.1'",
      'is not a service',
    ],
    [
      'forwarding across families',
      TCP,
      '[fd00::2]:80',
      { forwarding: 'masquerade' },
      'value',
      'changes.forwarding',
      "'masquerade'",
      CROSSING,
    ],
    // The changes have no port: what does not fit is the forwarding.
    [
      'forwarding that cannot translate ports',
      TCP,
      '10.0.0.2:8080',
      { forwarding: 'direct' },
      'value',
      'changes.forwarding',
      "'direct'",
      'port',
    ],
    [
      'a tunnel with other forwarding',
      TCP,
      '10.0.0.2',
      { forwarding: 'direct', tunnel: { type: 'ipip' } },
      'value',
      'changes.tunnel',
      "{ type: 'ipip' }",
      "does not go with forwarding 'direct'",
    ],
  ])('as changes: %s', (_, service, destination, changes, ...row) => {
    expectRow(() => updateDestination(service, destination, changes), row);
  });
});

describe('taken, at the edge of what is allowed', () => {
  type DestinationRow = readonly [string, string, object, object];
  test.each<DestinationRow>([
    [
      'the defaults',
      TCP,
      server,
      { port: 80, forwarding: 3, weight: 1, upperThreshold: 0, lowerThreshold: 0, tunnelType: 0 },
    ],
    ['weight 0', TCP, { ...server, weight: 0 }, { weight: 0 }],
    ['weight 2^31 - 1', TCP, { ...server, weight: LONG_MAX }, { weight: LONG_MAX }],
    [
      'thresholds of one number',
      TCP,
      { ...server, upperThreshold: LONG_MAX, lowerThreshold: LONG_MAX },
      { upperThreshold: LONG_MAX, lowerThreshold: LONG_MAX },
    ],
    [
      'another port, masqueraded',
      TCP,
      { ...server, port: 8080, forwarding: 'masquerade' },
      { port: 8080, forwarding: 0 },
    ],
    ['another port behind a mark', MARK, { ...server, port: 8080 }, { port: 8080, forwarding: 3 }],
    [
      'the same port given',
      TCP,
      { ...server, port: 80, forwarding: 'local' },
      { port: 80, forwarding: 1 },
    ],
    [
      'IPv6 in a tunnel behind IPv4',
      TCP,
      { address: 'fd00::2', forwarding: 'tunnel' },
      { family: 10, forwarding: 2 },
    ],
    [
      'IPv4 in a tunnel behind IPv6',
      TCP6,
      { ...server, forwarding: 'tunnel' },
      { family: 2, forwarding: 2 },
    ],
    [
      'a tunnel of nothing',
      TCP,
      { ...server, ...tunnelled(null) },
      { tunnelType: 0, tunnelPort: 0, tunnelFlags: 0 },
    ],
    [
      'no tunnel beside another forwarding',
      TCP,
      { ...server, forwarding: 'bypass', tunnel: null },
      { forwarding: 4, tunnelType: 0 },
    ],
    [
      'gue',
      TCP,
      { ...server, ...tunnelled({ type: 'gue', port: 65535, checksum: 'remote-checksum' }) },
      { tunnelType: 1, tunnelPort: 65535, tunnelFlags: 2 },
    ],
    [
      'gre',
      TCP,
      { ...server, ...tunnelled({ type: 'gre', checksum: 'checksum' }) },
      { tunnelType: 2, tunnelPort: 0, tunnelFlags: 1 },
    ],
    ['127.0.0.1', TCP, { address: '127.0.0.1' }, { family: 2 }],
    ['223.255.255.255', TCP, { address: '223.255.255.255' }, { family: 2 }],
    ['240.0.0.1', TCP, { address: '240.0.0.1' }, { family: 2 }],
    ['::1', TCP6, { address: '::1' }, { family: 10 }],
    ['IPv4 in IPv6 as RFC 4291 once had it', TCP6, { address: '::1.2.3.4' }, { family: 10 }],
    ['::ffff:0:1.2.3.4', TCP6, { address: '::ffff:0:1.2.3.4' }, { family: 10 }],
    ['::ff00:1.2.3.4', TCP6, { address: '::ff00:1.2.3.4' }, { family: 10 }],
    ['::ff:1.2.3.4', TCP6, { address: '::ff:1.2.3.4' }, { family: 10 }],
  ])('%s', (_, service, config, expected) => {
    const add = requestOf(addDestination(service, config));
    expect(add.destination).toMatchObject(expected);
    expect(requestOf(ensureDestination(service, config)).destination).toEqual(add.destination);
  });
});

describe('updates', () => {
  test('name nothing where nothing is given', () => {
    expect(requestOf(updateDestination(TCP, '10.0.0.2', {})).changes).toBe(0);
  });

  test.each([
    [{ forwarding: 'tunnel' }, ['forwarding']],
    [{ weight: 0 }, ['weight']],
    [{ upperThreshold: 0 }, ['upperThreshold']],
    [{ lowerThreshold: 5 }, ['lowerThreshold']],
    [{ tunnel: { type: 'ipip' } }, ['tunnel']],
    // As when a destination is added, null is the default, which is another thing than leaving it as it is.
    [{ tunnel: null }, ['tunnelReset']],
    [{ forwarding: 'direct', weight: 5 }, ['forwarding', 'weight']],
  ] as const)('name what they change: %j', (given, named) => {
    expect(requestOf(updateDestination(TCP, '10.0.0.2', given)).changes).toBe(bitsOf(named));
  });
});
