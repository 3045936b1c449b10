import { describe, expect, test } from 'vitest';
import {
  bitsOf,
  EVERY_PORT,
  expectRow,
  MARK,
  mark,
  type Refused,
  type SettingRow,
  TCP,
  TCP6,
  tcp,
  tcp6,
  udp,
  within,
} from './refusals.js';
import { requestOf, untyped } from './requests.js';

const { addService, ensureService, updateService } = untyped;

const MODULE_NAME = 'is not a name of 1 to 15 letters, digits, dots, dashes and underscores';
const ENGINE_NAME = 'is not a name of 1 to 16 letters, digits, dots, dashes and underscores';
const TIMEOUT = 'is not an integer from 1 to 2678400 seconds';
const BITS4 = 'is not an integer from 0 to 32 bits';
const BITS6 = 'is not an integer from 1 to 128 bits';

const SERVICE_SETTINGS: readonly SettingRow[] = [
  {
    title: 'a scheduler of 16 characters',
    settings: { scheduler: 'x'.repeat(16) },
    kind: 'value',
    property: 'scheduler',
    value: `'${'x'.repeat(16)}'`,
    rule: MODULE_NAME,
  },
  {
    title: 'an empty scheduler',
    settings: { scheduler: '' },
    kind: 'value',
    property: 'scheduler',
    value: "''",
    rule: MODULE_NAME,
  },
  {
    title: 'a scheduler with a slash',
    settings: { scheduler: '../rr' },
    kind: 'value',
    property: 'scheduler',
    value: "'../rr'",
    rule: MODULE_NAME,
  },
  {
    title: 'a scheduler with a blank',
    settings: { scheduler: 'rr ' },
    kind: 'value',
    property: 'scheduler',
    value: "'rr '",
    rule: MODULE_NAME,
  },
  {
    title: 'a scheduler with a line break',
    settings: { scheduler: 'rr\n' },
    kind: 'value',
    property: 'scheduler',
    value: "'rr\\n'",
    rule: MODULE_NAME,
  },
  {
    title: 'a scheduler with a NUL',
    settings: { scheduler: 'rr\0' },
    kind: 'value',
    property: 'scheduler',
    value: "'rr\\x00'",
    rule: MODULE_NAME,
  },
  {
    title: 'a scheduler of other letters',
    settings: { scheduler: 'größer' },
    kind: 'value',
    property: 'scheduler',
    value: "'größer'",
    rule: MODULE_NAME,
  },
  {
    title: 'a scheduler that is null',
    settings: { scheduler: null },
    kind: 'type',
    property: 'scheduler',
    value: 'null',
    rule: MODULE_NAME,
  },
  {
    title: 'a number as the scheduler',
    settings: { scheduler: 1 },
    kind: 'type',
    property: 'scheduler',
    value: '1',
    rule: MODULE_NAME,
  },
  {
    title: 'an array as the scheduler',
    settings: { scheduler: ['rr'] },
    kind: 'type',
    property: 'scheduler',
    value: "[ 'rr' ]",
    rule: MODULE_NAME,
  },
  {
    title: 'flags in text',
    settings: { schedulerFlags: 'sh-port' },
    kind: 'type',
    property: 'schedulerFlags',
    value: "'sh-port'",
    rule: 'is not an array of scheduler flags',
  },
  {
    title: 'flags that are null',
    settings: { schedulerFlags: null },
    kind: 'type',
    property: 'schedulerFlags',
    value: 'null',
    rule: 'is not an array of scheduler flags',
  },
  {
    title: 'flags as a set',
    settings: { schedulerFlags: new Set(['sh-port']) },
    kind: 'type',
    property: 'schedulerFlags',
    value: "Set(1) { 'sh-port' }",
    rule: 'is not an array of scheduler flags',
  },
  {
    title: 'flags as bits',
    settings: { schedulerFlags: 8 },
    kind: 'type',
    property: 'schedulerFlags',
    value: '8',
    rule: 'is not an array of scheduler flags',
  },
  {
    title: 'an unknown flag',
    settings: { schedulerFlags: ['rr-port'] },
    kind: 'value',
    property: 'schedulerFlags',
    value: "'rr-port'",
    rule: 'is not one of sh-fallback, sh-port, mh-fallback, mh-port, flag-1, flag-2, flag-3',
  },
  {
    title: 'a typo in a flag',
    settings: { scheduler: 'sh', schedulerFlags: ['sh-prot'] },
    kind: 'value',
    property: 'schedulerFlags',
    value: "'sh-prot'",
    rule: 'did you mean sh-port?',
  },
  {
    title: 'flag-4',
    settings: { schedulerFlags: ['flag-4'] },
    kind: 'value',
    property: 'schedulerFlags',
    value: "'flag-4'",
    rule: 'did you mean flag-1?',
  },
  {
    title: 'a flag that is a number',
    settings: { schedulerFlags: [8] },
    kind: 'type',
    property: 'schedulerFlags',
    value: '8',
    rule: 'is not one of sh-fallback',
  },
  {
    title: 'a hole in the flags',
    settings: { schedulerFlags: Array(1) },
    kind: 'type',
    property: 'schedulerFlags',
    value: 'undefined',
    rule: 'is not one of sh-fallback',
  },
  {
    title: 'a flag of every object',
    settings: { schedulerFlags: ['constructor'] },
    kind: 'value',
    property: 'schedulerFlags',
    value: "'constructor'",
    rule: 'is not one of sh-fallback',
  },
  {
    title: 'flags of two schedulers',
    settings: { scheduler: 'sh', schedulerFlags: ['sh-port', 'mh-port'] },
    kind: 'value',
    property: 'schedulerFlags',
    value: "[ 'sh-port', 'mh-port' ]",
    rule: 'has flags of two schedulers, sh and mh',
  },
  {
    title: 'flags of sh with rr',
    settings: { scheduler: 'rr', schedulerFlags: ['flag-1', 'sh-port'] },
    kind: 'value',
    property: 'schedulerFlags',
    value: "[ 'sh-fallback', 'sh-port' ]",
    rule: 'belongs to scheduler sh, not to rr',
  },
  {
    title: 'flags of mh with sh',
    settings: { scheduler: 'sh', schedulerFlags: ['mh-fallback'] },
    kind: 'value',
    property: 'schedulerFlags',
    value: "'mh-fallback'",
    rule: 'belongs to scheduler mh, not to sh',
  },
  {
    title: 'one packet with tcp',
    settings: { onePacket: true },
    kind: 'value',
    property: 'onePacket',
    value: 'true',
    rule: 'is only for udp and firewall marks, not for tcp',
  },
  {
    title: 'onePacket: 1',
    settings: { onePacket: 1 },
    kind: 'type',
    property: 'onePacket',
    value: '1',
    rule: 'is not a boolean',
  },
  {
    title: 'onePacket in text',
    settings: { onePacket: 'false' },
    kind: 'type',
    property: 'onePacket',
    value: "'false'",
    rule: 'is not a boolean',
  },
  {
    title: 'onePacket: null',
    settings: { onePacket: null },
    kind: 'type',
    property: 'onePacket',
    value: 'null',
    rule: 'is not a boolean',
  },
  {
    title: 'persistence: true',
    settings: { persistence: true },
    kind: 'type',
    property: 'persistence',
    value: 'true',
    rule: 'is not an object',
  },
  {
    title: 'persistence: false',
    settings: { persistence: false },
    kind: 'type',
    property: 'persistence',
    value: 'false',
    rule: 'is not an object',
  },
  {
    title: 'persistence that is a number',
    settings: { persistence: 300 },
    kind: 'type',
    property: 'persistence',
    value: '300',
    rule: 'is not an object',
  },
  {
    title: 'persistence that is an array',
    settings: { persistence: [] },
    kind: 'type',
    property: 'persistence',
    value: '[]',
    rule: 'is not an object',
  },
  {
    title: 'persistence that is text',
    settings: { persistence: '300' },
    kind: 'type',
    property: 'persistence',
    value: "'300'",
    rule: 'is not an object',
  },
  {
    title: 'a typo in persistence',
    settings: { persistence: { timout: 5 } },
    kind: 'value',
    property: 'persistence.timout',
    value: "'timout'",
    rule: 'did you mean timeout?',
  },
  {
    title: 'timeout 0',
    settings: { persistence: { timeout: 0 } },
    kind: 'range',
    property: 'persistence.timeout',
    value: '0',
    rule: TIMEOUT,
  },
  {
    title: 'a timeout of 31 days and a second',
    settings: { persistence: { timeout: 2678401 } },
    kind: 'range',
    property: 'persistence.timeout',
    value: '2678401',
    rule: TIMEOUT,
  },
  {
    title: 'timeout -1',
    settings: { persistence: { timeout: -1 } },
    kind: 'range',
    property: 'persistence.timeout',
    value: '-1',
    rule: TIMEOUT,
  },
  {
    title: 'timeout 1.5',
    settings: { persistence: { timeout: 1.5 } },
    kind: 'range',
    property: 'persistence.timeout',
    value: '1.5',
    rule: TIMEOUT,
  },
  {
    title: 'timeout NaN',
    settings: { persistence: { timeout: Number.NaN } },
    kind: 'range',
    property: 'persistence.timeout',
    value: 'NaN',
    rule: TIMEOUT,
  },
  {
    title: 'timeout in text',
    settings: { persistence: { timeout: '300' } },
    kind: 'type',
    property: 'persistence.timeout',
    value: "'300'",
    rule: TIMEOUT,
  },
  {
    title: 'timeout: null',
    settings: { persistence: { timeout: null } },
    kind: 'type',
    property: 'persistence.timeout',
    value: 'null',
    rule: TIMEOUT,
  },
  {
    title: 'netmask 33',
    settings: { persistence: { netmask: 33 } },
    kind: 'range',
    property: 'persistence.netmask',
    value: '33',
    rule: BITS4,
  },
  {
    title: 'netmask -1',
    settings: { persistence: { netmask: -1 } },
    kind: 'range',
    property: 'persistence.netmask',
    value: '-1',
    rule: BITS4,
  },
  {
    title: 'netmask 23.5',
    settings: { persistence: { netmask: 23.5 } },
    kind: 'range',
    property: 'persistence.netmask',
    value: '23.5',
    rule: BITS4,
  },
  {
    title: 'netmask: null',
    settings: { persistence: { netmask: null } },
    kind: 'type',
    property: 'persistence.netmask',
    value: 'null',
    rule: BITS4,
  },
  {
    title: 'netmask: true',
    settings: { persistence: { netmask: true } },
    kind: 'type',
    property: 'persistence.netmask',
    value: 'true',
    rule: BITS4,
  },
  {
    title: 'a prefix in text',
    settings: { persistence: { netmask: '24' } },
    kind: 'value',
    property: 'persistence.netmask',
    value: "'24'",
    rule: 'is not a dotted mask such as 255.255.255.0',
  },
  {
    title: 'a prefix with a slash',
    settings: { persistence: { netmask: '/24' } },
    kind: 'value',
    property: 'persistence.netmask',
    value: "'/24'",
    rule: 'is not a dotted mask',
  },
  {
    title: 'a mask in hex',
    settings: { persistence: { netmask: '0xffffff00' } },
    kind: 'value',
    property: 'persistence.netmask',
    value: "'0xffffff00'",
    rule: 'is not a dotted mask',
  },
  {
    title: 'a short mask',
    settings: { persistence: { netmask: '255.255.255' } },
    kind: 'value',
    property: 'persistence.netmask',
    value: "'255.255.255'",
    rule: 'is not a dotted mask',
  },
  {
    title: 'garbage for a mask',
    settings: { persistence: { netmask: 'class C' } },
    kind: 'value',
    property: 'persistence.netmask',
    value: "'class C'",
    rule: 'is not a dotted mask',
  },
  {
    title: 'a mask of IPv6',
    settings: { persistence: { netmask: 'ffff::' } },
    kind: 'value',
    property: 'persistence.netmask',
    value: "'ffff::'",
    rule: 'is not a dotted mask',
  },
  {
    title: 'an empty engine',
    settings: { persistence: { engine: '' } },
    kind: 'value',
    property: 'persistence.engine',
    value: "''",
    rule: ENGINE_NAME,
  },
  {
    title: 'an engine of 17 characters',
    settings: { persistence: { engine: 'y'.repeat(17) } },
    kind: 'value',
    property: 'persistence.engine',
    value: `'${'y'.repeat(17)}'`,
    rule: ENGINE_NAME,
  },
  {
    title: 'an engine with a slash',
    settings: { persistence: { engine: 'a/b' } },
    kind: 'value',
    property: 'persistence.engine',
    value: "'a/b'",
    rule: ENGINE_NAME,
  },
  {
    title: 'engine: false',
    settings: { persistence: { engine: false } },
    kind: 'type',
    property: 'persistence.engine',
    value: 'false',
    rule: ENGINE_NAME,
  },
];

interface OtherServiceRow extends SettingRow {
  readonly config: object;
  readonly reference: string;
}
const SETTINGS_OF_OTHER_SERVICES: readonly OtherServiceRow[] = [
  {
    title: 'one packet with sctp',
    config: { ...tcp, protocol: 'sctp' },
    reference: 'sctp://10.0.0.1:80',
    settings: { onePacket: true },
    kind: 'value',
    property: 'onePacket',
    value: 'true',
    rule: 'is only for udp and firewall marks, not for sctp',
  },
  {
    title: 'prefix 0 with IPv6',
    config: tcp6,
    reference: TCP6,
    settings: { persistence: { netmask: 0 } },
    kind: 'range',
    property: 'persistence.netmask',
    value: '0',
    rule: BITS6,
  },
  {
    title: 'prefix 129 with IPv6',
    config: tcp6,
    reference: TCP6,
    settings: { persistence: { netmask: 129 } },
    kind: 'range',
    property: 'persistence.netmask',
    value: '129',
    rule: BITS6,
  },
  {
    title: 'a prefix in text with IPv6',
    config: tcp6,
    reference: TCP6,
    settings: { persistence: { netmask: '64' } },
    kind: 'type',
    property: 'persistence.netmask',
    value: "'64'",
    rule: BITS6,
  },
  {
    title: 'a dotted mask with IPv6',
    config: tcp6,
    reference: TCP6,
    settings: { persistence: { netmask: '255.255.255.0' } },
    kind: 'type',
    property: 'persistence.netmask',
    value: "'255.255.255.0'",
    rule: BITS6,
  },
  {
    title: 'prefix 0 with an IPv6 mark',
    config: { fwmark: 7, family: 'ipv6' },
    reference: 'fwmark6://7',
    settings: { persistence: { netmask: 0 } },
    kind: 'range',
    property: 'persistence.netmask',
    value: '0',
    rule: BITS6,
  },
  {
    title: 'prefix 33 with an IPv4 mark',
    config: mark,
    reference: MARK,
    settings: { persistence: { netmask: 33 } },
    kind: 'range',
    property: 'persistence.netmask',
    value: '33',
    rule: BITS4,
  },
  {
    title: 'port 0 without persistence',
    config: { ...tcp, port: 0 },
    reference: EVERY_PORT,
    settings: { persistence: null },
    kind: 'value',
    property: 'persistence',
    value: 'null',
    rule: 'does not go with port 0: a service for every port must be persistent',
  },
];

describe('bad services', () => {
  test.each(SERVICE_SETTINGS)(
    'addService, ensureService and updateService refuse $title',
    ({ settings, ...row }) => {
      const config = { ...tcp, ...settings };
      expectRow(() => addService(config), within('service', row));
      expectRow(() => ensureService(config), within('service', row));
      expectRow(() => updateService(TCP, settings), within('changes', row));
    },
  );

  test.each(SETTINGS_OF_OTHER_SERVICES)(
    'addService, ensureService and updateService refuse $title',
    ({ reference, settings, ...row }) => {
      const config = { ...row.config, ...settings };
      expectRow(() => addService(config), within('service', row));
      expectRow(() => ensureService(config), within('service', row));
      expectRow(() => updateService(reference, settings), within('changes', row));
    },
  );

  interface ConfigRow extends Refused {
    readonly title: string;
    readonly config: unknown;
  }
  test.each<ConfigRow>([
    {
      title: 'port 70000',
      config: { ...tcp, port: 70000 },
      kind: 'range',
      property: 'service.port',
      value: '70000',
      rule: 'is not an integer from 0 to 65535',
    },
    {
      title: 'address localhost',
      config: { ...tcp, address: 'localhost' },
      kind: 'value',
      property: 'service.address',
      value: "'localhost'",
      rule: 'is not an IPv4 or IPv6 address',
    },
    {
      title: 'mark 0',
      config: { fwmark: 0 },
      kind: 'range',
      property: 'service.fwmark',
      value: '0',
      rule: 'is not an integer from 1 to 4294967295',
    },
    {
      title: 'a mark and an address',
      config: { ...tcp, fwmark: 7 },
      kind: 'value',
      property: 'service.protocol',
      value: "'tcp'",
      rule: 'does not go with fwmark',
    },
    {
      title: 'a reference in text',
      config: TCP,
      kind: 'type',
      property: 'service',
      value: `'${TCP}'`,
      rule: "is not an object: write { protocol: 'tcp', address: '10.0.0.1', port: 80 }",
    },
    {
      title: 'a protocol that IPVS does not balance',
      config: { ...tcp, protocol: 'unknown-50' },
      kind: 'value',
      property: 'service.protocol',
      value: "'unknown-50'",
      rule: 'is not one of tcp, udp, sctp',
    },
    {
      title: 'protocol 0',
      config: { ...tcp, protocol: 'unknown-0' },
      kind: 'value',
      property: 'service.protocol',
      value: "'unknown-0'",
      rule: 'is not one of tcp, udp, sctp',
    },
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
      ([address, description]) =>
        ({
          title: `address ${address}`,
          config: { ...tcp, address },
          kind: 'value',
          property: 'service.address',
          value: `'${address}'`,
          rule: `is ${description}: no packet would ever match the service`,
        }) as const,
    ),
    ...(['tcp', 'sctp'] as const).map(
      (protocol) =>
        ({
          title: `a SIP engine on ${protocol}`,
          config: { ...tcp, protocol, persistence: { engine: 'sip' } },
          kind: 'value',
          property: 'service.persistence.engine',
          value: "'sip'",
          rule: `is only for udp and firewall marks: the kernel would drop every packet of ${protocol}`,
        }) as const,
    ),
    {
      title: 'port 0 without persistence',
      config: { ...tcp, port: 0 },
      kind: 'value',
      property: 'service.persistence',
      value: 'null',
      rule: 'does not go with port 0',
    },
    {
      title: 'flags of mh with the default scheduler',
      config: { ...tcp, schedulerFlags: ['mh-port'] },
      kind: 'value',
      property: 'service.schedulerFlags',
      value: "'mh-port'",
      rule: 'belongs to scheduler mh, not to wlc',
    },
    {
      title: 'a typo',
      config: { ...tcp, shceduler: 'rr' },
      kind: 'value',
      property: 'service.shceduler',
      value: "'shceduler'",
      rule: 'did you mean scheduler?',
    },
    {
      title: 'a key of destinations',
      config: { ...tcp, weight: 1 },
      kind: 'value',
      property: 'service.weight',
      value: "'weight'",
      rule: 'is not a known property',
    },
    {
      title: 'destinations, which are not added with it',
      config: { ...tcp, destinations: [] },
      kind: 'value',
      property: 'service.destinations',
      value: "'destinations'",
      rule: 'is not a known property',
    },
  ])('addService and ensureService refuse $title', ({ config, ...row }) => {
    expectRow(() => addService(config), row);
    expectRow(() => ensureService(config), row);
  });

  interface ChangesRow extends Refused {
    readonly title: string;
    readonly changes: unknown;
  }
  test.each<ChangesRow>([
    {
      title: 'the key of a service',
      changes: { port: 81 },
      kind: 'value',
      property: 'changes.port',
      value: "'port'",
      rule: 'is not a known property',
    },
    {
      title: 'a typo',
      changes: { schedular: 'rr' },
      kind: 'value',
      property: 'changes.schedular',
      value: "'schedular'",
      rule: 'did you mean scheduler?',
    },
    {
      title: 'a scheduler and flags of another',
      changes: { scheduler: 'rr', schedulerFlags: ['mh-port'] },
      kind: 'value',
      property: 'changes.schedulerFlags',
      value: "'mh-port'",
      rule: 'belongs to scheduler mh, not to rr',
    },
  ])('updateService refuses $title', ({ changes, ...row }) => {
    expectRow(() => updateService(TCP, changes), row);
  });
});

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
