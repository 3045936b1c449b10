import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { changeBetween, compare } from '../../lib/ipvs/sample-changes.js';
import type { ServiceWithDestinations } from '../../lib/ipvs/service.js';
import { asNumber } from '../../lib/ipvs/stats.js';
import { complete } from '../../lib/queue/incremental.js';
import { runToEnd, YIELD_INTERVAL } from '../../lib/queue/slicer.js';
import { destinationRecord, ipvsResponse, serviceRecord } from './helpers/responses.js';

describe('changes', () => {
  const stats = (values: object) => ({
    ...{ connections: 0, inPackets: 0, outPackets: 0, inBytes: 0, outBytes: 0 },
    ...{ connectionRate: 0, inPacketRate: 0, outPacketRate: 0, inByteRate: 0, outByteRate: 0 },
    ...values,
  });

  test('are the increase, and the increase per second', () => {
    const before = stats({ connections: 5, inBytes: 100 });
    const change = changeBetween(before, stats({ connections: 9, inBytes: 100, outBytes: 7 }), 2);
    expect(change).toEqual({
      delta: { connections: 4, inPackets: 0, outPackets: 0, inBytes: 0, outBytes: 7 },
      rate: { connections: 2, inPackets: 0, outPackets: 0, inBytes: 0, outBytes: 3.5 },
    });
  });

  test('are the values if a counter went backwards', () => {
    const change = changeBetween(
      stats({ connections: 5, inBytes: 1 }),
      stats({ connections: 2, inBytes: 3 }),
      1,
    );
    expect(change.delta).toMatchObject({ connections: 2, inBytes: 3 });
  });

  test('have a rate of 0 if no time has passed', () => {
    const change = changeBetween(stats({}), stats({ inBytes: 3 }), 0);
    expect(change).toMatchObject({ delta: { inBytes: 3 }, rate: { inBytes: 0 } });
  });
});

describe('changes of any counters', () => {
  const NAMES = ['connections', 'inPackets', 'outPackets', 'inBytes', 'outBytes'] as const;
  const RATES = {
    connectionRate: 0,
    inPacketRate: 0,
    outPacketRate: 0,
    inByteRate: 0,
    outByteRate: 0,
  };
  const count = fc.oneof(fc.nat(3), fc.nat(2 ** 31 - 1), fc.maxSafeNat());
  const counters = fc.record({
    connections: count,
    inPackets: count,
    outPackets: count,
    inBytes: count,
    outBytes: count,
  });
  const elapsed = fc.double({ min: 0, max: 1e6, noNaN: true });

  test('are never negative, and never larger than the values', () => {
    fc.assert(
      fc.property(counters, counters, elapsed, (before, now, seconds) => {
        const change = changeBetween({ ...before, ...RATES }, { ...now, ...RATES }, seconds);
        const began = NAMES.some((name) => now[name] < before[name]);
        for (const name of NAMES) {
          const { delta, rate } = change;
          expect(delta[name]).toBe(began ? now[name] : now[name] - before[name]);
          expect(delta[name]).toBeGreaterThanOrEqual(0);
          expect(delta[name]).toBeLessThanOrEqual(now[name]);
          expect(rate[name]).toBe(seconds === 0 ? 0 : delta[name] / seconds);
        }
      }),
    );
  });

  test('of counters that only grow add up to the growth', () => {
    const steps = fc.array(
      counters.map((each) => ({ ...each })),
      { minLength: 1, maxLength: 6 },
    );
    fc.assert(
      fc.property(steps, (gains) => {
        const sums = { connections: 0, inPackets: 0, outPackets: 0, inBytes: 0, outBytes: 0 };
        let stats = { ...sums, ...RATES };
        for (const gain of gains) {
          const next = { ...stats };
          for (const name of NAMES) next[name] += gain[name] % 2 ** 31;
          const { delta } = changeBetween(stats, next, 1);
          for (const name of NAMES) sums[name] += delta[name];
          stats = next;
        }
        expect({ ...sums, ...RATES }).toEqual(stats);
      }),
    );
  });
});

const results = ipvsResponse({
  services: [
    serviceRecord({ family: 2, fwmark: 1 }),
    serviceRecord({ family: 10, fwmark: 1 }),
    serviceRecord({
      family: 2,
      protocol: 6,
      address: [10, 0, 0, 1, ...Array(12).fill(0)],
      port: 1,
    }),
  ],
  destinations: [destinationRecord({ family: 2 })],
});
const templates = complete(results.services(0, asNumber));
const destination =
  complete(results.destinations(0, asNumber))[0] ?? expect.unreachable('one was given');

/**
 * A service by its number, with so many bytes and such destinations by their numbers, each with as
 * many bytes.
 */
function serviceOf(number: number, inBytes: number, ports: readonly number[]) {
  const template = templates[number % templates.length];
  if (template === undefined) expect.unreachable();
  const counted = (stats: typeof template.stats) => ({ ...stats, inBytes });
  const own = template.fwmark === undefined ? { port: number } : { fwmark: number };
  return {
    ...template,
    ...own,
    stats: counted(template.stats),
    destinations: ports.map((port) => ({
      ...destination,
      port,
      stats: counted(destination.stats),
    })),
  } as ServiceWithDestinations;
}

/** A text by which services are told apart. */
const nameOf = ({ family, fwmark, protocol, address, port }: ServiceWithDestinations) =>
  JSON.stringify([family, fwmark, protocol, address, port]);

describe('samples of any two tables', () => {
  const numbers = fc.uniqueArray(fc.nat(9), { maxLength: 10 });
  const table = fc
    .uniqueArray(fc.tuple(fc.nat(9), fc.nat(100), numbers), { selector: ([number]) => number })
    .map((services) => services.map(([number, bytes, ports]) => serviceOf(number, bytes, ports)));

  test('have the change of each service and destination, in any order', () => {
    fc.assert(
      fc.property(table, table, (before, now) => {
        const { services, gone, elapsed } = runToEnd(compare(now, before, new Date(0), 2));
        const known = new Map(before.map((each) => [nameOf(each), each]));
        expect(elapsed).toBe(2);
        const lost = before.filter((each) => !now.some((other) => nameOf(other) === nameOf(each)));
        expect(gone).toHaveLength(lost.length);
        expect(services.map(nameOf)).toEqual(now.map(nameOf));
        for (const [place, service] of services.entries()) {
          const then = known.get(nameOf(service));
          const { change, destinations, ...rest } = service;
          const { destinations: _, ...read } = now[place] ?? expect.unreachable();
          expect(rest).toEqual(read);
          expect(change).toEqual(then ? changeBetween(then.stats, service.stats, 2) : null);
          for (const { port, stats, change: own } of destinations) {
            const old = then?.destinations.find((each) => each.port === port);
            expect(own).toEqual(old ? changeBetween(old.stats, stats, 2) : null);
          }
        }
      }),
    );
  });

  test('list the services that are gone', () => {
    const before = [1, 2, 3, 4].map((number) => serviceOf(number, 0, []));
    const { gone } = runToEnd(compare(before.slice(2, 3), before, new Date(0), 1));
    expect(gone).toEqual(['fwmark6://1', 'tcp://10.0.0.1:2', 'fwmark6://4']);
  });
});

describe('the steps of a comparison', () => {
  const many = Array.from({ length: 5000 }, (_, number) => number + 1);
  const services = many.map((number) => serviceOf(number, 0, [1, 2]));
  const crowd = [serviceOf(1, 0, many)];
  const stepsOf = (now: typeof services, before: typeof services) =>
    [...compare(now, before, new Date(0), 1)].length;

  test('are short for many services and for many destinations', () => {
    expect(stepsOf(services, services)).toBeGreaterThanOrEqual(Math.floor(15_000 / YIELD_INTERVAL));
    expect(stepsOf(crowd, crowd)).toBeGreaterThanOrEqual(Math.floor(5000 / YIELD_INTERVAL));
  });

  test('are short also if the order has changed', () => {
    const same = Math.floor(15_000 / YIELD_INTERVAL);
    const named = Math.floor(5000 / YIELD_INTERVAL);
    expect(stepsOf(services, services.toReversed())).toBeGreaterThanOrEqual(same + named);
  });

  test('make no key if the order has stayed, also around services that came and went', () => {
    const same = stepsOf(services, services);
    // Without a name for each there is no step more.
    expect(stepsOf(services, services.slice(0, 4000))).toBeGreaterThan(same);
    expect(stepsOf(services, [])).toBe(same);
  });
});
