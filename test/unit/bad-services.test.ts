import { describe, test } from 'vitest';
import {
  EVERY_PORT,
  expectRow,
  type InvalidValue,
  MARK,
  mark,
  type SettingRow,
  TCP,
  TCP6,
  tcp,
  tcp6,
  within,
} from './helpers/argument-tables.js';
import { untyped } from './helpers/requests.js';

const { addService, ensureService, updateService } = untyped;

const BITS4 = 'is not an integer from 0 to 32 bits';
const BITS6 = 'is not an integer from 1 to 128 bits';

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
  test.each(SETTINGS_OF_OTHER_SERVICES)(
    'addService, ensureService and updateService refuse $title',
    ({ reference, settings, ...row }) => {
      const config = { ...row.config, ...settings };
      expectRow(() => addService(config), within('service', row));
      expectRow(() => ensureService(config), within('service', row));
      expectRow(() => updateService(reference, settings), within('changes', row));
    },
  );

  interface ConfigRow extends InvalidValue {
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

  interface ChangesRow extends InvalidValue {
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
