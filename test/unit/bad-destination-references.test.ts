import { describe, test } from 'vitest';
import { type Call, expectRefused, type InvalidArgument, untyped } from './helpers/requests.js';

const badDestination = (value: unknown): Call<unknown> =>
  untyped.getDestination('tcp://10.0.0.1:80', value);
const DESTINATION_RULE = "is not a destination: 'ADDRESS:PORT', '[IPV6]:PORT' or 'ADDRESS'";
const PORT_RULE = 'is not an integer from 0 to 65535';
const ADDRESS_RULE = 'is not an IPv4 or IPv6 address without port, prefix or zone';

interface Row extends Omit<InvalidArgument, 'call'> {
  readonly title: string;
  readonly input: unknown;
}

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
