import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { SyncDaemonConfig } from '../../lib/index.js';
import { answer, daemonRecord, nameBytes } from './answers.js';
import { canonical, canonicalIpv6, ipv4Bytes, ipv6Bytes } from './arbitraries.js';
import {
  bytesOf,
  calls,
  expectRefused,
  type Kind,
  layout,
  pack,
  requestOf,
  untyped,
} from './requests.js';

const master = { role: 'master', interface: 'eth0' };

const group = fc.oneof(
  ipv4Bytes.map(([first = 0, ...rest]) => [224 + (first % 16), ...rest].join('.')),
  ipv6Bytes.map((bytes) => canonicalIpv6([0xff, ...bytes.slice(1)])),
);
const upTo = (max: number, min = 1) =>
  fc.oneof(fc.integer({ min, max }), fc.constantFrom(min, max));
const config: fc.Arbitrary<SyncDaemonConfig> = fc.record(
  {
    role: fc.constantFrom('master', 'backup'),
    interface: fc.constantFrom(
      'e',
      'eth0',
      'eth0.100',
      'br-0123456789ab',
      'veth@%d',
      '...',
      'brücke',
      '网卡0',
      '\\xff\\x1b',
    ),
    syncId: upTo(255, 0),
    maxLength: upTo(65507),
    group,
    port: upTo(65535),
    ttl: upTo(255),
  },
  { requiredKeys: ['role', 'interface'] },
);

test('a daemon that is started is read back, with zeros for what the kernel chooses', () => {
  fc.assert(
    fc.property(config, (given) => {
      const request = pack(calls.startSyncDaemon(given)).bytes();
      const { offset } = layout.request.fields.daemon;
      const record = request.slice(offset, offset + layout.daemon.size);
      const choice = { syncId: 0, maxLength: 0, port: 0, ttl: 0 };
      expect(answer({ daemons: [record] }).daemons(0)).toStrictEqual([
        { ...choice, ...given, group: canonical(given.group ?? '0.0.0.0') },
      ]);
    }),
  );
});

test('undefined is as good as absent', () => {
  const rest = {
    syncId: undefined,
    maxLength: undefined,
    group: undefined,
    port: undefined,
    ttl: undefined,
  };
  expect(bytesOf(untyped.startSyncDaemon({ ...master, ...rest }))).toEqual(
    bytesOf(untyped.startSyncDaemon(master)),
  );
});

test('a daemon that was read starts the same one again', () => {
  const record = {
    role: 2,
    interface: nameBytes('abcdefghijklmno'),
    syncId: 255,
    maxLength: 65507,
    group: [255, 2, ...Array(13).fill(0), 129],
    groupFamily: 10,
    port: 65535,
    ttl: 255,
  };
  const [daemon] = answer({ daemons: [daemonRecord(record)] }).daemons(0);
  expect(daemon).toStrictEqual({
    role: 'backup',
    interface: 'abcdefghijklmno',
    syncId: 255,
    maxLength: 65507,
    group: 'ff02::81',
    port: 65535,
    ttl: 255,
  });
  expect(requestOf(untyped.startSyncDaemon(daemon)).daemon).toEqual({
    ...record,
    interface: 'abcdefghijklmno',
  });
});

test('daemons behind one another are read each for itself', () => {
  const daemons = [1, 2].map((role) => daemonRecord({ role, ttl: role, groupFamily: 2 }));
  expect(answer({ daemons }).daemons(0)).toMatchObject([
    { role: 'master', ttl: 1 },
    { role: 'backup', ttl: 2 },
  ]);
});

const LINK = "is not the name of a link: 1 to 15 bytes without blanks, '/' and ':'";
const GROUP = 'is not a multicast address, from 224.0.0.0 to 239.255.255.255 or in ff00::/8';
const ROLE = 'is not one of master, backup';
type Row = readonly [string, unknown, Kind, string, string, string];

describe('starting refuses', () => {
  test.each<Row>([
    ['undefined', undefined, 'type', 'daemon', 'undefined', 'is not an object'],
    ['null', null, 'type', 'daemon', 'null', 'is not an object'],
    ['a role alone', 'master', 'type', 'daemon', "'master'", 'is not an object'],
    ['array', [], 'type', 'daemon', '[]', 'is not an object'],
    ['no role', { interface: 'eth0' }, 'type', 'daemon.role', 'undefined', ROLE],
    ['another role', { ...master, role: 'slave' }, 'value', 'daemon.role', "'slave'", ROLE],
    [
      'a typo in the role',
      { ...master, role: 'backpu' },
      'value',
      'daemon.role',
      "'backpu'",
      'did you mean backup?',
    ],
    ['a role in numbers', { ...master, role: 1 }, 'type', 'daemon.role', '1', ROLE],
    [
      'both roles',
      { ...master, role: ['master', 'backup'] },
      'type',
      'daemon.role',
      "[ 'master', 'backup' ]",
      ROLE,
    ],
    ['no interface', { role: 'master' }, 'type', 'daemon.interface', 'undefined', LINK],
    ['interface null', { ...master, interface: null }, 'type', 'daemon.interface', 'null', LINK],
    ['interface index', { ...master, interface: 2 }, 'type', 'daemon.interface', '2', LINK],
    ...[
      '',
      'a'.repeat(16),
      'eth 0',
      'eth0\n',
      'eth0\0',
      'eth/0',
      'eth0:1',
      '.',
      '..',
      'ääääääää',
      'a\u00e0',
      'tab\t',
    ].map(
      (name): Row => [
        `interface ${JSON.stringify(name)}`,
        { ...master, interface: name },
        'value',
        'daemon.interface',
        `'${name.replace('\n', '\\n').replace('\0', '\\x00').replace('\t', '\\t')}'`,
        LINK,
      ],
    ),
    ...(
      [
        ['syncId', 0, 255, 'is not an integer from 0 to 255'],
        ['maxLength', 1, 65507, 'is not an integer from 1 to 65507 bytes'],
        ['port', 1, 65535, 'is not an integer from 1 to 65535'],
        ['ttl', 1, 255, 'is not an integer from 1 to 255 hops'],
      ] as const
    ).flatMap(([key, min, max, rule]): Row[] => [
      [
        `${key} ${min - 1}`,
        { ...master, [key]: min - 1 },
        'range',
        `daemon.${key}`,
        `${min - 1}`,
        rule,
      ],
      [
        `${key} ${max + 1}`,
        { ...master, [key]: max + 1 },
        'range',
        `daemon.${key}`,
        `${max + 1}`,
        rule,
      ],
      [`${key} 1.5`, { ...master, [key]: 1.5 }, 'range', `daemon.${key}`, '1.5', rule],
      [`${key} NaN`, { ...master, [key]: Number.NaN }, 'range', `daemon.${key}`, 'NaN', rule],
      [`${key} in text`, { ...master, [key]: '1' }, 'type', `daemon.${key}`, "'1'", rule],
      [`${key} null`, { ...master, [key]: null }, 'type', `daemon.${key}`, 'null', rule],
    ]),
    ['group null', { ...master, group: null }, 'type', 'daemon.group', 'null', GROUP],
    ...[
      '',
      'x',
      '223.255.255.255',
      '240.0.0.0',
      '10.0.0.1',
      '224.0.0',
      '224.0.0.81:8848',
      'fe80::1',
      '::',
      'ff02::81%eth0',
      '[ff02::81]',
    ].map(
      (text): Row => [
        `group ${text}`,
        { ...master, group: text },
        'value',
        'daemon.group',
        `'${text}'`,
        GROUP,
      ],
    ),
    [
      'a typo',
      { ...master, maxlength: 5 },
      'value',
      'daemon.maxlength',
      "'maxlength'",
      'did you mean maxLength?',
    ],
    [
      "the kernel's name",
      { ...master, mcastGroup: '224.0.0.81' },
      'value',
      'daemon.mcastGroup',
      "'mcastGroup'",
      'is not a known property',
    ],
  ])('%s', (_, given, kind, property, value, rule) => {
    expectRefused({ call: () => untyped.startSyncDaemon(given), kind, property, value, rule });
  });
});

describe('stopping', () => {
  test.each([
    ['master', 1],
    ['backup', 2],
  ])('%s', (role, number) => {
    expect(requestOf(untyped.stopSyncDaemon(role)).daemon).toMatchObject({ role: number });
  });

  type StopRow = readonly [string, readonly unknown[], Kind, string, string, string];
  test.each<StopRow>([
    ['no role', [], 'type', 'role', 'undefined', ROLE],
    ['a daemon', [master], 'type', 'role', "{ role: 'master', interface: 'eth0' }", ROLE],
    ['another role', ['both'], 'value', 'role', "'both'", ROLE],
    ['options null', ['master', null], 'type', 'options', 'null', 'is not an object'],
    [
      'options of deletions',
      ['master', { ifExists: true }],
      'value',
      'options.ifExists',
      "'ifExists'",
      'is not a known property',
    ],
    [
      'a typo',
      ['master', { ifRuning: true }],
      'value',
      'options.ifRuning',
      "'ifRuning'",
      'did you mean ifRunning?',
    ],
    [
      'ifRunning 1',
      ['master', { ifRunning: 1 }],
      'type',
      'options.ifRunning',
      '1',
      'is not a boolean',
    ],
  ])('refuses %s', (_, args, kind, property, value, rule) => {
    expectRefused({ call: () => untyped.stopSyncDaemon(...args), kind, property, value, rule });
  });

  test('the options decide whether absence is an answer', () => {
    const answers = (...args: Parameters<typeof calls.stopSyncDaemon>) => {
      const call = calls.stopSyncDaemon(...args);
      pack(call);
      return call.decoder?.().errnoValues;
    };
    expect(answers('master', { ifRunning: true })).toEqual({ ESRCH: false });
    expect(answers('master', { ifRunning: false })).toBeUndefined();
    expect(answers('master')).toBeUndefined();
  });
});
