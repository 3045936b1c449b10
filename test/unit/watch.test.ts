import fc from 'fast-check';
import { describe, expect, test, vi } from 'vitest';
import type { Snapshot } from '../../lib/index.js';
import { finished } from '../../lib/queue/turns.js';
import { asNumber } from '../../lib/stats.js';
import { changeBetween, checkWatchOptions, compare, TableWatcher } from '../../lib/watch.js';
import { answer, destinationRecord, serviceRecord, statsRecord } from './answers.js';
import { expectInputError, type Kind, thrownBy } from './requests.js';

/** A snapshot of services by mark, each with so many bytes and a destination with so many. */
function snapshotOf(bytes: Readonly<Record<number, readonly [number, number]>>): Snapshot {
  const entries = Object.entries(bytes);
  const services = entries.map(([fwmark, [inBytes]]) =>
    serviceRecord({ family: 2, fwmark: Number(fwmark) }, { stats: [...statsRecord({ inBytes })] }),
  );
  const destinations = entries.map(([, [, inBytes]]) =>
    destinationRecord({ family: 2, port: 80 }, { stats: [...statsRecord({ inBytes })] }),
  );
  const results = answer({ services, destinations });
  const read = finished(results.destinations(0, asNumber));
  return {
    services: finished(results.services(0, asNumber)).map((service, index) => ({
      ...service,
      destinations: read.slice(index, index + 1),
    })),
  };
}

/** Gives one snapshot after the other, and then the last again. */
function series(...snapshots: readonly Snapshot[]) {
  let next = 0;
  return vi.fn(async () => snapshots[Math.min(next++, snapshots.length - 1)] ?? { services: [] });
}

describe('changes', () => {
  const stats = (values: object) => ({
    ...{ connections: 0, inPackets: 0, outPackets: 0, inBytes: 0, outBytes: 0 },
    ...{ connectionRate: 0, inPacketRate: 0, outPacketRate: 0, inByteRate: 0, outByteRate: 0 },
    ...values,
  });

  test('are what was gained, and how fast', () => {
    const before = stats({ connections: 5, inBytes: 100 });
    const change = changeBetween(before, stats({ connections: 9, inBytes: 100, outBytes: 7 }), 2);
    expect(change).toEqual({
      delta: { connections: 4, inPackets: 0, outPackets: 0, inBytes: 0, outBytes: 7 },
      rate: { connections: 2, inPackets: 0, outPackets: 0, inBytes: 0, outBytes: 3.5 },
    });
  });

  test('are what there is, where a counter went backwards', () => {
    const change = changeBetween(
      stats({ connections: 5, inBytes: 1 }),
      stats({ connections: 2, inBytes: 3 }),
      1,
    );
    expect(change.delta).toMatchObject({ connections: 2, inBytes: 3 });
  });

  test('have no rate where no time has passed', () => {
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

  test('are never negative, and never more than there is', () => {
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

  test('of counters that only grow add up to what they grew by', () => {
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

  test('name those that came and those that went', () => {
    const marks = fc.uniqueArray(fc.integer({ min: 1, max: 12 }));
    const table = (given: readonly number[]) =>
      snapshotOf(Object.fromEntries(given.map((mark) => [mark, [mark, mark]])));
    fc.assert(
      fc.property(marks, marks, (first, second) => {
        const memory = new Map(
          table(first).services.flatMap((service) => {
            const name = `fwmark://${service.fwmark}`;
            const [destination] = service.destinations;
            const stats = destination === undefined ? service.stats : destination.stats;
            return [[name, service.stats] as const, [`${name} 0.0.0.0:80`, stats] as const];
          }),
        );
        const { services, gone } = compare(table(second).services, memory, new Date(0), 1);
        const lost = first.filter((mark) => !second.includes(mark));
        expect([...gone].sort()).toEqual(lost.map((mark) => `fwmark://${mark}`).sort());
        for (const { fwmark, change, destinations } of services) {
          const known = first.includes(fwmark ?? 0);
          expect(change === null).toBe(!known);
          expect(destinations.map((each) => each.change === null)).toEqual([!known]);
        }
      }),
    );
  });
});

function watch(snapshot: () => Promise<Snapshot>, interval: number): TableWatcher {
  const source = { interval, signal: undefined, snapshot, isClosed: () => false };
  return new TableWatcher(() => source, new Set());
}

/** A watcher with a long interval, after its first sample, on a handle that the test closes. */
async function watchHandle() {
  const sleeping = new Set<TableWatcher>();
  const snapshot = vi.fn(async (): Promise<Snapshot> => ({ services: [] }));
  let closed = false;
  const source = { interval: 60_000, signal: undefined, snapshot, isClosed: () => closed };
  const watcher = new TableWatcher(() => source, sleeping);
  await watcher.next();
  const close = () => {
    closed = true;
    for (const each of sleeping) each.wake();
  };
  return { watcher, snapshot, sleeping, close };
}

const DONE = { value: undefined, done: true };

describe('samples', () => {
  test('compare each look with the one before', async () => {
    const look = series(
      snapshotOf({ 1: [100, 10], 2: [5, 5] }),
      snapshotOf({ 1: [150, 30], 3: [7, 7] }),
    );
    const samples = [];
    for await (const sample of watch(look, 5)) {
      samples.push(sample);
      if (samples.length === 2) break;
    }
    expect(samples).toMatchObject([
      {
        elapsed: 0,
        gone: [],
        services: [
          { fwmark: 1, change: null, destinations: [{ change: null }] },
          { fwmark: 2, change: null, destinations: [{ change: null }] },
        ],
      },
      {
        gone: ['fwmark://2'],
        services: [
          {
            fwmark: 1,
            change: { delta: { inBytes: 50 } },
            destinations: [{ change: { delta: { inBytes: 20 } } }],
          },
          { fwmark: 3, change: null, destinations: [{ change: null }] },
        ],
      },
    ]);
    expect(samples[1]?.elapsed).toBeGreaterThan(0.003);
    expect(look).toHaveBeenCalledTimes(2);
  });

  test('are taken at the interval, and at once for a consumer that is late', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance', 'Date'] });
    try {
      const watcher = watch(series(snapshotOf({})), 100);
      const elapsed: (number | undefined)[] = [(await watcher.next()).value?.elapsed];
      for (const [late, early] of [
        [0, 100],
        [30, 70],
        [250, 0],
        [0, 100],
      ] as const) {
        vi.advanceTimersByTime(late);
        const next = watcher.next();
        vi.advanceTimersByTime(early);
        elapsed.push((await next).value?.elapsed);
      }
      expect(elapsed).toEqual([0, 0.1, 0.1, 0.25, 0.1]);
    } finally {
      vi.useRealTimers();
    }
  });
});

describe('a handle that is closed', () => {
  test('ends a watcher that waits for its next sample', async () => {
    const { watcher, snapshot, sleeping, close } = await watchHandle();
    const calls = Promise.all([watcher.next(), watcher.next()]);
    close();
    expect(await calls).toEqual([DONE, DONE]);
    expect(sleeping.size).toBe(0);
    expect(snapshot).toHaveBeenCalledTimes(1);
  });

  test('ends a watcher that nobody reads', async () => {
    const { watcher, sleeping, close } = await watchHandle();
    expect(sleeping.size).toBe(0);
    close();
    expect(await watcher.next()).toEqual(DONE);
  });

  test('lets the sample arrive that is being read', async () => {
    const sleeping = new Set<TableWatcher>();
    let closed = false;
    const snapshot = async () => ({ services: [] });
    const source = { interval: 60_000, signal: undefined, snapshot, isClosed: () => closed };
    const watcher = new TableWatcher(() => source, sleeping);
    const calls = [watcher.next(), watcher.next()];
    closed = true;
    expect(await Promise.all(calls)).toMatchObject([{ value: { services: [] } }, DONE]);
  });
});

test('a timer keeps the process alive from ref() to unref()', async () => {
  const timers = () => process.getActiveResourcesInfo().filter((each) => each === 'Timeout').length;
  const { watcher } = await watchHandle();
  const before = timers();
  const next = watcher.next();
  expect(timers()).toBe(before);
  expect(watcher.ref()).toBe(watcher);
  expect(timers()).toBe(before + 1);
  expect(watcher.unref()).toBe(watcher);
  expect(timers()).toBe(before);
  await watcher.return();
  watcher.ref().unref();
  expect(await next).toEqual(DONE);
  expect(timers()).toBe(before);

  const { watcher: other } = await watchHandle();
  other.ref();
  void other.next();
  expect(timers()).toBe(before + 1);
  await other.return();
  expect(timers()).toBe(before);
});

describe('options', () => {
  test.each([undefined, {}, { interval: undefined, signal: undefined }])('%j', (options) => {
    expect(checkWatchOptions(options)).toEqual({ interval: 1000, signal: undefined });
  });

  const RANGE = 'is not an integer from 1 to 2147483647 milliseconds';
  type Row = readonly [string, unknown, Kind, string, string, string];
  test.each<Row>([
    ['null', null, 'type', 'options', 'null', 'is not an object'],
    ['a number', 1000, 'type', 'options', '1000', 'is not an object'],
    [
      'a typo',
      { intervall: 5 },
      'value',
      'options.intervall',
      "'intervall'",
      'did you mean interval?',
    ],
    ['interval 0', { interval: 0 }, 'range', 'options.interval', '0', RANGE],
    ['interval 0.5', { interval: 0.5 }, 'range', 'options.interval', '0.5', RANGE],
    ['interval 2^31', { interval: 2 ** 31 }, 'range', 'options.interval', '2147483648', RANGE],
    ['interval in text', { interval: '1s' }, 'type', 'options.interval', "'1s'", RANGE],
    ['interval null', { interval: null }, 'type', 'options.interval', 'null', RANGE],
    ['signal null', { signal: null }, 'type', 'options.signal', 'null', 'is not an AbortSignal'],
    ['a controller', { signal: {} }, 'type', 'options.signal', '{}', 'is not an AbortSignal'],
  ])('%s is refused', (_, options, kind, property, value, rule) => {
    const error = thrownBy(() => checkWatchOptions(options));
    expectInputError(error, { kind, property, value, rule });
  });
});
