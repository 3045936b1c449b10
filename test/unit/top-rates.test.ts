import fc from 'fast-check';
import type { Change, Sample } from 'ipvs';
import { describe, expect, test } from 'vitest';
import { RateMeter, REFRESH, samplesIn } from '../../lib/cli/top/rates.js';
import { NO_RATES } from '../../lib/cli/top/rows.js';
import { destinationOf, rates, serviceOf } from './helpers/top-rows.js';

const SERVICE = 'udp://10.96.0.1:53';
const DESTINATION = '10.1.0.1:53';

const changeOf = (inPackets: number, elapsed = 1): Change => ({
  delta: rates({ inPackets, inBytes: 100 * inPackets }),
  rate: rates({ inPackets: inPackets / elapsed, inBytes: (100 * inPackets) / elapsed }),
});

/** A sample in which the service and its destination have got so many packets; null: both are new. */
function sampleOf(packets: number | null, elapsed: number): Sample {
  const change = packets === null ? null : changeOf(packets, elapsed);
  const destinations = [destinationOf(DESTINATION, {}, change)];
  const services = [{ ...serviceOf(SERVICE, 'rr', change), destinations }];
  return { time: new Date(0), elapsed, services, gone: [] };
}

/** Counters that the kernel refreshes every 2 seconds, of traffic with a rate for each second. */
class Counter {
  readonly #phase: number;
  readonly #rateAt: (second: number) => number;

  constructor(phase: number, rateAt: (time: number) => number) {
    this.#phase = phase;
    this.#rateAt = rateAt;
  }

  /** The counter that the kernel shows at a time: that of the latest refresh. */
  at(time: number): number {
    const refreshes = Math.floor((time - this.#phase) / REFRESH);
    let sum = 0;
    for (let each = 0; each < refreshes; each++) sum += REFRESH * this.#rateAt(each * REFRESH);
    return sum;
  }
}

/** Returns the packets per second that are shown at the end of each period. */
function measure(counter: Counter, interval: number, periods: number, jitter = [0]): number[] {
  const meter = new RateMeter();
  const samples = samplesIn(interval);
  const measured: number[] = [];
  let before = 0;
  meter.add(sampleOf(null, 0));
  meter.rows();
  for (let index = 1; index <= samples * periods; index++) {
    const time = (index * interval) / samples + (jitter[index % jitter.length] ?? 0);
    meter.add(sampleOf(counter.at(time) - counter.at(before), time - before));
    before = time;
    if (index % samples !== 0) continue;
    const [row] = meter.rows();
    expect(row?.destinations[0]?.rates).toEqual(row?.rates);
    measured.push(row?.rates?.inPackets ?? Number.NaN);
  }
  return measured;
}

const phases = fc.double({ min: 0, max: REFRESH, noNaN: true });
const intervals = fc.double({ min: REFRESH, max: 20, noNaN: true });
/** Samples are late by up to a tenth of a second. */
const jitters = fc.array(fc.double({ min: 0, max: 0.1, noNaN: true }), { minLength: 1 });

describe('rates', () => {
  test('of constant traffic are constant, whenever the kernel refreshes the counters', () => {
    fc.assert(
      fc.property(phases, intervals, jitters, (phase, interval, jitter) => {
        const measured = measure(new Counter(phase, () => 50), interval, 12, jitter);
        // The first periods begin before the first refresh.
        expect(measured.slice(2)).toEqual(Array(10).fill(50));
      }),
    );
  });

  test('fall to 0 when the traffic ends, and not before', () => {
    fc.assert(
      fc.property(phases, jitters, (phase, jitter) => {
        const counter = new Counter(phase, (time) => (time < 20 ? 50 : 0));
        const measured = measure(counter, 2, 20, jitter);
        expect(measured.slice(2, 10)).toEqual(Array(8).fill(50));
        // The counter is refreshed for the last time at most 2 seconds later, and the next refresh,
        // without an increase, follows after 2 more.
        expect(measured.slice(13)).toEqual(Array(7).fill(0));
      }),
    );
  });

  test('are right when the first refresh is seen just after a period has begun', () => {
    const counter = new Counter(0.001, () => 50);
    // The refresh after 2 seconds is seen in the second period, and so is that after 4.
    expect(measure(counter, 2, 6, [0.01, 0, 0, 0, 0, 0]).slice(1)).toEqual(Array(5).fill(50));
  });

  test('of traffic that ends within a long period are averages over the period', () => {
    const counter = new Counter(0.1, (time) => (time < 24 ? 50 : 0));
    // Of the five refreshes between 20 and 30 seconds, three are of times with traffic.
    expect(measure(counter, 10, 4)).toEqual([50, 50, 30, 0]);
  });

  test('of traffic that changes add up to the packets', () => {
    fc.assert(
      fc.property(phases, fc.integer({ min: 1, max: 6 }), jitters, (phase, halves, jitter) => {
        const interval = 2 * halves;
        const counter = new Counter(phase, (time) => (time % 12 < 6 ? 30 : 60));
        const measured = measure(counter, interval, 60 / interval, jitter);
        const shown = measured.reduce((sum, each) => sum + each * interval, 0);
        // The first period begins before the first refresh, and may end after it or not.
        expect(Math.abs(shown - counter.at(60))).toBeLessThanOrEqual(60 * (interval + REFRESH));
      }),
    );
  });

  test('are unknown for objects that the sample before did not have', () => {
    const meter = new RateMeter();
    meter.add(sampleOf(null, 0));
    expect(meter.rows()).toMatchObject([{ rates: null, destinations: [{ rates: null }] }]);
    meter.add(sampleOf(0, 1));
    expect(meter.rows()).toMatchObject([{ rates: NO_RATES, destinations: [{ rates: NO_RATES }] }]);
  });

  test('of an object that is created again begin anew', () => {
    const meter = new RateMeter();
    meter.add(sampleOf(null, 0));
    for (const packets of [200, 0, 200, 0]) meter.add(sampleOf(packets, 1));
    expect(meter.rows()[0]?.rates?.inPackets).toBe(100);
    meter.add({ ...sampleOf(null, 1), services: [] });
    expect(meter.rows()).toEqual([]);
    meter.add(sampleOf(null, 1));
    expect(meter.rows()[0]?.rates).toBeNull();
    meter.add(sampleOf(0, 1));
    expect(meter.rows()[0]?.rates).toEqual(NO_RATES);
  });

  test('of a destination that is created again begin anew, at once', () => {
    const meter = new RateMeter();
    meter.add(sampleOf(null, 0));
    for (const packets of [200, 0, 200, 0]) meter.add(sampleOf(packets, 1));
    meter.rows();
    const { services, ...sample } = sampleOf(100, 1);
    const empty = services.map((service) => ({ ...service, destinations: [] }));
    // The rates of the service stay: it gets packets all the time.
    for (let second = 0; second < 10; second++) meter.add({ ...sample, services: empty });
    meter.rows();
    const created = services.map((service) => ({
      ...service,
      destinations: [destinationOf(DESTINATION)],
    }));
    meter.add({ ...sample, services: created });
    meter.add(sampleOf(200, 1));
    const [service] = meter.rows();
    expect(service?.destinations[0]?.rates?.inPackets).toBe(100);
    expect(service?.rates?.inPackets).toBe(150);
  });

  test('have all counters', () => {
    const meter = new RateMeter();
    meter.add(sampleOf(null, 0));
    meter.rows();
    const [service] = sampleOf(0, 2).services;
    if (service === undefined) expect.unreachable();
    const delta = { connections: 2, inPackets: 4, outPackets: 6, inBytes: 8, outBytes: 10 };
    meter.add({ ...sampleOf(0, 2), services: [{ ...service, change: { delta, rate: delta } }] });
    expect(meter.rows()[0]?.rates).toEqual({
      connections: 1,
      inPackets: 2,
      outPackets: 3,
      inBytes: 4,
      outBytes: 5,
    });
  });
});

test('two samples are less than half of the time between two refreshes apart', () => {
  fc.assert(
    fc.property(intervals, (interval) => {
      expect(interval / samplesIn(interval)).toBeLessThan(REFRESH / 2);
    }),
  );
});
