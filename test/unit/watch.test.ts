import { describe, expect, test, vi } from 'vitest';
import type { Snapshot } from '../../lib/index.js';
import { asNumber } from '../../lib/ipvs/stats.js';
import { checkWatchOptions, TableWatcher } from '../../lib/ipvs/watch.js';
import { complete } from '../../lib/queue/incremental.js';
import { YIELD_INTERVAL } from '../../lib/queue/slicer.js';
import { expectInputError, type InvalidArgument, thrownBy } from './helpers/requests.js';
import {
  destinationRecord,
  ipvsResponse,
  serviceRecord,
  statsRecord,
} from './helpers/responses.js';

/** A snapshot of services by mark, each with so many bytes and a destination with so many. */
function snapshotOf(bytes: Readonly<Record<number, readonly [number, number]>>): Snapshot {
  const entries = Object.entries(bytes);
  const services = entries.map(([fwmark, [inBytes]]) =>
    serviceRecord({ family: 2, fwmark: Number(fwmark) }, { stats: [...statsRecord({ inBytes })] }),
  );
  const destinations = entries.map(([, [, inBytes]]) =>
    destinationRecord({ family: 2, port: 80 }, { stats: [...statsRecord({ inBytes })] }),
  );
  const results = ipvsResponse({ services, destinations });
  const read = complete(results.destinations(0, asNumber));
  return {
    services: complete(results.services(0, asNumber)).map((service, index) => ({
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

function watch(snapshot: () => Promise<Snapshot>, interval: number): TableWatcher {
  return new TableWatcher({ interval, signal: undefined, snapshot }, () => {});
}

/** A watcher with a long interval, after its first sample. */
async function watchSlowly() {
  const snapshot = vi.fn(async (): Promise<Snapshot> => ({ services: [] }));
  const watcher = watch(snapshot, 60_000);
  await watcher.next();
  return { watcher, snapshot };
}

const DONE = { value: undefined, done: true };

describe('samples', () => {
  test('of large tables are compared in slices, which end with the watcher', async () => {
    const [service] = snapshotOf({ 1: [0, 0] }).services;
    if (service === undefined) expect.unreachable();
    if (service.fwmark === undefined) expect.unreachable();
    const services = Array.from({ length: 10_000 }, (_, mark) => ({
      ...service,
      fwmark: mark + 1,
    }));
    const samples = watch(async () => ({ services }), 1);
    expect((await samples.next()).value?.services).toHaveLength(10_000);
    let looks = 0;
    const begin = performance.now();
    const clocked = vi.spyOn(performance, 'now').mockImplementation(() => begin + 1000 * ++looks);
    try {
      const next = samples.next();
      // Every look at the clock ends a slice, after each of which the watcher may be ended.
      while (looks < 8) await new Promise((resolve) => setImmediate(resolve));
      await samples.return();
      expect(await next).toEqual({ value: undefined, done: true });
      const ended = looks;
      for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => setImmediate(resolve));
      expect(looks).toBeLessThanOrEqual(ended + 1);
      expect(ended).toBeLessThan(services.length / YIELD_INTERVAL);
    } finally {
      clocked.mockRestore();
    }
  });

  test('are compared with the previous one', async () => {
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
    // Of less than the interval if the first sample was late; the next test has exact times.
    expect(samples[1]?.elapsed).toBeGreaterThan(0);
    expect(look).toHaveBeenCalledTimes(2);
  });

  test('are taken at the interval, and at once if the consumer is late', async () => {
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

describe('close() of the handle', () => {
  test('ends a watcher that waits for its next sample', async () => {
    const { watcher, snapshot } = await watchSlowly();
    const calls = Promise.all([watcher.next(), watcher.next()]);
    watcher.close();
    expect(await calls).toEqual([DONE, DONE]);
    expect(snapshot).toHaveBeenCalledTimes(1);
  });

  test('ends a watcher that is not read', async () => {
    const { watcher } = await watchSlowly();
    watcher.close();
    expect(await watcher.next()).toEqual(DONE);
  });

  test('delivers the sample that is being read', async () => {
    const watcher = watch(async () => ({ services: [] }), 1);
    const calls = [watcher.next(), watcher.next()];
    watcher.close();
    expect(await Promise.all(calls)).toMatchObject([{ value: { services: [] } }, DONE]);
  });
});

test('a timer keeps the process alive from ref() to unref()', async () => {
  const timers = () => process.getActiveResourcesInfo().filter((each) => each === 'Timeout').length;
  const { watcher } = await watchSlowly();
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

  const { watcher: other } = await watchSlowly();
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
  interface Row extends Omit<InvalidArgument, 'call'> {
    readonly title: string;
    readonly options: unknown;
  }
  test.each<Row>([
    {
      title: 'null',
      options: null,
      kind: 'type',
      property: 'options',
      value: 'null',
      rule: 'is not an object',
    },
    {
      title: 'a number',
      options: 1000,
      kind: 'type',
      property: 'options',
      value: '1000',
      rule: 'is not an object',
    },
    {
      title: 'a typo',
      options: { intervall: 5 },
      kind: 'value',
      property: 'options.intervall',
      value: "'intervall'",
      rule: 'did you mean interval?',
    },
    {
      title: 'interval 0',
      options: { interval: 0 },
      kind: 'range',
      property: 'options.interval',
      value: '0',
      rule: RANGE,
    },
    {
      title: 'interval 0.5',
      options: { interval: 0.5 },
      kind: 'range',
      property: 'options.interval',
      value: '0.5',
      rule: RANGE,
    },
    {
      title: 'interval 2^31',
      options: { interval: 2 ** 31 },
      kind: 'range',
      property: 'options.interval',
      value: '2147483648',
      rule: RANGE,
    },
    {
      title: 'interval in text',
      options: { interval: '1s' },
      kind: 'type',
      property: 'options.interval',
      value: "'1s'",
      rule: RANGE,
    },
    {
      title: 'interval null',
      options: { interval: null },
      kind: 'type',
      property: 'options.interval',
      value: 'null',
      rule: RANGE,
    },
    {
      title: 'signal null',
      options: { signal: null },
      kind: 'type',
      property: 'options.signal',
      value: 'null',
      rule: 'is not an AbortSignal',
    },
    {
      title: 'a controller',
      options: { signal: {} },
      kind: 'type',
      property: 'options.signal',
      value: '{}',
      rule: 'is not an AbortSignal',
    },
  ])('$title is refused', ({ options, kind, property, value, rule }) => {
    const error = thrownBy(() => checkWatchOptions(options));
    expectInputError(error, { kind, property, value, rule });
  });
});
