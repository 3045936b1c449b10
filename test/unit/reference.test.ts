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

describe('references of services', () => {
  test.each([
    {
      text: 'tcp://10.96.0.1:443',
      object: { protocol: 'tcp', address: '10.96.0.1', port: 443 },
      expected: key(TCP, V4, '0a600001', 443),
    },
    {
      text: 'udp://10.96.0.1:0',
      object: { protocol: 'udp', address: '10.96.0.1', port: 0 },
      expected: key(UDP, V4, '0a600001', 0),
    },
    {
      text: 'sctp://0.0.0.0:65535',
      object: { protocol: 'sctp', address: '0.0.0.0', port: 65535 },
      expected: key(SCTP, V4, '', 65535),
    },
    {
      text: 'tcp://[fd00::1]:53',
      object: { protocol: 'tcp', address: 'fd00::1', port: 53 },
      expected: key(TCP, V6, `fd${'0'.repeat(29)}1`, 53),
    },
    {
      text: 'udp://[FD00:0::1]:53',
      object: { protocol: 'udp', address: 'fd00:0:0:0::1', port: 53 },
      expected: key(UDP, V6, `fd${'0'.repeat(29)}1`, 53),
    },
    {
      text: 'tcp://[::]:80',
      object: { protocol: 'tcp', address: '::', port: 80 },
      expected: key(TCP, V6, '', 80),
    },
    {
      text: 'tcp://[::1.2.3.4]:80',
      object: { protocol: 'tcp', address: '::1.2.3.4', port: 80 },
      expected: key(TCP, V6, `${'0'.repeat(24)}01020304`, 80),
    },
    { text: 'fwmark://1', object: { fwmark: 1 }, expected: marked(1, V4) },
    {
      text: 'fwmark://4294967295',
      object: { fwmark: 4294967295, family: 'ipv4' },
      expected: marked(4294967295, V4),
    },
    { text: 'fwmark6://7', object: { fwmark: 7, family: 'ipv6' }, expected: marked(7, V6) },
    {
      text: 'unknown-50://10.96.0.1:1',
      object: { protocol: 'unknown-50', address: '10.96.0.1', port: 1 },
      expected: key(50, V4, '0a600001', 1),
    },
    {
      text: 'unknown-0://10.96.0.1:1',
      object: { protocol: 'unknown-0', address: '10.96.0.1', port: 1 },
      expected: key(0, V4, '0a600001', 1),
    },
    {
      text: 'unknown-65535://[::1]:1',
      object: { protocol: 'unknown-65535', address: '::1', port: 1 },
      expected: key(65535, V6, `${'0'.repeat(31)}1`, 1),
    },
    {
      text: 'unknown-6://10.96.0.1:1',
      object: { protocol: 'tcp', address: '10.96.0.1', port: 1 },
      expected: key(TCP, V4, '0a600001', 1),
    },
  ])('$text names the same service as $object', ({ text, object, expected }) => {
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

  test('an address may come with its family', () => {
    const named = { protocol: 'tcp', address: '::1', port: 80 };
    expect(bytesOf(untyped.getService({ ...named, family: 'ipv6' }))).toEqual(
      bytesOf(untyped.getService(named)),
    );
  });

  test.each([
    {
      name: 'an address',
      record: serviceRecord({ protocol: 50, family: V6, address: address('fd'), port: 9 }),
    },
    { name: 'a mark', record: serviceRecord({ fwmark: 7, family: V6 }) },
  ])('takes a service from the kernel with $name as a reference', ({ record }) => {
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

  test('a reference may come with settings, which are ignored', () => {
    const named = { protocol: 'tcp', address: '10.0.0.1', port: 80 };
    expect(
      bytesOf(untyped.deleteService({ ...named, scheduler: 'rr', persistence: null })),
    ).toEqual(bytesOf(untyped.deleteService(named)));
  });
});

describe('references of destinations', () => {
  const service = 'tcp://10.96.0.1:443';

  test.each([
    {
      text: '10.0.0.1:80',
      object: { address: '10.0.0.1', port: 80 },
      family: V4,
      digits: '0a000001',
      port: 80,
    },
    {
      text: '10.0.0.1:0',
      object: { address: '10.0.0.1', port: 0 },
      family: V4,
      digits: '0a000001',
      port: 0,
    },
    {
      text: '10.0.0.1:65535',
      object: { address: '10.0.0.1', port: 65535 },
      family: V4,
      digits: '0a000001',
      port: 65535,
    },
    {
      text: '10.0.0.1',
      object: { address: '10.0.0.1' },
      family: V4,
      digits: '0a000001',
      port: 443,
    },
    {
      text: '[fd00::2]:80',
      object: { address: 'fd00::2', port: 80, family: 'ipv6' },
      family: V6,
      digits: `fd${'0'.repeat(29)}2`,
      port: 80,
    },
    {
      text: '[fd00::2]',
      object: { address: 'FD00::2' },
      family: V6,
      digits: `fd${'0'.repeat(29)}2`,
      port: 443,
    },
    {
      text: 'fd00::2',
      object: { address: 'fd00::2', port: undefined },
      family: V6,
      digits: `fd${'0'.repeat(29)}2`,
      port: 443,
    },
    {
      text: 'fd00::2:80',
      object: { address: 'fd00:0:0:0:0:0:2:80' },
      family: V6,
      digits: `fd${'0'.repeat(25)}20080`,
      port: 443,
    },
    {
      text: '0.0.0.0:80',
      object: { address: '0.0.0.0', port: 80 },
      family: V4,
      digits: '',
      port: 80,
    },
  ])('$text names the same destination as $object', ({ text, object, family, digits, port }) => {
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
    { service: 'tcp://10.96.0.1:443', port: 443 },
    { service: { protocol: 'udp', address: '::1', port: 53 }, port: 53 },
    { service: 'sctp://10.96.0.1:0', port: 0 },
    { service: 'fwmark://7', port: 0 },
    { service: { fwmark: 7, family: 'ipv6' }, port: 0 },
  ])('the default port of a destination of $service is $port', ({ service, port }) => {
    for (const named of ['10.0.0.1', { address: '10.0.0.1' }]) {
      expect(requestOf(untyped.getDestination(service, named)).destination.port).toBe(port);
    }
  });

  test('takes a destination from the kernel as a reference', () => {
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

test('the text of a key names the same object', () => {
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

describe('bad references of services', () => {
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
  ])('the text %j is refused', (text) => {
    expectRefused({
      call: () => badService(text),
      kind: 'value',
      property: 'service',
      value: `'${text.replace('\n', '\\n')}'`,
      rule: SERVICE_RULE,
    });
  });
});

describe('bad references of destinations', () => {
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
  ])('the text %j is refused', (text) => {
    expectRefused({
      call: () => badDestination(text),
      kind: 'value',
      property: 'destination',
      value: `'${text.replace('\n', '\\n')}'`,
      rule: DESTINATION_RULE,
    });
  });
});

interface Row extends Omit<Refusal, 'call'> {
  readonly title: string;
  readonly input: unknown;
}
const named = { protocol: 'tcp', address: '10.0.0.1', port: 80 };

describe('what is wrong with a reference of a service', () => {
  test.each<Row>([
    {
      title: 'a port beyond 65535',
      input: 'tcp://10.0.0.1:70000',
      kind: 'range',
      property: 'service port',
      value: '70000',
      rule: PORT_RULE,
    },
    {
      title: 'a port beyond 65535',
      input: 'udp://[::1]:65536',
      kind: 'range',
      property: 'service port',
      value: '65536',
      rule: PORT_RULE,
    },
    {
      title: 'a mark beyond 32 bits',
      input: 'fwmark://4294967296',
      kind: 'range',
      property: 'service mark',
      value: '4294967296',
      rule: MARK_RULE,
    },
    {
      title: 'a mark beyond 32 bits',
      input: 'fwmark6://9999999999',
      kind: 'range',
      property: 'service mark',
      value: '9999999999',
      rule: MARK_RULE,
    },
    {
      title: 'another scheme',
      input: 'http://10.0.0.1:80',
      kind: 'value',
      property: 'service',
      value: "'http'",
      rule: PROTOCOL_RULE,
    },
    {
      title: 'a typo',
      input: 'tpc://10.0.0.1:80',
      kind: 'value',
      property: 'service',
      value: "'tpc'",
      rule: 'did you mean tcp?',
    },
    {
      title: 'a mark with a port',
      input: 'fwmark://7:80',
      kind: 'value',
      property: 'service',
      value: "'fwmark://7:80'",
      rule: SERVICE_RULE,
    },
    {
      title: 'a protocol beyond 16 bits',
      input: 'unknown-65536://10.0.0.1:80',
      kind: 'value',
      property: 'service',
      value: "'unknown-65536'",
      rule: PROTOCOL_RULE,
    },
    {
      title: 'a protocol with leading zeros',
      input: 'unknown-050://10.0.0.1:80',
      kind: 'value',
      property: 'service',
      value: "'unknown-050'",
      rule: PROTOCOL_RULE,
    },

    {
      title: 'nothing',
      input: {},
      kind: 'value',
      property: 'service',
      value: '{}',
      rule: 'needs protocol, address and port, or fwmark',
    },
    {
      title: 'a port alone',
      input: { port: 80 },
      kind: 'value',
      property: 'service',
      value: '{ port: 80 }',
      rule: 'needs protocol, address and port',
    },
    {
      title: 'a family alone',
      input: { family: 'ipv6' },
      kind: 'value',
      property: 'service',
      value: "{ family: 'ipv6' }",
      rule: 'or fwmark',
    },
    {
      title: 'no protocol',
      input: { ...named, protocol: undefined },
      kind: 'type',
      property: 'service.protocol',
      value: 'undefined',
      rule: PROTOCOL_RULE,
    },
    {
      title: 'no address',
      input: { ...named, address: undefined },
      kind: 'type',
      property: 'service.address',
      value: 'undefined',
      rule: ADDRESS_RULE,
    },
    {
      title: 'no port',
      input: { ...named, port: undefined },
      kind: 'type',
      property: 'service.port',
      value: 'undefined',
      rule: PORT_RULE,
    },
    {
      title: 'port null',
      input: { ...named, port: null },
      kind: 'type',
      property: 'service.port',
      value: 'null',
      rule: PORT_RULE,
    },
    {
      title: 'port in text',
      input: { ...named, port: '80' },
      kind: 'type',
      property: 'service.port',
      value: "'80'",
      rule: PORT_RULE,
    },
    {
      title: 'port BigInt',
      input: { ...named, port: 80n },
      kind: 'type',
      property: 'service.port',
      value: '80n',
      rule: PORT_RULE,
    },
    {
      title: 'port 70000',
      input: { ...named, port: 70000 },
      kind: 'range',
      property: 'service.port',
      value: '70000',
      rule: PORT_RULE,
    },
    {
      title: 'port 65536',
      input: { ...named, port: 65536 },
      kind: 'range',
      property: 'service.port',
      value: '65536',
      rule: PORT_RULE,
    },
    {
      title: 'port -1',
      input: { ...named, port: -1 },
      kind: 'range',
      property: 'service.port',
      value: '-1',
      rule: PORT_RULE,
    },
    {
      title: 'port 80.5',
      input: { ...named, port: 80.5 },
      kind: 'range',
      property: 'service.port',
      value: '80.5',
      rule: PORT_RULE,
    },
    {
      title: 'port NaN',
      input: { ...named, port: Number.NaN },
      kind: 'range',
      property: 'service.port',
      value: 'NaN',
      rule: PORT_RULE,
    },
    {
      title: 'port Infinity',
      input: { ...named, port: Infinity },
      kind: 'range',
      property: 'service.port',
      value: 'Infinity',
      rule: PORT_RULE,
    },
    {
      title: 'port 2^32 + 80',
      input: { ...named, port: 2 ** 32 + 80 },
      kind: 'range',
      property: 'service.port',
      value: '4294967376',
      rule: PORT_RULE,
    },
    {
      title: 'protocol null',
      input: { ...named, protocol: null },
      kind: 'type',
      property: 'service.protocol',
      value: 'null',
      rule: PROTOCOL_RULE,
    },
    {
      title: 'protocol 6',
      input: { ...named, protocol: 6 },
      kind: 'type',
      property: 'service.protocol',
      value: '6',
      rule: PROTOCOL_RULE,
    },
    {
      title: 'protocol TCP',
      input: { ...named, protocol: 'TCP' },
      kind: 'value',
      property: 'service.protocol',
      value: "'TCP'",
      rule: 'did you mean tcp?',
    },
    {
      title: 'protocol icmp',
      input: { ...named, protocol: 'icmp' },
      kind: 'value',
      property: 'service.protocol',
      value: "'icmp'",
      rule: PROTOCOL_RULE,
    },
    {
      title: 'protocol of every object',
      input: { ...named, protocol: 'toString' },
      kind: 'value',
      property: 'service.protocol',
      value: "'toString'",
      rule: PROTOCOL_RULE,
    },
    {
      title: 'protocol unknown-65536',
      input: { ...named, protocol: 'unknown-65536' },
      kind: 'value',
      property: 'service.protocol',
      value: "'unknown-65536'",
      rule: PROTOCOL_RULE,
    },
    {
      title: 'protocol unknown-',
      input: { ...named, protocol: 'unknown-' },
      kind: 'value',
      property: 'service.protocol',
      value: "'unknown-'",
      rule: PROTOCOL_RULE,
    },
    {
      title: 'protocol unknown--1',
      input: { ...named, protocol: 'unknown--1' },
      kind: 'value',
      property: 'service.protocol',
      value: "'unknown--1'",
      rule: PROTOCOL_RULE,
    },
    {
      title: 'address null',
      input: { ...named, address: null },
      kind: 'type',
      property: 'service.address',
      value: 'null',
      rule: ADDRESS_RULE,
    },
    {
      title: 'address in bytes',
      input: { ...named, address: 0x0a000001 },
      kind: 'type',
      property: 'service.address',
      value: '167772161',
      rule: ADDRESS_RULE,
    },
    {
      title: 'address localhost',
      input: { ...named, address: 'localhost' },
      kind: 'value',
      property: 'service.address',
      value: "'localhost'",
      rule: ADDRESS_RULE,
    },
    {
      title: 'address empty',
      input: { ...named, address: '' },
      kind: 'value',
      property: 'service.address',
      value: "''",
      rule: ADDRESS_RULE,
    },
    {
      title: 'address with a port',
      input: { ...named, address: '10.0.0.1:80' },
      kind: 'value',
      property: 'service.address',
      value: "'10.0.0.1:80'",
      rule: ADDRESS_RULE,
    },
    {
      title: 'address with a prefix',
      input: { ...named, address: '10.0.0.1/32' },
      kind: 'value',
      property: 'service.address',
      value: "'10.0.0.1/32'",
      rule: ADDRESS_RULE,
    },
    {
      title: 'address in brackets',
      input: { ...named, address: '[::1]' },
      kind: 'value',
      property: 'service.address',
      value: "'[::1]'",
      rule: ADDRESS_RULE,
    },
    {
      title: 'address with a zone',
      input: { ...named, address: 'fe80::1%eth0' },
      kind: 'value',
      property: 'service.address',
      value: "'fe80::1%eth0'",
      rule: ADDRESS_RULE,
    },
    {
      title: 'family of another address',
      input: { ...named, family: 'ipv6' },
      kind: 'value',
      property: 'service.family',
      value: "'ipv6'",
      rule: 'is not the family of 10.0.0.1',
    },
    {
      title: 'family of another address',
      input: { ...named, address: '::1', family: 'ipv4' },
      kind: 'value',
      property: 'service.family',
      value: "'ipv4'",
      rule: 'is not the family of ::1',
    },
    {
      title: 'family 4',
      input: { ...named, family: 4 },
      kind: 'type',
      property: 'service.family',
      value: '4',
      rule: 'is not one of ipv4, ipv6',
    },
    {
      title: 'family IPv4',
      input: { ...named, family: 'IPv4' },
      kind: 'value',
      property: 'service.family',
      value: "'IPv4'",
      rule: 'did you mean ipv4?',
    },
    {
      title: 'another key',
      input: { ...named, host: 'x' },
      kind: 'value',
      property: 'service.host',
      value: "'host'",
      rule: 'is not a known property: ',
    },
    {
      title: 'a typo in a key',
      input: { ...named, prot: 80 },
      kind: 'value',
      property: 'service.prot',
      value: "'prot'",
      rule: 'did you mean port?',
    },

    {
      title: 'mark 0',
      input: { fwmark: 0 },
      kind: 'range',
      property: 'service.fwmark',
      value: '0',
      rule: MARK_RULE,
    },
    {
      title: 'mark 2^32',
      input: { fwmark: 2 ** 32 },
      kind: 'range',
      property: 'service.fwmark',
      value: '4294967296',
      rule: MARK_RULE,
    },
    {
      title: 'mark -1',
      input: { fwmark: -1 },
      kind: 'range',
      property: 'service.fwmark',
      value: '-1',
      rule: MARK_RULE,
    },
    {
      title: 'mark 1.5',
      input: { fwmark: 1.5 },
      kind: 'range',
      property: 'service.fwmark',
      value: '1.5',
      rule: MARK_RULE,
    },
    {
      title: 'mark NaN',
      input: { fwmark: Number.NaN },
      kind: 'range',
      property: 'service.fwmark',
      value: 'NaN',
      rule: MARK_RULE,
    },
    {
      title: 'mark in text',
      input: { fwmark: '7' },
      kind: 'type',
      property: 'service.fwmark',
      value: "'7'",
      rule: MARK_RULE,
    },
    {
      title: 'mark null',
      input: { fwmark: null },
      kind: 'type',
      property: 'service.fwmark',
      value: 'null',
      rule: MARK_RULE,
    },
    {
      title: 'mark with another family',
      input: { fwmark: 7, family: 'ipx' },
      kind: 'value',
      property: 'service.family',
      value: "'ipx'",
      rule: 'is not one of ipv4, ipv6',
    },
    {
      title: 'mark with family null',
      input: { fwmark: 7, family: null },
      kind: 'type',
      property: 'service.family',
      value: 'null',
      rule: 'is not one of ipv4, ipv6',
    },
    {
      title: 'mark with protocol',
      input: { fwmark: 7, protocol: 'tcp' },
      kind: 'value',
      property: 'service.protocol',
      value: "'tcp'",
      rule: 'does not go with fwmark',
    },
    {
      title: 'mark with address',
      input: { fwmark: 7, address: '10.0.0.1' },
      kind: 'value',
      property: 'service.address',
      value: "'10.0.0.1'",
      rule: 'does not go with fwmark',
    },
    {
      title: 'mark with port 0',
      input: { fwmark: 7, port: 0 },
      kind: 'value',
      property: 'service.port',
      value: '0',
      rule: 'does not go with fwmark',
    },
  ])('$title is refused: $input', ({ input, ...row }) => {
    expectRefused({ call: () => badService(input), ...row });
  });
});

describe('what is wrong with a reference of a destination', () => {
  test.each<Row>([
    {
      title: 'a port beyond 65535',
      input: '10.0.0.1:70000',
      kind: 'range',
      property: 'destination port',
      value: '70000',
      rule: PORT_RULE,
    },
    {
      title: 'a port beyond 65535',
      input: '[::1]:65536',
      kind: 'range',
      property: 'destination port',
      value: '65536',
      rule: PORT_RULE,
    },
    {
      title: 'nothing',
      input: {},
      kind: 'type',
      property: 'destination.address',
      value: 'undefined',
      rule: ADDRESS_RULE,
    },
    {
      title: 'a port alone',
      input: { port: 80 },
      kind: 'type',
      property: 'destination.address',
      value: 'undefined',
      rule: ADDRESS_RULE,
    },
    {
      title: 'port null',
      input: { address: '10.0.0.1', port: null },
      kind: 'type',
      property: 'destination.port',
      value: 'null',
      rule: PORT_RULE,
    },
    {
      title: 'port in text',
      input: { address: '10.0.0.1', port: '80' },
      kind: 'type',
      property: 'destination.port',
      value: "'80'",
      rule: PORT_RULE,
    },
    {
      title: 'port 70000',
      input: { address: '10.0.0.1', port: 70000 },
      kind: 'range',
      property: 'destination.port',
      value: '70000',
      rule: PORT_RULE,
    },
    {
      title: 'port -1',
      input: { address: '10.0.0.1', port: -1 },
      kind: 'range',
      property: 'destination.port',
      value: '-1',
      rule: PORT_RULE,
    },
    {
      title: 'port 0.5',
      input: { address: '10.0.0.1', port: 0.5 },
      kind: 'range',
      property: 'destination.port',
      value: '0.5',
      rule: PORT_RULE,
    },
    {
      title: 'address with a port',
      input: { address: '10.0.0.1:80' },
      kind: 'value',
      property: 'destination.address',
      value: "'10.0.0.1:80'",
      rule: ADDRESS_RULE,
    },
    {
      title: 'address localhost',
      input: { address: 'localhost' },
      kind: 'value',
      property: 'destination.address',
      value: "'localhost'",
      rule: ADDRESS_RULE,
    },
    {
      title: 'address empty',
      input: { address: '' },
      kind: 'value',
      property: 'destination.address',
      value: "''",
      rule: ADDRESS_RULE,
    },
    {
      title: 'address null',
      input: { address: null },
      kind: 'type',
      property: 'destination.address',
      value: 'null',
      rule: ADDRESS_RULE,
    },
    {
      title: 'family of another address',
      input: { address: '10.0.0.1', family: 'ipv6' },
      kind: 'value',
      property: 'destination.family',
      value: "'ipv6'",
      rule: 'is not the family of 10.0.0.1',
    },
    {
      title: 'protocol',
      input: { address: '10.0.0.1', protocol: 'tcp' },
      kind: 'value',
      property: 'destination.protocol',
      value: "'protocol'",
      rule: 'is not a known property',
    },
    {
      title: 'a typo in a key',
      input: { addres: '10.0.0.1' },
      kind: 'value',
      property: 'destination.addres',
      value: "'addres'",
      rule: 'did you mean address?',
    },
  ])('$title is refused: $input', ({ input, ...row }) => {
    expectRefused({ call: () => badDestination(input), ...row });
  });
});
