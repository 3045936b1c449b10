import { describe, expect, test } from 'vitest';
import { encodeFilter } from '../../lib/connections/filter.js';
import { learnFacts } from '../../lib/connections/service-facts.js';
import type { ConnectionFilter, Service } from '../../lib/index.js';
import { asNumber } from '../../lib/ipvs/stats.js';
import { complete } from '../../lib/queue/incremental.js';
import { decode, layout } from './helpers/requests.js';
import { ipvsResponse, serviceRecord } from './helpers/responses.js';

const address = [10, 96, 0, 1, ...Array(12).fill(0)];
const address6 = [0xfd, ...Array(14).fill(0), 1];

/** The services that the kernel lists. */
const services = complete(
  ipvsResponse({
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

/**
 * The facts of a filter, with the operations that were sent for them.
 * @param result the value of the operation, or the error that it rejects with
 */
async function learned(filter: ConnectionFilter, result: unknown | Error) {
  const sent: string[] = [];
  const facts = await learnFacts(
    'countConnections',
    encodeFilter(filter).query,
    async ({ operation }) => {
      expect(operation.name).toBe('countConnections');
      sent.push(operation.request);
      if (result instanceof Error) throw result;
      // The value that the call would read.
      return result as never;
    },
  );
  const { size } = layout.connectionFilter.fields.destination;
  const places = Array.from({ length: facts.destinations.length / size }, (_, i) => i * size);
  const { address, family, port } = layout.destination.fields;
  const record = { size, fields: { address, family, port } };
  return {
    sent,
    ports: [...new Uint16Array(facts.claimedPorts.slice().buffer)],
    destinations: places.map((place) =>
      decode(facts.destinations.slice(place, place + size), 0, record),
    ),
  };
}

const NOTHING = { sent: [], ports: [], destinations: [] };

describe('the facts of a filter', () => {
  test.each<ConnectionFilter>([
    {},
    { service: 'tcp://10.96.0.1:443' },
    { destination: '10.0.0.1:0' },
    { server: '10.0.0.1' },
  ])('%j needs none', async (filter) => {
    expect(await learned(filter, services)).toEqual(NOTHING);
  });

  test.each([
    { service: 'tcp://10.96.0.1:0', ports: [443, 65535] },
    { service: 'udp://10.96.0.1:0', ports: [53] },
    { service: 'tcp://10.96.0.2:0', ports: [81] },
    { service: 'tcp://[fd00::1]:0', ports: [82] },
    { service: 'tcp://[fd00:0::0:1]:0', ports: [82] },
    { service: 'sctp://10.96.0.1:0', ports: [] },
  ])('$service needs the ports $ports, which have services of their own', async (row) => {
    const { service, ports } = row;
    const facts = await learned({ service, destination: '10.0.0.1' }, services);
    expect(facts).toEqual({ sent: ['listServices'], ports, destinations: [] });
  });

  const destinations = [
    { address: '10.0.0.2', port: 8080, family: 'ipv4' },
    { address: 'fd00::2', port: 0, family: 'ipv6' },
  ];
  const keys = [
    { address: [10, 0, 0, 2, ...Array(12).fill(0)], family: 2, port: 8080 },
    { address: [0xfd, ...Array(14).fill(0), 2], family: 10, port: 0 },
  ];

  test('a firewall mark needs its destinations', async () => {
    const facts = await learned({ service: 'fwmark://7' }, destinations);
    expect(facts).toEqual({ sent: ['listDestinations'], ports: [], destinations: keys });
  });

  test('a firewall mark with a destination needs none from the kernel', async () => {
    const facts = await learned({ service: { fwmark: 7 }, destination: '10.0.0.2:8080' }, []);
    expect(facts).toEqual(NOTHING);
  });
});

describe('an error of the kernel', () => {
  test('is ESRCH for port 0 without a service', async () => {
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

  test('of a request names the method, which is the name of the operation', async () => {
    await expect(learned({ service: 'fwmark://7' }, new Error('mine'))).rejects.toThrow('mine');
    // learned() expects the name of each operation.
    expect.assertions(2);
  });

  test('of another kind passes unchanged', async () => {
    const failed = learned({ service: 'fwmark://7' }, new TypeError('mine'));
    await expect(failed).rejects.toThrow('mine');
  });
});
