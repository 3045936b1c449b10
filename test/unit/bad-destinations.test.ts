import { describe, test } from 'vitest';
import {
  expectRow,
  type InvalidValue,
  MARK,
  type SettingRow,
  server,
  TCP,
  TCP6,
  within,
} from './helpers/argument-tables.js';
import { untyped } from './helpers/requests.js';

const { addDestination, ensureDestination, updateDestination } = untyped;

const INT = 'is not an integer from 0 to 2147483647';
const OWN_PORT = "which leaves the service's port 80: only 'masquerade' translates ports";
const CROSSING = "cannot cross from one address family to the other: only 'tunnel' can";
const NOT_UNICAST = "is not a unicast address, as a real server's must be";

const DESTINATION_SETTINGS: readonly SettingRow[] = [
  {
    title: 'forwarding of ipvsadm',
    settings: { forwarding: 'masq' },
    kind: 'value',
    property: 'forwarding',
    value: "'masq'",
    rule: 'is not one of masquerade, local, tunnel, direct, bypass',
  },
  {
    title: 'a typo in forwarding',
    settings: { forwarding: 'masqerade' },
    kind: 'value',
    property: 'forwarding',
    value: "'masqerade'",
    rule: 'did you mean masquerade?',
  },
  {
    title: 'unknown forwarding',
    settings: { forwarding: 'unknown-5' },
    kind: 'value',
    property: 'forwarding',
    value: "'unknown-5'",
    rule: 'is not one of masquerade',
  },
  {
    title: 'forwarding that is a number',
    settings: { forwarding: 0 },
    kind: 'type',
    property: 'forwarding',
    value: '0',
    rule: 'is not one of masquerade',
  },
  {
    title: 'forwarding: null',
    settings: { forwarding: null },
    kind: 'type',
    property: 'forwarding',
    value: 'null',
    rule: 'is not one of masquerade',
  },
  {
    title: 'forwarding that every object has',
    settings: { forwarding: 'valueOf' },
    kind: 'value',
    property: 'forwarding',
    value: "'valueOf'",
    rule: 'is not one of masquerade',
  },
  ...['weight', 'upperThreshold', 'lowerThreshold'].flatMap((key): SettingRow[] => [
    {
      title: `${key} -1`,
      settings: { [key]: -1 },
      kind: 'range',
      property: key,
      value: '-1',
      rule: INT,
    },
    {
      title: `${key} 1.5`,
      settings: { [key]: 1.5 },
      kind: 'range',
      property: key,
      value: '1.5',
      rule: INT,
    },
    {
      title: `${key} NaN`,
      settings: { [key]: Number.NaN },
      kind: 'range',
      property: key,
      value: 'NaN',
      rule: INT,
    },
    {
      title: `${key} Infinity`,
      settings: { [key]: Infinity },
      kind: 'range',
      property: key,
      value: 'Infinity',
      rule: INT,
    },
    {
      title: `${key} 2^31`,
      settings: { [key]: 2 ** 31 },
      kind: 'range',
      property: key,
      value: '2147483648',
      rule: INT,
    },
    {
      title: `${key} 2^32 + 1`,
      settings: { [key]: 2 ** 32 + 1 },
      kind: 'range',
      property: key,
      value: '4294967297',
      rule: INT,
    },
    {
      title: `${key} in text`,
      settings: { [key]: '1' },
      kind: 'type',
      property: key,
      value: "'1'",
      rule: INT,
    },
    {
      title: `${key} null`,
      settings: { [key]: null },
      kind: 'type',
      property: key,
      value: 'null',
      rule: INT,
    },
    {
      title: `${key} true`,
      settings: { [key]: true },
      kind: 'type',
      property: key,
      value: 'true',
      rule: INT,
    },
    {
      title: `${key} BigInt`,
      settings: { [key]: 1n },
      kind: 'type',
      property: key,
      value: '1n',
      rule: INT,
    },
    {
      title: `${key} boxed`,
      settings: { [key]: Object(1) },
      kind: 'type',
      property: key,
      value: '[Number: 1]',
      rule: INT,
    },
  ]),
  {
    title: 'a lower threshold above the upper',
    settings: { upperThreshold: 5, lowerThreshold: 6 },
    kind: 'value',
    property: 'lowerThreshold',
    value: '6',
    rule: 'is above the upper threshold of 5',
  },
  {
    title: 'a typo',
    settings: { wieght: 1 },
    kind: 'value',
    property: 'wieght',
    value: "'wieght'",
    rule: 'did you mean weight?',
  },
  {
    title: 'a property in another case',
    settings: { upperthreshold: 1 },
    kind: 'value',
    property: 'upperthreshold',
    value: "'upperthreshold'",
    rule: 'did you mean upperThreshold?',
  },
  {
    title: 'a key of services',
    settings: { scheduler: 'rr' },
    kind: 'value',
    property: 'scheduler',
    value: "'scheduler'",
    rule: 'is not a known property',
  },
];

describe('bad destinations', () => {
  test.each(DESTINATION_SETTINGS)(
    'addDestination, ensureDestination and updateDestination refuse $title',
    ({ settings, ...row }) => {
      const config = { ...server, ...settings };
      expectRow(() => addDestination(TCP, config), within('destination', row));
      expectRow(() => ensureDestination(TCP, config), within('destination', row));
      expectRow(() => updateDestination(TCP, '192.168.0.1', settings), within('changes', row));
    },
  );

  interface ConfigRow extends InvalidValue {
    readonly title: string;
    readonly service: unknown;
    readonly config: unknown;
  }
  test.each<ConfigRow>([
    {
      title: 'a configuration in text',
      service: TCP,
      config: '192.168.0.1:80',
      kind: 'type',
      property: 'destination',
      value: "'192.168.0.1:80'",
      rule: "is not an object: write { address: '192.168.0.1', port: 80 }",
    },
    {
      title: 'port 70000',
      service: TCP,
      config: { ...server, port: 70000 },
      kind: 'range',
      property: 'destination.port',
      value: '70000',
      rule: 'is not an integer from 0 to 65535',
    },
    {
      title: 'address localhost',
      service: TCP,
      config: { address: 'localhost' },
      kind: 'value',
      property: 'destination.address',
      value: "'localhost'",
      rule: 'is not an IPv4 or IPv6 address',
    },
    {
      title: 'a bad service',
      service: 'tcp://10.0.0.1',
      config: server,
      kind: 'value',
      property: 'service',
      value: "'tcp://10.0.0.1'",
      rule: 'is not a service',
    },
    {
      title: 'IPv6 masqueraded behind IPv4',
      service: TCP,
      config: { address: 'fd00::2', forwarding: 'masquerade' },
      kind: 'value',
      property: 'destination.forwarding',
      value: "'masquerade'",
      rule: CROSSING,
    },
    {
      title: 'IPv4 masqueraded behind IPv6',
      service: TCP6,
      config: { ...server, forwarding: 'masquerade' },
      kind: 'value',
      property: 'destination.forwarding',
      value: "'masquerade'",
      rule: CROSSING,
    },
    {
      title: 'IPv6 behind IPv4 by default',
      service: TCP,
      config: { address: 'fd00::2' },
      kind: 'value',
      property: 'destination.forwarding',
      value: "'direct'",
      rule: CROSSING,
    },
    {
      title: 'IPv4 behind IPv6 by default',
      service: TCP6,
      config: server,
      kind: 'value',
      property: 'destination.forwarding',
      value: "'direct'",
      rule: CROSSING,
    },
    {
      title: 'IPv6 behind an IPv4 mark',
      service: MARK,
      config: { address: 'fd00::2', forwarding: 'local' },
      kind: 'value',
      property: 'destination.forwarding',
      value: "'local'",
      rule: CROSSING,
    },
    {
      title: 'IPv4 behind an IPv6 mark',
      service: 'fwmark6://7',
      config: { ...server, forwarding: 'bypass' },
      kind: 'value',
      property: 'destination.forwarding',
      value: "'bypass'",
      rule: CROSSING,
    },
    {
      title: 'another port by default',
      service: TCP,
      config: { ...server, port: 8080 },
      kind: 'value',
      property: 'destination.port',
      value: '8080',
      rule: `does not go with forwarding 'direct', ${OWN_PORT}`,
    },
    ...['direct', 'tunnel', 'local', 'bypass'].map(
      (forwarding): ConfigRow => ({
        title: `another port with ${forwarding}`,
        service: TCP,
        config: { ...server, port: 8080, forwarding },
        kind: 'value',
        property: 'destination.port',
        value: '8080',
        rule: `does not go with forwarding '${forwarding}', ${OWN_PORT}`,
      }),
    ),
    {
      title: 'port 0 behind a port',
      service: TCP,
      config: { ...server, port: 0 },
      kind: 'value',
      property: 'destination.port',
      value: '0',
      rule: OWN_PORT,
    },
    {
      title: 'a lower threshold without the upper',
      service: TCP,
      config: { ...server, lowerThreshold: 1 },
      kind: 'value',
      property: 'destination.lowerThreshold',
      value: '1',
      rule: 'is above the upper threshold of 0',
    },
    ...['masquerade', 'direct', 'local', 'bypass'].map(
      (forwarding): ConfigRow => ({
        title: `a tunnel with ${forwarding}`,
        service: TCP,
        config: { ...server, forwarding, tunnel: { type: 'ipip' } },
        kind: 'value',
        property: 'destination.tunnel',
        value: "{ type: 'ipip' }",
        rule: `does not go with forwarding '${forwarding}'`,
      }),
    ),
    {
      title: 'a tunnel by default',
      service: TCP,
      config: { ...server, tunnel: { type: 'ipip' } },
      kind: 'value',
      property: 'destination.tunnel',
      value: "{ type: 'ipip' }",
      rule: "does not go with forwarding 'direct'",
    },
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
      ([address, service]): ConfigRow => ({
        title: `address ${address}`,
        service,
        config: { address },
        kind: 'value',
        property: 'destination.address',
        value: `'${address}'`,
        rule: NOT_UNICAST,
      }),
    ),
    {
      title: 'IPv4 in IPv6',
      service: TCP6,
      config: { address: '::FFFF:102:304' },
      kind: 'value',
      property: 'destination.address',
      value: "'::ffff:1.2.3.4'",
      rule: NOT_UNICAST,
    },
    {
      title: 'a key of services',
      service: TCP,
      config: { ...server, protocol: 'tcp' },
      kind: 'value',
      property: 'destination.protocol',
      value: "'protocol'",
      rule: 'is not a known property',
    },
  ])('addDestination and ensureDestination refuse $title', ({ service, config, ...row }) => {
    expectRow(() => addDestination(service, config), row);
    expectRow(() => ensureDestination(service, config), row);
  });

  interface ChangesRow extends InvalidValue {
    readonly title: string;
    readonly service: unknown;
    readonly destination: unknown;
    readonly changes: unknown;
  }
  test.each<ChangesRow>([
    {
      title: 'the key of a destination',
      service: TCP,
      destination: '10.0.0.2',
      changes: { port: 8080 },
      kind: 'value',
      property: 'changes.port',
      value: "'port'",
      rule: 'is not a known property',
    },
    {
      title: 'a bad destination',
      service: TCP,
      destination: 'localhost',
      changes: {},
      kind: 'value',
      property: 'destination',
      value: "'localhost'",
      rule: 'is not a destination',
    },
    {
      title: 'a bad service',
      service: 'tcp://10.0.0.1',
      destination: '10.0.0.2',
      changes: {},
      kind: 'value',
      property: 'service',
      value: "'tcp://10.0.0.1'",
      rule: 'is not a service',
    },
    {
      title: 'forwarding across families',
      service: TCP,
      destination: '[fd00::2]:80',
      changes: { forwarding: 'masquerade' },
      kind: 'value',
      property: 'changes.forwarding',
      value: "'masquerade'",
      rule: CROSSING,
    },
    // The changes have no port: what does not fit is the forwarding.
    {
      title: 'forwarding that cannot translate ports',
      service: TCP,
      destination: '10.0.0.2:8080',
      changes: { forwarding: 'direct' },
      kind: 'value',
      property: 'changes.forwarding',
      value: "'direct'",
      rule: 'port',
    },
    {
      title: 'a tunnel with other forwarding',
      service: TCP,
      destination: '10.0.0.2',
      changes: { forwarding: 'direct', tunnel: { type: 'ipip' } },
      kind: 'value',
      property: 'changes.tunnel',
      value: "{ type: 'ipip' }",
      rule: "does not go with forwarding 'direct'",
    },
  ])('updateDestination refuses $title', ({ service, destination, changes, ...row }) => {
    expectRow(() => updateDestination(service, destination, changes), row);
  });
});
