import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { Snapshot } from '../../lib/index.js';
import { asNumber } from '../../lib/stats.js';
import { changeBetween, checkWatchOptions, watch } from '../../lib/watch.js';
import { answer, destinationRecord, serviceRecord, statsRecord } from './answers.js';
import { expectInputError, type Kind, thrownBy } from './requests.js';

/** A snapshot of services by mark, each with so many bytes and a destination with so many. */
function snapshotOf(bytes: Readonly<Record<number, readonly [number, number]>>): Snapshot {
  const entries = Object.entries(bytes);
  const services = entries.map(([fwmark, [inBytes]], index) =>
    serviceRecord(
      { family: 2, fwmark: Number(fwmark) },
      { stats: [...statsRecord({ inBytes })], firstDestination: index, destinations: 1 },
    ),
  );
  const destinations = entries.map(([, [, inBytes]]) =>
    destinationRecord({ family: 2, port: 80 }, { stats: [...statsRecord({ inBytes })] }),
  );
  return { services: answer({ services, destinations }).tree(0, asNumber) };
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

describe('samples', () => {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance', 'Date'] });
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  test('compare each look with the one before', async () => {
    vi.useRealTimers();
    const look = series(
      snapshotOf({ 1: [100, 10], 2: [5, 5] }),
      snapshotOf({ 1: [150, 30], 3: [7, 7] }),
    );
    const samples = [];
    for await (const sample of watch(look, 5, undefined)) {
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

  test('what the look throws comes out', async () => {
    vi.useRealTimers();
    const failing = watch(() => Promise.reject(new Error('gone')), 5, undefined);
    await expect(failing.next()).rejects.toThrow('gone');
    expect(await failing.next()).toMatchObject({ done: true });
  });
});

describe("the signal ends it, with the signal's reason", () => {
  const reason = new Error('enough');

  test('before it begins', async () => {
    const look = series(snapshotOf({}));
    await expect(watch(look, 5, AbortSignal.abort(reason)).next()).rejects.toBe(reason);
    expect(look).not.toHaveBeenCalled();
  });

  test('while it waits', async () => {
    const controller = new AbortController();
    const samples = watch(series(snapshotOf({})), 60_000, controller.signal);
    await samples.next();
    const next = samples.next();
    const expected = expect(next).rejects.toBe(reason);
    setImmediate(() => controller.abort(reason));
    await expected;
  });
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
