/**
 * Measures how long the library blocks the event loop.
 * @module
 */
import {
  monitorEventLoopDelay,
  type PerformanceEntry,
  PerformanceObserver,
  performance,
} from 'node:perf_hooks';
import { setImmediate as nextIteration, setTimeout as sleep } from 'node:timers/promises';
import type { Ipvs } from 'ipvs';
import { Metrics } from 'ipvs/metrics';
import type { Size } from '../measurements.js';
import { type ServiceEntry, serviceTable, stateOf } from '../objects.js';
import { addInGroups } from './loads.js';

const MIN_MS = 100;
const CALLS_PER_ITERATION = 1000;
const WARM_UPS = 10;
/** The number of services in each warm-up. */
const WARM_UP_SERVICES = 1000;

/** Collects garbage, if Node.js was started with --expose-gc. */
export function collectGarbage(): void {
  globalThis.gc?.();
}

/** Runs `act`, and returns the longest time that it blocked the event loop, in milliseconds. */
type MeasureBlocking = (act: () => Promise<unknown>) => Promise<number>;

/** The interval between two samples, in milliseconds. It is part of the measured time. */
const RESOLUTION = 1;

/** Measures with the event loop monitor of Node.js. */
const longestBlock: MeasureBlocking = async (act) => {
  const delay = monitorEventLoopDelay({ resolution: RESOLUTION });
  delay.enable();
  // The start of the monitor is not part of the measurement.
  await sleep(MIN_MS);
  delay.reset();
  await act();
  await sleep(MIN_MS);
  delay.disable();
  return delay.max / 1e6;
};

/**
 * Subtracts the pauses of the garbage collector. Samples with a timer: a loop that is always busy
 * would take the core from the kernel.
 */
const longestBlockWithoutGc: MeasureBlocking = async (act) => {
  const pauses: PerformanceEntry[] = [];
  const observer = new PerformanceObserver((list) => void pauses.push(...list.getEntries()));
  observer.observe({ entryTypes: ['gc'] });
  const blocks: (readonly [begin: number, end: number])[] = [];
  let isRunning = true;
  let last = performance.now();
  const sample = () => {
    const now = performance.now();
    blocks.push([last, now]);
    last = now;
    if (isRunning) setTimeout(sample, RESOLUTION);
  };
  setTimeout(sample, RESOLUTION);
  await act();
  isRunning = false;
  // The observer gets its last entries later.
  await sleep(MIN_MS);
  observer.disconnect();
  const times = blocks.map(([begin, end]) => {
    const within = pauses.filter(({ startTime }) => startTime >= begin && startTime < end);
    return within.reduce((time, { duration }) => time - duration, end - begin);
  });
  return Math.max(0, ...times);
};

type Act = (ipvs: Ipvs, table: readonly ServiceEntry[]) => () => Promise<unknown>;

const calls: Act = (ipvs, table) => {
  const all = table.flatMap(([service, destinations]) => [
    () => ipvs.addService(service),
    ...destinations.map((each) => () => ipvs.addDestination(service, each)),
  ]);
  return async () => {
    let pending = all.length;
    let finish: () => void;
    // Promise.all() of this many promises would block the loop itself.
    const finished = new Promise<void>((resolve) => {
      finish = resolve;
    });
    const count = () => {
      if (--pending === 0) finish();
    };
    for (let first = 0; first < all.length; first += CALLS_PER_ITERATION) {
      for (const call of all.slice(first, first + CALLS_PER_ITERATION)) void call().then(count);
      await nextIteration();
    }
    await finished;
  };
};

const callsInGroups: Act = (ipvs, table) => async () => addInGroups(ipvs, table);

const batch: Act = (ipvs, table) => () =>
  ipvs.batch(async (batch) => {
    let added = 0;
    for (const [service, destinations] of table) {
      batch.addService(service);
      for (const each of destinations) batch.addDestination(service, each);
      added += 1 + destinations.length;
      if (added % CALLS_PER_ITERATION <= destinations.length) await nextIteration();
    }
  });

const snapshot: Act = (ipvs) => () => ipvs.snapshot();

const reconcile: Act = (ipvs, table) => {
  const state = stateOf(table);
  return () => ipvs.reconcile(state);
};

const scrape: Act = (ipvs) => {
  const metrics = new Metrics(ipvs, { level: 'destination' });
  return () => metrics.text();
};

/** Measures after a warm-up with other services, in which V8 compiles the code. */
function blocking(act: Act, measure: MeasureBlocking) {
  return async (ipvs: Ipvs, { services, destinations }: Size) => {
    const all = serviceTable({ services: services + WARM_UPS * WARM_UP_SERVICES, destinations });
    for (let first = services; first < all.length; first += WARM_UP_SERVICES) {
      await act(ipvs, all.slice(first, first + WARM_UP_SERVICES))();
    }
    const measured = act(ipvs, all.slice(0, services));
    // The table and its functions are young objects, which the next scavenge would move.
    collectGarbage();
    return measure(measured);
  };
}

/** The measurements by name, each in milliseconds. */
export const blocks: Readonly<Record<string, (ipvs: Ipvs, size: Size) => Promise<number>>> = {
  idle: () => longestBlock(() => sleep(MIN_MS)),
  calls: blocking(calls, longestBlock),
  'calls-without-gc': blocking(calls, longestBlockWithoutGc),
  'calls-in-groups': blocking(callsInGroups, longestBlock),
  batch: blocking(batch, longestBlock),
  'batch-without-gc': blocking(batch, longestBlockWithoutGc),
  snapshot: blocking(snapshot, longestBlock),
  reconcile: blocking(reconcile, longestBlock),
  scrape: blocking(scrape, longestBlock),
  'snapshot-without-gc': blocking(snapshot, longestBlockWithoutGc),
};
