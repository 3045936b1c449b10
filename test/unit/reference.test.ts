import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { formatDestinationAt, formatServiceAt } from '../../lib/ipvs/keys.js';
import { asNumber } from '../../lib/ipvs/stats.js';
import { complete } from '../../lib/queue/slicer.js';
import { answer, destinationRecord, serviceRecord } from './answers.js';
import { canonical, serviceAndDestination } from './arbitraries.js';
import type { Call } from './requests.js';
import {
  bytesOf,
  expectRefused,
  layout,
  pack,
  type Refusal,
  requestOf,
  untyped,
} from './requests.js';

const TCP = 6;
const UDP = 17;
const SCTP = 132;
const V4 = 2;
const V6 = 10;
const address = (digits: string) => [...Buffer.from(digits.padEnd(32, '0'), 'hex')];
const key = (protocol: number, family: number, digits: string, port: number) => ({
  protocol,
  family,
  address: address(digits),
  port,
  fwmark: 0,
});
const marked = (fwmark: number, family: number) => ({
  fwmark,
  family,
  protocol: 0,
  address: address(''),
  port: 0,
});

describe('services', () => {
  test.each([
    [
      'tcp://10.96.0.1:443',
      { protocol: 'tcp', address: '10.96.0.1', port: 443 },
      key(TCP, V4, '0a600001', 443),
    ],
    [
      'udp://10.96.0.1:0',
      { protocol: 'udp', address: '10.96.0.1', port: 0 },
      key(UDP, V4, '0a600001', 0),
    ],
    [
      'sctp://0.0.0.0:65535',
      { protocol: 'sctp', address: '0.0.0.0', port: 65535 },
      key(SCTP, V4, '', 65535),
    ],
    [
      'tcp://[fd00::1]:53',
      { protocol: 'tcp', address: 'fd00::1', port: 53 },
      key(TCP, V6, `fd${'0'.repeat(29)}1`, 53),
    ],
    [
      'udp://[FD00:0::1]:53',
      { protocol: 'udp', address: 'fd00:0:0:0::1', port: 53 },
      key(UDP, V6, `fd${'0'.repeat(29)}1`, 53),
    ],
    ['tcp://[::]:80', { protocol: 'tcp', address: '::', port: 80 }, key(TCP, V6, '', 80)],
    [
      'tcp://[::1.2.3.4]:80',
      { protocol: 'tcp', address: '::1.2.3.4', port: 80 },
      key(TCP, V6, `${'0'.repeat(24)}01020304`, 80),
    ],
    ['fwmark://1', { fwmark: 1 }, marked(1, V4)],
    ['fwmark://4294967295', { fwmark: 4294967295, family: 'ipv4' }, marked(4294967295, V4)],
    ['fwmark6://7', { fwmark: 7, family: 'ipv6' }, marked(7, V6)],
    [
      'unknown-50://10.96.0.1:1',
      { protocol: 'unknown-50', address: '10.96.0.1', port: 1 },
      key(50, V4, '0a600001', 1),
    ],
    [
      'unknown-0://10.96.0.1:1',
      { protocol: 'unknown-0', address: '10.96.0.1', port: 1 },
      key(0, V4, '0a600001', 1),
    ],
    [
      'unknown-65535://[::1]:1',
      { protocol: 'unknown-65535', address: '::1', port: 1 },
      key(65535, V6, `${'0'.repeat(31)}1`, 1),
    ],
    [
      'unknown-6://10.96.0.1:1',
      { protocol: 'tcp', address: '10.96.0.1', port: 1 },
      key(TCP, V4, '0a600001', 1),
    ],
  ])('%s names what its object names', (text, object, expected) => {
    const { service, destination, changes } = requestOf(untyped.getService(text));
    expect(service).toEqual({
      ...expected,
      flags: 0,
      timeout: 0,
      netmask: 0,
      scheduler: '',
      engine: '',
    });
    expect({ family: destination.family, changes }).toEqual({ family: 0, changes: 0 });
    expect(bytesOf(untyped.getService(object))).toEqual(bytesOf(untyped.getService(text)));
  });

  test('a family beside an address may be given where it is the right one', () => {
    const named = { protocol: 'tcp', address: '::1', port: 80 };
    expect(bytesOf(untyped.getService({ ...named, family: 'ipv6' }))).toEqual(
      bytesOf(untyped.getService(named)),
    );
  });

  test.each([
    ['an address', serviceRecord({ protocol: 50, family: V6, address: address('fd'), port: 9 })],
    ['a mark', serviceRecord({ fwmark: 7, family: V6 })],
  ])('a returned service named by %s can be passed back in', (_, record) => {
    const [listed] = complete(answer({ services: [record] }).services(0, asNumber));
    const inTree = { ...listed, destinations: [] };
    const text = formatServiceAt(
      pack(untyped.getService(listed)).records,
      layout.request.fields.service.offset,
    );
    expect(bytesOf(untyped.getService(listed))).toEqual(bytesOf(untyped.getService(text)));
    expect(bytesOf(untyped.listDestinations(inTree))).toEqual(
      bytesOf(untyped.listDestinations(text)),
    );
  });

  test('settings beside the name are no part of it', () => {
    const named = { protocol: 'tcp', address: '10.0.0.1', port: 80 };
    expect(
      bytesOf(untyped.deleteService({ ...named, scheduler: 'rr', persistence: null })),
    ).toEqual(bytesOf(untyped.deleteService(named)));
  });
});

describe('destinations', () => {
  const service = 'tcp://10.96.0.1:443';

  test.each([
    ['10.0.0.1:80', { address: '10.0.0.1', port: 80 }, V4, '0a000001', 80],
    ['10.0.0.1:0', { address: '10.0.0.1', port: 0 }, V4, '0a000001', 0],
    ['10.0.0.1:65535', { address: '10.0.0.1', port: 65535 }, V4, '0a000001', 65535],
    ['10.0.0.1', { address: '10.0.0.1' }, V4, '0a000001', 443],
    [
      '[fd00::2]:80',
      { address: 'fd00::2', port: 80, family: 'ipv6' },
      V6,
      `fd${'0'.repeat(29)}2`,
      80,
    ],
    ['[fd00::2]', { address: 'FD00::2' }, V6, `fd${'0'.repeat(29)}2`, 443],
    ['fd00::2', { address: 'fd00::2', port: undefined }, V6, `fd${'0'.repeat(29)}2`, 443],
    ['fd00::2:80', { address: 'fd00:0:0:0:0:0:2:80' }, V6, `fd${'0'.repeat(25)}20080`, 443],
    ['0.0.0.0:80', { address: '0.0.0.0', port: 80 }, V4, '', 80],
  ])('%s names what its object names', (text, object, family, digits, port) => {
    const { destination } = requestOf(untyped.getDestination(service, text));
    expect(destination).toEqual({
      address: address(digits),
      family,
      port,
      forwarding: 0,
      weight: 0,
      upperThreshold: 0,
      lowerThreshold: 0,
      tunnelType: 0,
      tunnelPort: 0,
      tunnelFlags: 0,
    });
    expect(bytesOf(untyped.getDestination(service, object))).toEqual(
      bytesOf(untyped.getDestination(service, text)),
    );
  });

  test.each([
    ['tcp://10.96.0.1:443', 443],
    [{ protocol: 'udp', address: '::1', port: 53 }, 53],
    ['sctp://10.96.0.1:0', 0],
    ['fwmark://7', 0],
    [{ fwmark: 7, family: 'ipv6' }, 0],
  ])("the port that is left out is the service's: %j", (of, port) => {
    for (const named of ['10.0.0.1', { address: '10.0.0.1' }]) {
      expect(requestOf(untyped.getDestination(of, named)).destination.port).toBe(port);
    }
  });

  test('a returned destination can be passed back in', () => {
    const record = destinationRecord({
      family: V6,
      address: address('fd'),
      port: 9,
      forwarding: 7,
      weight: 5,
    });
    const [returned] = answer({ destinations: [record] }).destinations(0, asNumber);
    expect(returned).toMatchObject({ forwarding: 'unknown-7' });
    for (const name of ['getDestination', 'deleteDestination'] as const) {
      expect(bytesOf(untyped[name](service, returned))).toEqual(
        bytesOf(untyped[name](service, '[fd00::]:9')),
      );
    }
  });
});

test('the text of a name names the same', () => {
  fc.assert(
    fc.property(serviceAndDestination, ([service, destination]) => {
      const call = untyped.getDestination(service, destination);
      const { records } = pack(call);
      const { fields } = layout.request;
      const serviceText = formatServiceAt(records, fields.service.offset);
      const destinationText = formatDestinationAt(records, fields.destination.offset);
      expect(bytesOf(untyped.getDestination(serviceText, destinationText))).toEqual(bytesOf(call));
      expect(destinationText).toContain(canonical(destination.address));
    }),
  );
});

const badService = (value: unknown): Call<unknown> => untyped.getService(value);
const badDestination = (value: unknown): Call<unknown> =>
  untyped.getDestination('tcp://10.0.0.1:80', value);
const SERVICE_RULE = "is not a service: 'tcp://ADDRESS:PORT'";
const DESTINATION_RULE = "is not a destination: 'ADDRESS:PORT', '[IPV6]:PORT' or 'ADDRESS'";
const PORT_RULE = 'is not an integer from 0 to 65535';
const MARK_RULE = 'is not an integer from 1 to 4294967295';
const PROTOCOL_RULE = 'is not one of tcp, udp, sctp';
const ADDRESS_RULE = 'is not an IPv4 or IPv6 address, without port, prefix or zone';

describe('strings that name no service', () => {
  test.each([
    '',
    ' ',
    'tcp',
    'tcp:',
    'tcp://',
    'tcp://10.0.0.1',
    'tcp://10.0.0.1:',
    'tcp://:80',
    'tcp:10.0.0.1:80',
    'tcp:/10.0.0.1:80',
    'tcp//10.0.0.1:80',
    '10.0.0.1:80',
    'TCP://10.0.0.1:80',
    ' tcp://10.0.0.1:80',
    'tcp://10.0.0.1:80 ',
    'tcp://10.0.0.1:80\n',
    'tcp://10.0.0.1:80/',
    'tcp://10.0.0.1:80?x',
    'tcp://10.0.0.1/24:80',
    'tcp://user@10.0.0.1:80',
    'tcp://localhost:80',
    'tcp://10.1:80',
    'tcp://10.0.0.01:80',
    'tcp://10.0.0.1:080',
    'tcp://10.0.0.1:-1',
    'tcp://10.0.0.1:+80',
    'tcp://10.0.0.1:8e1',
    'tcp://10.0.0.1:0x50',
    'tcp://10.0.0.1:80.0',
    'tcp://10.0.0.1:http',
    'tcp://10.0.0.1:100000',
    'tcp://fd00::1:80',
    'tcp://[fd00::1]',
    'tcp://[fd00::1]:',
    'tcp://[fd00::1]80',
    'tcp://[fd00::1:80',
    'tcp://fd00::1]:80',
    'tcp://[fd00::1%eth0]:80',
    'tcp://[fd00::1/64]:80',
    'tcp://[10.0.0.1]:80',
    'tcp://[[::1]]:80',
    'tcp://[]:80',
    'tcp://[:]:80',
    'fwmark://',
    'fwmark://0',
    'fwmark://07',
    'fwmark://-1',
    'fwmark://1.5',
    'fwmark://0x7',
    'fwmark://7 ',
    'fwmark6://7:80',
    'fwmark4://7',
    'fwmark66://7',
    'fwmark:7',
    'fwmark://99999999999',
    '7',
  ])('%j', (text) => {
    expectRefused({
      call: () => badService(text),
      kind: 'value',
      property: 'service',
      value: `'${text.replace('\n', '\\n')}'`,
      rule: SERVICE_RULE,
    });
  });
});

describe('strings that name no destination', () => {
  test.each([
    '',
    ' ',
    ':80',
    '10.0.0.1:',
    '10.0.0.1:080',
    '10.0.0.1:-1',
    '10.0.0.1:8e1',
    '10.0.0.1:http',
    '10.0.0.1:100000',
    '10.0.0.1:80\n',
    '10.0.0.1 :80',
    '10.0.0.1/24',
    '10.1:80',
    '10.1',
    '[10.0.0.1]:80',
    'localhost',
    'localhost:80',
    'tcp://10.0.0.1:80',
    '[fd00::1',
    'fd00::1]',
    'fd00::1]:80',
    '[fd00::1]80',
    '[fd00::1]:',
    '[fd00::1%eth0]:80',
    'fd00::1%eth0',
    '[fd00::1/64]:80',
    '[]:80',
    '[:]:80',
    'fwmark://7',
  ])('%j', (text) => {
    expectRefused({
      call: () => badDestination(text),
      kind: 'value',
      property: 'destination',
      value: `'${text.replace('\n', '\\n')}'`,
      rule: DESTINATION_RULE,
    });
  });
});

type Row = readonly [shown: string, value: unknown, ...Parameters<typeof refused>];
const refused = (
  kind: Refusal['kind'],
  property: string,
  value: string,
  rule: string,
): Omit<Refusal, 'call'> => ({ kind, property, value, rule });
const named = { protocol: 'tcp', address: '10.0.0.1', port: 80 };

describe('bad names of services', () => {
  test.each<Row>([
    ['a port beyond 65535', 'tcp://10.0.0.1:70000', 'range', 'service port', '70000', PORT_RULE],
    ['a port beyond 65535', 'udp://[::1]:65536', 'range', 'service port', '65536', PORT_RULE],
    [
      'a mark beyond 32 bits',
      'fwmark://4294967296',
      'range',
      'service mark',
      '4294967296',
      MARK_RULE,
    ],
    [
      'a mark beyond 32 bits',
      'fwmark6://9999999999',
      'range',
      'service mark',
      '9999999999',
      MARK_RULE,
    ],
    ['another scheme', 'http://10.0.0.1:80', 'value', 'service', "'http'", PROTOCOL_RULE],
    ['a typo', 'tpc://10.0.0.1:80', 'value', 'service', "'tpc'", 'did you mean tcp?'],
    ['a mark with a port', 'fwmark://7:80', 'value', 'service', "'fwmark://7:80'", SERVICE_RULE],
    [
      'a protocol beyond 16 bits',
      'unknown-65536://10.0.0.1:80',
      'value',
      'service',
      "'unknown-65536'",
      PROTOCOL_RULE,
    ],
    [
      'a protocol with leading zeros',
      'unknown-050://10.0.0.1:80',
      'value',
      'service',
      "'unknown-050'",
      PROTOCOL_RULE,
    ],

    ['nothing', {}, 'value', 'service', '{}', 'needs protocol, address and port, or fwmark'],
    [
      'a port alone',
      { port: 80 },
      'value',
      'service',
      '{ port: 80 }',
      'needs protocol, address and port',
    ],
    ['a family alone', { family: 'ipv6' }, 'value', 'service', "{ family: 'ipv6' }", 'or fwmark'],
    [
      'no protocol',
      { ...named, protocol: undefined },
      'type',
      'service.protocol',
      'undefined',
      PROTOCOL_RULE,
    ],
    [
      'no address',
      { ...named, address: undefined },
      'type',
      'service.address',
      'undefined',
      ADDRESS_RULE,
    ],
    ['no port', { ...named, port: undefined }, 'type', 'service.port', 'undefined', PORT_RULE],
    ['port null', { ...named, port: null }, 'type', 'service.port', 'null', PORT_RULE],
    ['port in text', { ...named, port: '80' }, 'type', 'service.port', "'80'", PORT_RULE],
    ['port BigInt', { ...named, port: 80n }, 'type', 'service.port', '80n', PORT_RULE],
    ['port 70000', { ...named, port: 70000 }, 'range', 'service.port', '70000', PORT_RULE],
    ['port 65536', { ...named, port: 65536 }, 'range', 'service.port', '65536', PORT_RULE],
    ['port -1', { ...named, port: -1 }, 'range', 'service.port', '-1', PORT_RULE],
    ['port 80.5', { ...named, port: 80.5 }, 'range', 'service.port', '80.5', PORT_RULE],
    ['port NaN', { ...named, port: Number.NaN }, 'range', 'service.port', 'NaN', PORT_RULE],
    ['port Infinity', { ...named, port: Infinity }, 'range', 'service.port', 'Infinity', PORT_RULE],
    [
      'port 2^32 + 80',
      { ...named, port: 2 ** 32 + 80 },
      'range',
      'service.port',
      '4294967376',
      PORT_RULE,
    ],
    [
      'protocol null',
      { ...named, protocol: null },
      'type',
      'service.protocol',
      'null',
      PROTOCOL_RULE,
    ],
    ['protocol 6', { ...named, protocol: 6 }, 'type', 'service.protocol', '6', PROTOCOL_RULE],
    [
      'protocol TCP',
      { ...named, protocol: 'TCP' },
      'value',
      'service.protocol',
      "'TCP'",
      'did you mean tcp?',
    ],
    [
      'protocol icmp',
      { ...named, protocol: 'icmp' },
      'value',
      'service.protocol',
      "'icmp'",
      PROTOCOL_RULE,
    ],
    [
      'protocol of every object',
      { ...named, protocol: 'toString' },
      'value',
      'service.protocol',
      "'toString'",
      PROTOCOL_RULE,
    ],
    [
      'protocol unknown-65536',
      { ...named, protocol: 'unknown-65536' },
      'value',
      'service.protocol',
      "'unknown-65536'",
      PROTOCOL_RULE,
    ],
    [
      'protocol unknown-',
      { ...named, protocol: 'unknown-' },
      'value',
      'service.protocol',
      "'unknown-'",
      PROTOCOL_RULE,
    ],
    [
      'protocol unknown--1',
      { ...named, protocol: 'unknown--1' },
      'value',
      'service.protocol',
      "'unknown--1'",
      PROTOCOL_RULE,
    ],
    ['address null', { ...named, address: null }, 'type', 'service.address', 'null', ADDRESS_RULE],
    [
      'address in bytes',
      { ...named, address: 0x0a000001 },
      'type',
      'service.address',
      '167772161',
      ADDRESS_RULE,
    ],
    [
      'address localhost',
      { ...named, address: 'localhost' },
      'value',
      'service.address',
      "'localhost'",
      ADDRESS_RULE,
    ],
    ['address empty', { ...named, address: '' }, 'value', 'service.address', "''", ADDRESS_RULE],
    [
      'address with a port',
      { ...named, address: '10.0.0.1:80' },
      'value',
      'service.address',
      "'10.0.0.1:80'",
      ADDRESS_RULE,
    ],
    [
      'address with a prefix',
      { ...named, address: '10.0.0.1/32' },
      'value',
      'service.address',
      "'10.0.0.1/32'",
      ADDRESS_RULE,
    ],
    [
      'address in brackets',
      { ...named, address: '[::1]' },
      'value',
      'service.address',
      "'[::1]'",
      ADDRESS_RULE,
    ],
    [
      'address with a zone',
      { ...named, address: 'fe80::1%eth0' },
      'value',
      'service.address',
      "'fe80::1%eth0'",
      ADDRESS_RULE,
    ],
    [
      'family of another address',
      { ...named, family: 'ipv6' },
      'value',
      'service.family',
      "'ipv6'",
      'is not the family of 10.0.0.1',
    ],
    [
      'family of another address',
      { ...named, address: '::1', family: 'ipv4' },
      'value',
      'service.family',
      "'ipv4'",
      'is not the family of ::1',
    ],
    [
      'family 4',
      { ...named, family: 4 },
      'type',
      'service.family',
      '4',
      'is not one of ipv4, ipv6',
    ],
    [
      'family IPv4',
      { ...named, family: 'IPv4' },
      'value',
      'service.family',
      "'IPv4'",
      'did you mean ipv4?',
    ],
    [
      'another key',
      { ...named, host: 'x' },
      'value',
      'service.host',
      "'host'",
      'is not a known property: ',
    ],
    [
      'a typo in a key',
      { ...named, prot: 80 },
      'value',
      'service.prot',
      "'prot'",
      'did you mean port?',
    ],

    ['mark 0', { fwmark: 0 }, 'range', 'service.fwmark', '0', MARK_RULE],
    ['mark 2^32', { fwmark: 2 ** 32 }, 'range', 'service.fwmark', '4294967296', MARK_RULE],
    ['mark -1', { fwmark: -1 }, 'range', 'service.fwmark', '-1', MARK_RULE],
    ['mark 1.5', { fwmark: 1.5 }, 'range', 'service.fwmark', '1.5', MARK_RULE],
    ['mark NaN', { fwmark: Number.NaN }, 'range', 'service.fwmark', 'NaN', MARK_RULE],
    ['mark in text', { fwmark: '7' }, 'type', 'service.fwmark', "'7'", MARK_RULE],
    ['mark null', { fwmark: null }, 'type', 'service.fwmark', 'null', MARK_RULE],
    [
      'mark with another family',
      { fwmark: 7, family: 'ipx' },
      'value',
      'service.family',
      "'ipx'",
      'is not one of ipv4, ipv6',
    ],
    [
      'mark with family null',
      { fwmark: 7, family: null },
      'type',
      'service.family',
      'null',
      'is not one of ipv4, ipv6',
    ],
    [
      'mark with protocol',
      { fwmark: 7, protocol: 'tcp' },
      'value',
      'service.protocol',
      "'tcp'",
      'does not go with fwmark',
    ],
    [
      'mark with address',
      { fwmark: 7, address: '10.0.0.1' },
      'value',
      'service.address',
      "'10.0.0.1'",
      'does not go with fwmark',
    ],
    [
      'mark with port 0',
      { fwmark: 7, port: 0 },
      'value',
      'service.port',
      '0',
      'does not go with fwmark',
    ],
  ])('%s', (_, value, ...row) => {
    expectRefused({ call: () => badService(value), ...refused(...row) });
  });
});

describe('bad names of destinations', () => {
  test.each<Row>([
    ['a port beyond 65535', '10.0.0.1:70000', 'range', 'destination port', '70000', PORT_RULE],
    ['a port beyond 65535', '[::1]:65536', 'range', 'destination port', '65536', PORT_RULE],
    ['nothing', {}, 'type', 'destination.address', 'undefined', ADDRESS_RULE],
    ['a port alone', { port: 80 }, 'type', 'destination.address', 'undefined', ADDRESS_RULE],
    [
      'port null',
      { address: '10.0.0.1', port: null },
      'type',
      'destination.port',
      'null',
      PORT_RULE,
    ],
    [
      'port in text',
      { address: '10.0.0.1', port: '80' },
      'type',
      'destination.port',
      "'80'",
      PORT_RULE,
    ],
    [
      'port 70000',
      { address: '10.0.0.1', port: 70000 },
      'range',
      'destination.port',
      '70000',
      PORT_RULE,
    ],
    ['port -1', { address: '10.0.0.1', port: -1 }, 'range', 'destination.port', '-1', PORT_RULE],
    ['port 0.5', { address: '10.0.0.1', port: 0.5 }, 'range', 'destination.port', '0.5', PORT_RULE],
    [
      'address with a port',
      { address: '10.0.0.1:80' },
      'value',
      'destination.address',
      "'10.0.0.1:80'",
      ADDRESS_RULE,
    ],
    [
      'address localhost',
      { address: 'localhost' },
      'value',
      'destination.address',
      "'localhost'",
      ADDRESS_RULE,
    ],
    ['address empty', { address: '' }, 'value', 'destination.address', "''", ADDRESS_RULE],
    ['address null', { address: null }, 'type', 'destination.address', 'null', ADDRESS_RULE],
    [
      'family of another address',
      { address: '10.0.0.1', family: 'ipv6' },
      'value',
      'destination.family',
      "'ipv6'",
      'is not the family of 10.0.0.1',
    ],
    [
      'protocol',
      { address: '10.0.0.1', protocol: 'tcp' },
      'value',
      'destination.protocol',
      "'protocol'",
      'is not a known property',
    ],
    [
      'a typo in a key',
      { addres: '10.0.0.1' },
      'value',
      'destination.addres',
      "'addres'",
      'did you mean address?',
    ],
  ])('%s', (_, value, ...row) => {
    expectRefused({ call: () => badDestination(value), ...refused(...row) });
  });
});
