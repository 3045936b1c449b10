import { test } from 'vitest';
import {
  expectRow,
  type SettingRow,
  server,
  TCP,
  tunnelled,
  within,
} from './helpers/argument-tables.js';
import { untyped } from './helpers/requests.js';

const { addDestination, ensureDestination, updateDestination } = untyped;

const CHECKSUMS = 'is not one of none, checksum, remote-checksum';

const TUNNELS: readonly SettingRow[] = [
  {
    title: 'a tunnel that is text',
    settings: tunnelled('gre'),
    kind: 'type',
    property: 'tunnel',
    value: "'gre'",
    rule: 'is not an object',
  },
  {
    title: 'tunnel: true',
    settings: tunnelled(true),
    kind: 'type',
    property: 'tunnel',
    value: 'true',
    rule: 'is not an object',
  },
  {
    title: 'a tunnel that is an array',
    settings: tunnelled([]),
    kind: 'type',
    property: 'tunnel',
    value: '[]',
    rule: 'is not an object',
  },
  {
    title: 'a tunnel without type',
    settings: tunnelled({}),
    kind: 'type',
    property: 'tunnel.type',
    value: 'undefined',
    rule: 'is not one of ipip, gue, gre',
  },
  {
    title: 'a tunnel with type null',
    settings: tunnelled({ type: null }),
    kind: 'type',
    property: 'tunnel.type',
    value: 'null',
    rule: 'is not one of ipip, gue, gre',
  },
  {
    title: 'a tunnel with type number',
    settings: tunnelled({ type: 1 }),
    kind: 'type',
    property: 'tunnel.type',
    value: '1',
    rule: 'is not one of ipip, gue, gre',
  },
  {
    title: 'a tunnel with type vxlan',
    settings: tunnelled({ type: 'vxlan' }),
    kind: 'value',
    property: 'tunnel.type',
    value: "'vxlan'",
    rule: 'is not one of ipip, gue, gre',
  },
  {
    title: 'a tunnel with type unknown-3',
    settings: tunnelled({ type: 'unknown-3' }),
    kind: 'value',
    property: 'tunnel.type',
    value: "'unknown-3'",
    rule: 'is not one of ipip, gue, gre',
  },
  {
    title: 'a tunnel type that every object has',
    settings: tunnelled({ type: 'constructor' }),
    kind: 'value',
    property: 'tunnel.type',
    value: "'constructor'",
    rule: 'is not one of ipip',
  },
  {
    title: 'a tunnel with a typo',
    settings: tunnelled({ type: 'gue', prot: 5 }),
    kind: 'value',
    property: 'tunnel.prot',
    value: "'prot'",
    rule: 'did you mean port?',
  },
  {
    title: 'a GUE tunnel without port',
    settings: tunnelled({ type: 'gue' }),
    kind: 'type',
    property: 'tunnel.port',
    value: 'undefined',
    rule: 'is not an integer from 1 to 65535',
  },
  {
    title: 'a GUE tunnel to port 0',
    settings: tunnelled({ type: 'gue', port: 0 }),
    kind: 'range',
    property: 'tunnel.port',
    value: '0',
    rule: 'is not an integer from 1 to 65535',
  },
  {
    title: 'a GUE tunnel to port 65536',
    settings: tunnelled({ type: 'gue', port: 65536 }),
    kind: 'range',
    property: 'tunnel.port',
    value: '65536',
    rule: 'is not an integer from 1 to 65535',
  },
  {
    title: 'a GUE tunnel with a port in text',
    settings: tunnelled({ type: 'gue', port: '6080' }),
    kind: 'type',
    property: 'tunnel.port',
    value: "'6080'",
    rule: 'is not an integer',
  },
  {
    title: 'an IPIP tunnel with a port',
    settings: tunnelled({ type: 'ipip', port: 6080 }),
    kind: 'value',
    property: 'tunnel.port',
    value: '6080',
    rule: 'does not go with tunnel type ipip',
  },
  {
    title: 'a GRE tunnel with a port',
    settings: tunnelled({ type: 'gre', port: 6080 }),
    kind: 'value',
    property: 'tunnel.port',
    value: '6080',
    rule: 'does not go with tunnel type gre',
  },
  {
    title: 'a GRE tunnel with port: null',
    settings: tunnelled({ type: 'gre', port: null }),
    kind: 'value',
    property: 'tunnel.port',
    value: 'null',
    rule: 'does not go with tunnel type gre',
  },
  {
    title: 'an IPIP tunnel with a checksum',
    settings: tunnelled({ type: 'ipip', checksum: 'none' }),
    kind: 'value',
    property: 'tunnel.checksum',
    value: "'none'",
    rule: 'does not go with tunnel type ipip',
  },
  {
    title: 'a GRE tunnel with remote-checksum',
    settings: tunnelled({ type: 'gre', checksum: 'remote-checksum' }),
    kind: 'value',
    property: 'tunnel.checksum',
    value: "'remote-checksum'",
    rule: 'does not go with tunnel type gre',
  },
  {
    title: 'a tunnel with a checksum of ipvsadm',
    settings: tunnelled({ type: 'gue', port: 1, checksum: 'csum' }),
    kind: 'value',
    property: 'tunnel.checksum',
    value: "'csum'",
    rule: CHECKSUMS,
  },
  {
    title: 'a tunnel with checksum true',
    settings: tunnelled({ type: 'gre', checksum: true }),
    kind: 'type',
    property: 'tunnel.checksum',
    value: 'true',
    rule: CHECKSUMS,
  },
  {
    title: 'a tunnel with checksum null',
    settings: tunnelled({ type: 'gre', checksum: null }),
    kind: 'type',
    property: 'tunnel.checksum',
    value: 'null',
    rule: CHECKSUMS,
  },
  {
    title: 'a tunnel with checksum unknown-4',
    settings: tunnelled({ type: 'gre', checksum: 'unknown-4' }),
    kind: 'value',
    property: 'tunnel.checksum',
    value: "'unknown-4'",
    rule: CHECKSUMS,
  },
];

test.each(TUNNELS)(
  'addDestination, ensureDestination and updateDestination refuse $title',
  ({ settings, ...row }) => {
    const config = { ...server, ...settings };
    expectRow(() => addDestination(TCP, config), within('destination', row));
    expectRow(() => ensureDestination(TCP, config), within('destination', row));
    expectRow(() => updateDestination(TCP, '192.168.0.1', settings), within('changes', row));
  },
);
