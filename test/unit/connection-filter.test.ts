import { describe, expect, test } from 'vitest';
import { checkCountOptions } from '../../lib/connections/count.js';
import { encodeFilter } from '../../lib/connections/filter.js';
import { checkStreamOptions } from '../../lib/connections/stream.js';
import {
  decode,
  expectInputError,
  type InvalidArgument,
  layout,
  requestOf,
  thrownBy,
  untyped,
} from './helpers/requests.js';

const SERVICE = 'tcp://10.96.0.1:443';

/** The record that options are encoded to, which streams and counts have in common. */
function encoded(options: unknown) {
  const { filter } = checkStreamOptions(options);
  expect(checkCountOptions(options).filter).toEqual(filter);
  return decode(filter.record, 0, layout.connectionFilter);
}

/** The bytes of a field as a record of their own. */
function recordOf(bytes: unknown, size: number): Uint8Array {
  const record = new Uint8Array(size);
  record.set(Array.isArray(bytes) ? bytes : expect.unreachable('the field has bytes'));
  return record;
}

describe('encoding', () => {
  test.each([undefined, {}, { service: undefined, client: undefined, state: undefined }])(
    '%j matches every connection',
    (options) => {
      const { filter } = checkStreamOptions(options);
      expect(filter.record).toEqual(new Uint8Array(layout.connectionFilter.size));
    },
  );

  test.each([SERVICE, 'udp://[fd00::1]:53', 'fwmark6://7', { fwmark: 7 }])(
    'the service %j has the key that a request gives it',
    (service) => {
      const { service: key, criteria } = encoded({ service });
      expect(criteria).toBe(layout.criteria.service);
      expect(key).toHaveLength(layout.connectionFilter.fields.service.size);
      expect(layout.service.fields.address.offset).toBe(0);
      const record = recordOf(key, layout.service.size);
      const { address, fwmark, family, protocol, port } = decode(record, 0, layout.service);
      const expected = requestOf(untyped.getService(service)).service;
      expect(expected).toMatchObject({ address, fwmark, family, protocol, port });
    },
  );

  test.each([
    { destination: '10.0.0.1:80', service: undefined, port: 80 },
    { destination: '[fd00::2]:80', service: undefined, port: 80 },
    { destination: { address: '10.0.0.1', port: 80 }, service: undefined, port: 80 },
    { destination: '10.0.0.1', service: SERVICE, port: 443 },
    { destination: { address: 'fd00::2' }, service: SERVICE, port: 443 },
    { destination: 'fd00::2', service: SERVICE, port: 443 },
  ])('the destination $destination of service $service has port $port', (row) => {
    const { destination, service, port } = row;
    const { destination: key, criteria } = encoded({ destination, service });
    const { address, family } = requestOf(untyped.getDestination(SERVICE, destination)).destination;
    const record = recordOf(key, layout.destination.size);
    expect(decode(record, 0, layout.destination)).toMatchObject({ address, family, port });
    const byService = service === undefined ? 0 : layout.criteria.service;
    expect(criteria).toBe(layout.criteria.destination | byService);
  });

  test.each([
    { network: '10.0.0.7', family: 2, prefix: 32, digits: '0a000007' },
    { network: '10.0.0.7/32', family: 2, prefix: 32, digits: '0a000007' },
    { network: '10.0.0.0/8', family: 2, prefix: 8, digits: '0a' },
    { network: '0.0.0.0/0', family: 2, prefix: 0, digits: '' },
    { network: 'fd00::7', family: 10, prefix: 128, digits: `fd${'0'.repeat(29)}7` },
    { network: 'fd00::/64', family: 10, prefix: 64, digits: 'fd' },
    { network: '::/0', family: 10, prefix: 0, digits: '' },
  ])('the network $network has a prefix of $prefix bits', ({ network, family, prefix, digits }) => {
    const bytes = [...Buffer.from(digits.padEnd(32, '0'), 'hex')];
    expect(encoded({ client: network })).toMatchObject({
      criteria: layout.criteria.client,
      clientFamily: family,
      clientPrefix: prefix,
      client: bytes,
    });
    expect(encoded({ server: network })).toMatchObject({
      criteria: layout.criteria.server,
      serverFamily: family,
      serverPrefix: prefix,
      server: bytes,
    });
  });

  test.each([
    { name: 'tcp', protocol: 6 },
    { name: 'ip', protocol: 0 },
    { name: 'icmpv6', protocol: 58 },
    { name: 'unknown-50', protocol: 50 },
  ])('the protocol $name has number $protocol', ({ name, protocol }) => {
    const { criteria } = layout;
    expect(encoded({ protocol: name })).toMatchObject({ criteria: criteria.protocol, protocol });
  });

  test.each(['ESTABLISHED', 'S-ACK-SENT', 'C-SENT', 'ERR!', 'BUG!', '?'])(
    'the state %s is written as it is',
    (state) => {
      expect(encoded({ state })).toMatchObject({ criteria: layout.criteria.state, state });
    },
  );

  test('all conditions can be combined', () => {
    const options = {
      service: SERVICE,
      destination: '10.0.0.1',
      client: '::/0',
      server: '10.0.0.0/8',
      protocol: 'udp',
      state: 'UDP',
    };
    const criteria = Object.values(layout.criteria).reduce((sum, bit) => sum | bit, 0);
    expect(encoded(options)).toMatchObject({ criteria, protocol: 17, state: 'UDP' });
  });
});

/** Bad options, and what the error says of them. */
interface Row extends Omit<InvalidArgument, 'call' | 'subject'> {
  readonly name: string;
  readonly options: unknown;
}

const NETWORK = "is not an address or a network such as '10.0.0.0/8'";
const STATE = 'is not one of NONE, ESTABLISHED, SYN_SENT,';

/** The row of a bad condition whose value the message shows. */
const condition = (
  name: string,
  key: string,
  value: unknown,
  kind: InvalidArgument['kind'],
  rule: string,
): Row => ({
  name,
  options: { [key]: value },
  kind,
  property: `options.${key}`,
  value: typeof value === 'string' ? `'${value}'` : String(value),
  rule,
});

const rows: readonly Row[] = [
  {
    name: 'null',
    options: null,
    kind: 'type',
    property: 'options',
    value: 'null',
    rule: 'is not an object',
  },
  {
    name: 'a service in place of options',
    options: SERVICE,
    kind: 'type',
    property: 'options',
    value: `'${SERVICE}'`,
    rule: 'is not an object',
  },
  {
    name: 'a misspelled condition',
    options: { servcie: SERVICE },
    kind: 'value',
    property: 'options.servcie',
    value: "'servcie'",
    rule: 'did you mean service?',
  },
  condition('a malformed service', 'service', 'tcp://x', 'value', 'is not a service'),
  condition('a service of null', 'service', null, 'type', 'is not a reference: a string'),
  condition('a malformed destination', 'destination', 'x:80', 'value', 'is not a destination'),
  condition(
    'a destination without a port',
    'destination',
    '10.0.0.1',
    'value',
    'needs a port, or a service',
  ),
  condition(
    'an IPv6 destination without a port',
    'destination',
    'fd00::2',
    'value',
    'needs a port, or a service',
  ),
  condition(
    'an IPv6 destination with a port, but without brackets',
    'destination',
    'fd00::2:80',
    'value',
    "needs a port, or a service beside it whose port it has; the condition server needs none: did you mean '[fd00::2]:80'?",
  ),
  {
    name: 'a destination object without a port',
    options: { destination: { address: '::1' } },
    kind: 'value',
    property: 'options.destination',
    value: "{ address: '::1' }",
    rule: 'needs a port, or a service',
  },
  {
    name: 'a destination of null',
    options: { service: SERVICE, destination: null },
    kind: 'type',
    property: 'options.destination',
    value: 'null',
    rule: 'is not a reference: a string',
  },
  ...['client', 'server'].flatMap((side): Row[] => [
    condition(`a ${side} of null`, side, null, 'type', NETWORK),
    ...[
      '',
      '/8',
      '10.0.0.0/',
      '10.0.0.0/08',
      '10.0.0.0/-1',
      '10.0.0.0/8/8',
      '10/8',
      'localhost',
      '10.0.0.1:80',
      '::1%lo',
      '[::1]',
    ].map((network) => condition(`the ${side} '${network}'`, side, network, 'value', NETWORK)),
    {
      name: `a ${side} of /33`,
      options: { [side]: '10.0.0.0/33' },
      kind: 'range',
      property: `options.${side} prefix`,
      value: '33',
      rule: 'is not an integer from 0 to 32',
    },
    {
      name: `an IPv6 ${side} of /129`,
      options: { [side]: '::/129' },
      kind: 'range',
      property: `options.${side} prefix`,
      value: '129',
      rule: 'is not an integer from 0 to 128',
    },
  ]),
  condition('the number of a protocol', 'protocol', 6, 'type', 'is not one of tcp, udp, sctp, ip'),
  condition('another protocol', 'protocol', 'http', 'value', 'is not one of tcp'),
  condition('the number of a state', 'state', 1, 'type', STATE),
  condition('a misspelled state', 'state', 'ESTABLISHD', 'value', 'did you mean ESTABLISHED?'),
  condition('a state in lower case', 'state', 'time_wait', 'value', 'did you mean TIME_WAIT?'),
  condition('an empty state', 'state', '', 'value', STATE),
  condition('a state with a blank', 'state', 'A B', 'value', STATE),
];

test.each(rows)('$name is refused', ({ options, ...expected }) => {
  for (const check of [checkStreamOptions, checkCountOptions]) {
    expectInputError(
      thrownBy(() => check(options)),
      expected,
    );
  }
});

test.each(['client', 'server'])('the error of a %s in brackets proposes it without', (side) => {
  for (const network of ['fd00::1', 'fd00::/64']) {
    const [address = '', bits] = network.split('/');
    const bracketed = bits === undefined ? `[${address}]` : `[${address}]/${bits}`;
    expect(() => encodeFilter({ [side]: bracketed })).toThrow(
      `options.${side}: '${bracketed}' ${NETWORK}: drop the brackets: '${network}'`,
    );
  }
});

test('the error of an unknown state lists the states that have a name', () => {
  for (const state of ['ESTABLISHD', 'x', 5]) {
    const message = String(thrownBy(() => encodeFilter({ state })));
    expect(message).toMatch(/options\.state: .* is not one of NONE, ESTABLISHED, /);
    expect(message).not.toMatch(/ERR!|BUG!|\?,|, \?/);
  }
  expect(() => encodeFilter({ state: 'ESTABLISHD' })).toThrow(/did you mean ESTABLISHED\?$/);
});
