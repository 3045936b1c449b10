import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { formatDestinationAt, formatServiceAt } from '../../lib/ipvs/keys.js';
import { asNumber } from '../../lib/ipvs/stats.js';
import { complete } from '../../lib/queue/incremental.js';
import { canonical, serviceAndDestination } from './helpers/arbitraries.js';
import { bytesOf, layout, pack, requestOf, untyped } from './helpers/requests.js';
import { destinationRecord, ipvsResponse, serviceRecord } from './helpers/responses.js';

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
    const [listed] = complete(ipvsResponse({ services: [record] }).services(0, asNumber));
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
    const [returned] = ipvsResponse({ destinations: [record] }).destinations(0, asNumber);
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
