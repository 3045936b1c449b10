import { describe, expect, test } from 'vitest';
import { encodeFilter } from '../../lib/connections/filter.js';
import { learnFacts } from '../../lib/connections/service-facts.js';
import { type ConnectionFilter, IpvsError, type Service } from '../../lib/index.js';
import { asNumber } from '../../lib/ipvs/stats.js';
import { finished } from '../../lib/queue/turns.js';
import { answer, serviceRecord } from './answers.js';
import { decode, layout } from './requests.js';

const address = [10, 96, 0, 1, ...Array(12).fill(0)];
const address6 = [0xfd, ...Array(14).fill(0), 1];

/** What the kernel lists. */
const services = finished(
  answer({
    services: [
      { family: 2, protocol: 6, address, port: 443 },
      { family: 2, protocol: 6, address, port: 0 },
      { family: 2, protocol: 17, address, port: 0 },
      { family: 2, protocol: 17, address, port: 53 },
      { family: 2, protocol: 132, address, port: 0 },
      { family: 2, protocol: 6, address: [10, 96, 0, 2, ...address.slice(4)], port: 0 },
      { family: 10, protocol: 6, address: address6, port: 0 },
      { family: 2, protocol: 6, address: [10, 96, 0, 2, ...address.slice(4)], port: 81 },
      { family: 10, protocol: 6, address: address6, port: 82 },
      { family: 2, fwmark: 7 },
      { family: 2, protocol: 6, address, port: 65535 },
    ].map((key) => serviceRecord(key)),
  }).services(0, asNumber),
) as readonly Service[];

/** The facts of a filter, with the operations that the kernel was asked for. */
async function learned(filter: ConnectionFilter, answers: unknown | Error) {
  const asked: string[] = [];
  const facts = await learnFacts('countConnections', encodeFilter(filter), async (call) => {
    asked.push(call.operation);
    if (answers instanceof Error) throw answers;
    // The value that the call would read.
    return answers as never;
  });
  const { size } = layout.connectionFilter.fields.destination;
  const places = Array.from({ length: facts.destinations.length / size }, (_, i) => i * size);
  const { address, family, port } = layout.destination.fields;
  const record = { size, fields: { address, family, port } };
  return {
    asked,
    ports: [...new Uint16Array(facts.claimedPorts.slice().buffer)],
    destinations: places.map((place) =>
      decode(facts.destinations.slice(place, place + size), 0, record),
    ),
  };
}

const NOTHING = { asked: [], ports: [], destinations: [] };

describe('the kernel is asked about the service', () => {
  test.each<ConnectionFilter>([
    {},
    { service: 'tcp://10.96.0.1:443' },
    { destination: '10.0.0.1:0' },
    { server: '10.0.0.1' },
  ])('not for %j', async (filter) => {
    expect(await learned(filter, services)).toEqual(NOTHING);
  });

  test.each([
    ['tcp://10.96.0.1:0', [443, 65535]],
    ['udp://10.96.0.1:0', [53]],
    ['tcp://10.96.0.2:0', [81]],
    ['tcp://[fd00::1]:0', [82]],
    ['tcp://[fd00:0::0:1]:0', [82]],
    ['sctp://10.96.0.1:0', []],
  ])('which ports of %s have services of their own', async (service, ports) => {
    const facts = await learned({ service, destination: '10.0.0.1' }, services);
    expect(facts).toEqual({ asked: ['listServices'], ports, destinations: [] });
  });

  const destinations = [
    { address: '10.0.0.2', port: 8080, family: 'ipv4' },
    { address: 'fd00::2', port: 0, family: 'ipv6' },
  ];
  const keys = [
    { address: [10, 0, 0, 2, ...Array(12).fill(0)], family: 2, port: 8080 },
    { address: [0xfd, ...Array(14).fill(0), 2], family: 10, port: 0 },
  ];

  test('which destinations a firewall mark has', async () => {
    const facts = await learned({ service: 'fwmark://7' }, destinations);
    expect(facts).toEqual({ asked: ['listDestinations'], ports: [], destinations: keys });
  });

  test('not for a firewall mark with the destination that is wanted', async () => {
    const facts = await learned({ service: { fwmark: 7 }, destination: '10.0.0.2:8080' }, []);
    expect(facts).toEqual({ ...NOTHING, destinations: keys.slice(0, 1) });
  });
});

test.each(['client', 'server'])('the network of a %s has no brackets', (side) => {
  for (const network of ['fd00::1', 'fd00::/64']) {
    const [address = '', bits] = network.split('/');
    const bracketed = bits === undefined ? `[${address}]` : `[${address}]/${bits}`;
    expect(() => encodeFilter({ [side]: bracketed })).toThrow(
      `options.${side}: '${bracketed}' is not an address or a network such as '10.0.0.0/8': drop the brackets: '${network}'`,
    );
  }
});

test('a state that is none is told which there are, without those that nobody asks for', () => {
  const pack = (state: unknown) => encodeFilter({ state });
  for (const state of ['ESTABLISHD', 'x', 5]) {
    expect(() => pack(state)).toThrow(/^options\.state: .* is not one of NONE, ESTABLISHED, /);
    expect(() => pack(state)).not.toThrow(/ERR!|BUG!|\?,|, \?/);
  }
  expect(() => pack('ESTABLISHD')).toThrow(/did you mean ESTABLISHED\?$/);
  for (const state of ['ERR!', 'BUG!', '?', 'C-SENT']) expect(() => pack(state)).not.toThrow();
});

describe('where the kernel refuses', () => {
  const refusal = (code: IpvsError['code']) =>
    new IpvsError(`listDestinations fwmark://7: no (${code})`, {
      code,
      operation: 'listDestinations',
      target: 'fwmark://7',
    });

  test('a mark without a service is an error', async () => {
    const missing = learned({ service: 'fwmark://7' }, refusal('ESRCH'));
    await expect(missing).rejects.toMatchObject({ code: 'ESRCH', operation: 'countConnections' });
  });

  test('every port of an address without such a service is an error', async () => {
    const missing = learned({ service: 'tcp://10.96.0.99:0' }, services);
    await expect(missing).rejects.toMatchObject({
      name: 'IpvsError',
      code: 'ESRCH',
      errno: -3,
      syscall: 'IPVS_CMD_GET_SERVICE',
      operation: 'countConnections',
      target: 'tcp://10.96.0.99:0',
      missing: 'service',
      message: 'countConnections tcp://10.96.0.99:0: there is no such service (ESRCH)',
    });
  });

  test('the error is that of the method', async () => {
    const failed = learned({ service: 'fwmark://7' }, refusal('EPERM'));
    await expect(failed).rejects.toMatchObject({
      code: 'EPERM',
      operation: 'countConnections',
      message: 'countConnections fwmark://7: no (EPERM)',
    });
  });

  test('other errors pass', async () => {
    const failed = learned({ service: 'fwmark://7' }, new TypeError('mine'));
    await expect(failed).rejects.toThrow('mine');
  });
});
