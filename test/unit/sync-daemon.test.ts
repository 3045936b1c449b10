import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { SyncDaemonConfig } from '../../lib/index.js';
import { canonical, canonicalIpv6, ipv4Bytes, ipv6Bytes } from './helpers/arbitraries.js';
import {
  bytesOf,
  calls,
  expectRefused,
  type InvalidArgument,
  layout,
  pack,
  requestOf,
  untyped,
} from './helpers/requests.js';
import { daemonRecord, ipvsResponse, nameBytes } from './helpers/responses.js';

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

test('a daemon is encoded with zeros for settings that the kernel chooses', () => {
  fc.assert(
    fc.property(config, (given) => {
      const request = pack(calls.startSyncDaemon(given)).bytes();
      const { offset } = layout.request.fields.daemon;
      const record = request.slice(offset, offset + layout.daemon.size);
      const choice = { syncId: 0, maxLength: 0, port: 0, ttl: 0 };
      expect(ipvsResponse({ daemons: [record] }).daemons(0)).toStrictEqual([
        { ...choice, ...given, group: canonical(given.group ?? '0.0.0.0') },
      ]);
    }),
  );
});

test('a property that is undefined counts as absent', () => {
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

test('a daemon from the kernel can be started again', () => {
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
  const [daemon] = ipvsResponse({ daemons: [daemonRecord(record)] }).daemons(0);
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

test('each daemon of a response is decoded', () => {
  const daemons = [1, 2].map((role) => daemonRecord({ role, ttl: role, groupFamily: 2 }));
  expect(ipvsResponse({ daemons }).daemons(0)).toMatchObject([
    { role: 'master', ttl: 1 },
    { role: 'backup', ttl: 2 },
  ]);
});

const LINK = "is not the name of a link: 1 to 15 bytes without blanks, '/' and ':'";
const GROUP = 'is not a multicast address, from 224.0.0.0 to 239.255.255.255 or in ff00::/8';
const ROLE = 'is not one of master, backup';
interface Row extends Omit<InvalidArgument, 'call'> {
  readonly title: string;
  readonly config: unknown;
}

describe('startSyncDaemon', () => {
  test.each<Row>([
    {
      title: 'undefined',
      config: undefined,
      kind: 'type',
      property: 'daemon',
      value: 'undefined',
      rule: 'is not an object',
    },
    {
      title: 'null',
      config: null,
      kind: 'type',
      property: 'daemon',
      value: 'null',
      rule: 'is not an object',
    },
    {
      title: 'a role alone',
      config: 'master',
      kind: 'type',
      property: 'daemon',
      value: "'master'",
      rule: 'is not an object',
    },
    {
      title: 'array',
      config: [],
      kind: 'type',
      property: 'daemon',
      value: '[]',
      rule: 'is not an object',
    },
    {
      title: 'no role',
      config: { interface: 'eth0' },
      kind: 'type',
      property: 'daemon.role',
      value: 'undefined',
      rule: ROLE,
    },
    {
      title: 'another role',
      config: { ...master, role: 'slave' },
      kind: 'value',
      property: 'daemon.role',
      value: "'slave'",
      rule: ROLE,
    },
    {
      title: 'a typo in the role',
      config: { ...master, role: 'backpu' },
      kind: 'value',
      property: 'daemon.role',
      value: "'backpu'",
      rule: 'did you mean backup?',
    },
    {
      title: 'a role in numbers',
      config: { ...master, role: 1 },
      kind: 'type',
      property: 'daemon.role',
      value: '1',
      rule: ROLE,
    },
    {
      title: 'both roles',
      config: { ...master, role: ['master', 'backup'] },
      kind: 'type',
      property: 'daemon.role',
      value: "[ 'master', 'backup' ]",
      rule: ROLE,
    },
    {
      title: 'no interface',
      config: { role: 'master' },
      kind: 'type',
      property: 'daemon.interface',
      value: 'undefined',
      rule: LINK,
    },
    {
      title: 'interface null',
      config: { ...master, interface: null },
      kind: 'type',
      property: 'daemon.interface',
      value: 'null',
      rule: LINK,
    },
    {
      title: 'interface index',
      config: { ...master, interface: 2 },
      kind: 'type',
      property: 'daemon.interface',
      value: '2',
      rule: LINK,
    },
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
      (name): Row => ({
        title: `interface ${JSON.stringify(name)}`,
        config: { ...master, interface: name },
        kind: 'value',
        property: 'daemon.interface',
        value: `'${name.replace('\n', '\\n').replace('\0', '\\x00').replace('\t', '\\t')}'`,
        rule: LINK,
      }),
    ),
    ...(
      [
        ['syncId', 0, 255, 'is not an integer from 0 to 255'],
        ['maxLength', 1, 65507, 'is not an integer from 1 to 65507 bytes'],
        ['port', 1, 65535, 'is not an integer from 1 to 65535'],
        ['ttl', 1, 255, 'is not an integer from 1 to 255 hops'],
      ] as const
    ).flatMap(([key, min, max, rule]): Row[] => [
      {
        title: `${key} ${min - 1}`,
        config: { ...master, [key]: min - 1 },
        kind: 'range',
        property: `daemon.${key}`,
        value: `${min - 1}`,
        rule,
      },
      {
        title: `${key} ${max + 1}`,
        config: { ...master, [key]: max + 1 },
        kind: 'range',
        property: `daemon.${key}`,
        value: `${max + 1}`,
        rule,
      },
      {
        title: `${key} 1.5`,
        config: { ...master, [key]: 1.5 },
        kind: 'range',
        property: `daemon.${key}`,
        value: '1.5',
        rule,
      },
      {
        title: `${key} NaN`,
        config: { ...master, [key]: Number.NaN },
        kind: 'range',
        property: `daemon.${key}`,
        value: 'NaN',
        rule,
      },
      {
        title: `${key} in text`,
        config: { ...master, [key]: '1' },
        kind: 'type',
        property: `daemon.${key}`,
        value: "'1'",
        rule,
      },
      {
        title: `${key} null`,
        config: { ...master, [key]: null },
        kind: 'type',
        property: `daemon.${key}`,
        value: 'null',
        rule,
      },
    ]),
    {
      title: 'group null',
      config: { ...master, group: null },
      kind: 'type',
      property: 'daemon.group',
      value: 'null',
      rule: GROUP,
    },
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
      (text): Row => ({
        title: `group ${text}`,
        config: { ...master, group: text },
        kind: 'value',
        property: 'daemon.group',
        value: `'${text}'`,
        rule: GROUP,
      }),
    ),
    {
      title: 'a typo',
      config: { ...master, maxlength: 5 },
      kind: 'value',
      property: 'daemon.maxlength',
      value: "'maxlength'",
      rule: 'did you mean maxLength?',
    },
    {
      title: "the kernel's name",
      config: { ...master, mcastGroup: '224.0.0.81' },
      kind: 'value',
      property: 'daemon.mcastGroup',
      value: "'mcastGroup'",
      rule: 'is not a known property',
    },
  ])('refuses $title', ({ config, ...row }) => {
    expectRefused({ call: () => untyped.startSyncDaemon(config), ...row });
  });
});

describe('stopSyncDaemon', () => {
  test.each([
    ['master', 1],
    ['backup', 2],
  ])('encodes the role %s', (role, number) => {
    expect(requestOf(untyped.stopSyncDaemon(role)).daemon).toMatchObject({ role: number });
  });

  interface StopRow extends Omit<InvalidArgument, 'call'> {
    readonly title: string;
    readonly args: readonly unknown[];
  }
  test.each<StopRow>([
    { title: 'no role', args: [], kind: 'type', property: 'role', value: 'undefined', rule: ROLE },
    {
      title: 'a daemon',
      args: [master],
      kind: 'type',
      property: 'role',
      value: "{ role: 'master', interface: 'eth0' }",
      rule: ROLE,
    },
    {
      title: 'another role',
      args: ['both'],
      kind: 'value',
      property: 'role',
      value: "'both'",
      rule: ROLE,
    },
    {
      title: 'options null',
      args: ['master', null],
      kind: 'type',
      property: 'options',
      value: 'null',
      rule: 'is not an object',
    },
    {
      title: 'options of deletions',
      args: ['master', { ifExists: true }],
      kind: 'value',
      property: 'options.ifExists',
      value: "'ifExists'",
      rule: 'is not a known property',
    },
    {
      title: 'a typo',
      args: ['master', { ifRuning: true }],
      kind: 'value',
      property: 'options.ifRuning',
      value: "'ifRuning'",
      rule: 'did you mean ifRunning?',
    },
    {
      title: 'ifRunning 1',
      args: ['master', { ifRunning: 1 }],
      kind: 'type',
      property: 'options.ifRunning',
      value: '1',
      rule: 'is not a boolean',
    },
  ])('refuses $title', ({ args, ...row }) => {
    expectRefused({ call: () => untyped.stopSyncDaemon(...args), ...row });
  });

  test('the options decide whether absence is an error', () => {
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
