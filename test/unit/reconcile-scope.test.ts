import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { ServiceConfig } from '../../lib/index.js';
import { checkScope, withAddresses } from '../../lib/state/scope.js';
import { serviceConfig } from './helpers/arbitraries.js';
import { calls, pack } from './helpers/requests.js';

/** Returns true if a scope contains a service, apart from the link. */
function isInside(scope: unknown, service: ServiceConfig): boolean {
  const requests = pack(calls.addService(service));
  return checkScope('prune', scope).matches(requests.records, requests.service(0));
}

const LINK_NAME = "the name of a link: 1 to 15 bytes without blanks, '/' and ':'";
const at = (address: string, port = 80, protocol = 'tcp' as const) => ({ protocol, address, port });

/** The bits of an address, by BigInt and the URL standard: without the library. */
function bitsOf(address: string): string {
  if (!address.includes(':')) {
    return address
      .split('.')
      .map((octet) => Number(octet).toString(2).padStart(8, '0'))
      .join('');
  }
  const text = new URL(`http://[${address}]`).hostname.slice(1, -1);
  const [head = '', tail] = text.split('::');
  const groups = (part: string) => (part === '' ? [] : part.split(':'));
  const rest = tail === undefined ? [] : groups(tail);
  const first = groups(head);
  const zeros = tail === undefined ? [] : new Array(8 - first.length - rest.length).fill('0');
  return [...first, ...zeros, ...rest]
    .map((group) => Number.parseInt(group, 16).toString(2).padStart(16, '0'))
    .join('');
}

function isInNetwork(address: string, network: string): boolean {
  const [prefix = '', length] = network.split('/');
  const [own, other] = [bitsOf(address), bitsOf(prefix)];
  if (own.length !== other.length) return false;
  const count = length === undefined ? own.length : Number(length);
  return own.slice(0, count) === other.slice(0, count);
}

const range = (min: number, max: number) =>
  fc
    .tuple(fc.integer({ min, max }), fc.integer({ min, max }))
    .map(([a, b]) => [Math.min(a, b), Math.max(a, b)] as const);

/** A network that has a good chance of containing the address. */
const networkNear = (address: string) =>
  fc
    .tuple(
      fc.integer({ min: 0, max: address.includes(':') ? 128 : 32 }),
      fc.constantFrom(address, address.includes(':') ? 'fd00::1' : '10.96.0.1', '192.0.2.1'),
    )
    .map(([length, base]) => {
      const max = base.includes(':') ? 128 : 32;
      return length > max ? base : `${base}/${length}`;
    });

const optional = <Value>(value: fc.Arbitrary<Value>) => fc.option(value, { nil: undefined });

const serviceAndScope = serviceConfig.chain((service) => {
  const address = 'address' in service ? service.address : '10.0.0.1';
  const ofAddress = fc
    .record({
      networks: optional(fc.array(networkNear(address), { maxLength: 3 })),
      ports: optional(range(0, 65535)),
      protocols: optional(fc.subarray(['tcp', 'udp', 'sctp'] as const)),
    })
    .filter((scope) => Object.values(scope).some((each) => each !== undefined));
  const ofMark = fc.record({ fwmarks: range(1, 2 ** 32 - 1) });
  return fc.tuple(fc.constant(service), fc.oneof(ofAddress, ofMark));
});

type AnyScope = {
  readonly networks?: readonly string[] | undefined;
  readonly ports?: readonly [number, number] | undefined;
  readonly protocols?: readonly string[] | undefined;
  readonly fwmarks?: readonly [number, number] | undefined;
};

/** Returns true if all that a scope names holds, as its documentation says. */
function holds(scope: AnyScope, service: ServiceConfig): boolean {
  const { networks, ports, protocols, fwmarks } = scope;
  const isWithin = (value: number, [first, last]: readonly [number, number]) =>
    first <= value && value <= last;
  if ('fwmark' in service) return fwmarks !== undefined && isWithin(service.fwmark, fwmarks);
  return (
    fwmarks === undefined &&
    (networks === undefined || networks.some((each) => isInNetwork(service.address, each))) &&
    (ports === undefined || isWithin(service.port, ports)) &&
    (protocols === undefined || protocols.includes(service.protocol))
  );
}

describe('a scope', () => {
  test('contains the services for which all that it names holds', () => {
    let inside = 0;
    fc.assert(
      fc.property(serviceAndScope, ([service, scope]) => {
        const expected = holds(scope as AnyScope, service);
        if (expected) inside++;
        expect(isInside(scope, service)).toBe(expected);
      }),
      { numRuns: 500 },
    );
    expect(inside).toBeGreaterThan(10);
  }, 30_000);

  test.each([
    {
      network: '10.96.0.0/12',
      inside: ['10.96.0.0', '10.111.255.255'],
      outside: ['10.95.255.255', '10.112.0.0'],
    },
    { network: '10.96.0.1/12', inside: ['10.96.0.0', '10.111.255.255'], outside: ['10.112.0.0'] },
    { network: '10.96.0.1', inside: ['10.96.0.1'], outside: ['10.96.0.2'] },
    {
      network: '0.0.0.0/0',
      inside: ['10.96.0.1', '192.0.2.1'],
      outside: ['fd00::1', '::ffff:10.0.0.1'],
    },
    { network: '::/0', inside: ['fd00::1', '::ffff:10.0.0.1'], outside: ['10.96.0.1'] },
    { network: 'FD00:0::/63', inside: ['fd00:0:0:1:ffff::'], outside: ['fd00:0:0:2::'] },
    { network: 'fd00::1', inside: ['fd00::1'], outside: ['fd00::2'] },
  ])('of the network $network ends where that ends', ({ network, inside, outside }) => {
    for (const address of inside) expect(isInside({ networks: [network] }, at(address))).toBe(true);
    for (const address of outside) {
      expect(isInside({ networks: [network] }, at(address))).toBe(false);
    }
  });

  test('includes both ends of its ports and of its firewall marks', () => {
    const ports = { ports: [80, 443] };
    expect([79, 80, 443, 444].map((port) => isInside(ports, at('10.0.0.1', port)))).toEqual([
      false,
      true,
      true,
      false,
    ]);
    const fwmarks = { fwmarks: [100, 2 ** 32 - 1] };
    const marks = [99, 100, 2 ** 31, 2 ** 32 - 1];
    expect(marks.map((fwmark) => isInside(fwmarks, { fwmark }))).toEqual([false, true, true, true]);
    expect(isInside(fwmarks, { fwmark: 100, family: 'ipv6' })).toBe(true);
  });

  test('of port 0 contains services for every port', () => {
    const service = { ...at('10.0.0.1', 0), persistence: {} };
    expect(isInside({ ports: [0, 0] }, service)).toBe(true);
    expect(isInside({ ports: [1, 65535] }, service)).toBe(false);
  });

  test('of no network and of no protocol contains nothing', () => {
    expect(isInside({ networks: [] }, at('10.0.0.1'))).toBe(false);
    expect(isInside({ protocols: [] }, at('10.0.0.1'))).toBe(false);
  });

  test('with a link has its name, and contains no firewall mark', () => {
    const scope = checkScope('prune', { link: 'vip0' });
    expect(scope.link).toBe('vip0');
    expect(isInside({ link: 'vip0' }, at('10.0.0.1'))).toBe(true);
    expect(isInside({ link: 'vip0' }, { fwmark: 7 })).toBe(false);
  });

  test('of addresses contains their services, and no others', () => {
    const matches = withAddresses(['10.0.0.1', 'FD00:0::1']);
    const matchesService = (service: ServiceConfig) => {
      const requests = pack(calls.addService(service));
      return matches(requests.records, requests.service(0));
    };
    expect(matchesService(at('10.0.0.1'))).toBe(true);
    expect(matchesService(at('fd00::1'))).toBe(true);
    expect(matchesService(at('10.0.0.2'))).toBe(false);
    expect(matchesService(at('::ffff:10.0.0.1'))).toBe(false);
    expect(matchesService({ fwmark: 1 })).toBe(false);
  });

  test.each<readonly [unknown, string, string]>([
    [5, 'ERR_INVALID_ARG_TYPE', 'prune: 5 is not an object'],
    [
      {},
      'ERR_INVALID_ARG_VALUE',
      'prune: {} names nothing: it needs networks, ports, protocols, fwmarks or a link',
    ],
    [
      { network: ['10.0.0.0/8'] },
      'ERR_INVALID_ARG_VALUE',
      "prune.network: 'network' is not a known property: did you mean networks?",
    ],
    [
      { fwmarks: [1, 2], ports: [1, 2] },
      'ERR_INVALID_ARG_VALUE',
      'prune: { fwmarks: [Array], ports: [Array] } names fwmarks and more: a service has either ' +
        'a firewall mark or an address',
    ],
    [
      { networks: '10.0.0.0/8' },
      'ERR_INVALID_ARG_TYPE',
      "prune.networks: '10.0.0.0/8' is not an array of networks such as ['10.96.0.0/12']",
    ],
    [
      { networks: ['10.0.0.0/8', 7] },
      'ERR_INVALID_ARG_TYPE',
      "prune.networks[1]: 7 is not a network such as '10.96.0.0/12'",
    ],
    [
      { networks: ['10.0.0/8'] },
      'ERR_INVALID_ARG_VALUE',
      "prune.networks[0]: '10.0.0/8' is not a network such as '10.96.0.0/12'",
    ],
    [
      { networks: ['010.0.0.0/8'] },
      'ERR_INVALID_ARG_VALUE',
      "prune.networks[0]: '010.0.0.0/8' is not a network such as '10.96.0.0/12'",
    ],
    [
      { networks: ['[fd00::]/64'] },
      'ERR_INVALID_ARG_VALUE',
      "prune.networks[0]: '[fd00::]/64' is not a network such as '10.96.0.0/12': drop the " +
        "brackets: 'fd00::/64'",
    ],
    [
      { networks: ['10.0.0.0/33'] },
      'ERR_OUT_OF_RANGE',
      'prune.networks[0] prefix: 33 is not an integer from 0 to 32',
    ],
    [
      { networks: ['fd00::/129'] },
      'ERR_OUT_OF_RANGE',
      'prune.networks[0] prefix: 129 is not an integer from 0 to 128',
    ],
    [{ ports: 80 }, 'ERR_INVALID_ARG_TYPE', 'prune.ports: 80 is not a range such as [8000, 8999]'],
    [
      { ports: [80] },
      'ERR_INVALID_ARG_VALUE',
      'prune.ports: [ 80 ] is not a range such as [8000, 8999]',
    ],
    [
      { ports: [1, 2, 3] },
      'ERR_INVALID_ARG_VALUE',
      'prune.ports: [ 1, 2, 3 ] is not a range such as [8000, 8999]',
    ],
    [
      { ports: [443, 80] },
      'ERR_INVALID_ARG_VALUE',
      'prune.ports: [ 443, 80 ] ends before it begins',
    ],
    [
      { ports: [80, 65536] },
      'ERR_OUT_OF_RANGE',
      'prune.ports[1]: 65536 is not an integer from 0 to 65535',
    ],
    [
      { fwmarks: [0, 5] },
      'ERR_OUT_OF_RANGE',
      'prune.fwmarks[0]: 0 is not an integer from 1 to 4294967295',
    ],
    [
      { protocols: 'tcp' },
      'ERR_INVALID_ARG_TYPE',
      "prune.protocols: 'tcp' is not an array of protocols such as ['tcp']",
    ],
    [
      { protocols: ['tcp', 'TCP'] },
      'ERR_INVALID_ARG_VALUE',
      "prune.protocols[1]: 'TCP' is not one of tcp, udp, sctp: did you mean tcp?",
    ],
    [{ link: 5 }, 'ERR_INVALID_ARG_TYPE', `prune.link: 5 is not ${LINK_NAME}`],
    [{ link: '' }, 'ERR_INVALID_ARG_VALUE', `prune.link: '' is not ${LINK_NAME}`],
    [
      { link: 'kube-ipvs-dummy-0' },
      'ERR_INVALID_ARG_VALUE',
      `prune.link: 'kube-ipvs-dummy-0' is not ${LINK_NAME}`,
    ],
    [{ link: 'vip/0' }, 'ERR_INVALID_ARG_VALUE', `prune.link: 'vip/0' is not ${LINK_NAME}`],
  ])('%j is refused', (scope, code, message) => {
    expect(() => checkScope('prune', scope)).toThrow(expect.objectContaining({ code, message }));
  });
});

test('a link may be named by an alternative name, which may have a percent sign', () => {
  expect(checkScope('prune', { link: 'vip%a' })).toMatchObject({ link: 'vip%a' });
});
