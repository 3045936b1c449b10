/**
 * Measures the footprint of the library, and prints it as `{ value }`. Run it with --expose-gc:
 *
 *     footprint.js MEASURE SERVICES DESTINATIONS NETNS
 *
 * @module
 */
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import {
  monitorEventLoopDelay,
  type PerformanceEntry,
  PerformanceObserver,
  performance,
} from 'node:perf_hooks';
import { setImmediate as nextIteration, setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { Ipvs } from 'ipvs';
import type { Size } from '../measurements.js';
import { type ServiceEntry, serviceTable, stateOf } from '../objects.js';
import { addBatch, addConcurrently, addInGroups, type Load } from './loads.js';

const MIN_MS = 100;
const IMPORTS = 10;
const CALLS_PER_ITERATION = 1000;
const WARM_UPS = 10;
/** The number of services in each warm-up. */
const WARM_UP_SERVICES = 1000;

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

/** Written to /proc/self/clear_refs, sets the peak of resident memory to what is resident now. */
const RESET_PEAK = '5';

function collectGarbage(): void {
  globalThis.gc?.();
}

/** Returns the milliseconds from the start to the end of a Node.js process. */
function lifetime(file: string): number {
  const begin = performance.now();
  execFileSync(process.execPath, [file]);
  return performance.now() - begin;
}

/** Writes a script to this folder, where it can import the package. */
function script(name: string, source: string): string {
  const path = fileURLToPath(new URL(name, import.meta.url));
  writeFileSync(path, source);
  return path;
}

/** Returns the lifetimes of an empty script, and of one that imports the package. */
function scriptTimes(): { readonly empty: number[]; readonly importing: number[] } {
  const [empty, importing]: [number[], number[]] = [[], []];
  const scripts = [script('empty.mjs', ''), script('import.mjs', "import 'ipvs';\n")] as const;
  for (let run = 0; run < IMPORTS; run++) {
    empty.push(lifetime(scripts[0]));
    importing.push(lifetime(scripts[1]));
  }
  return { empty, importing };
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[values.length >> 1] ?? Number.NaN;
}

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

/** Returns the largest resident memory so far, in bytes. */
function peakMemory(): number {
  // maxRSS of process.resourceUsage() includes the memory of the process that started this one.
  const [, kibibytes] =
    /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync('/proc/self/status', 'utf8')) ?? [];
  return Number(kibibytes) * 1024;
}

/** Returns the growth of the process while it adds a table, at its peak, in mebibytes. */
async function growth(ipvs: Ipvs, table: readonly ServiceEntry[], add: Load): Promise<number> {
  collectGarbage();
  // The table is not part of the growth, nor is what was allocated to create it.
  writeFileSync('/proc/self/clear_refs', RESET_PEAK);
  const before = peakMemory();
  await add(ipvs, table);
  return (peakMemory() - before) / 2 ** 20;
}

const measures: Readonly<Record<string, (ipvs: Ipvs, size: Size) => Promise<number>>> = {
  idle: () => longestBlock(() => sleep(MIN_MS)),
  calls: blocking(calls, longestBlock),
  'calls-without-gc': blocking(calls, longestBlockWithoutGc),
  'calls-in-groups': blocking(callsInGroups, longestBlock),
  batch: blocking(batch, longestBlock),
  'batch-without-gc': blocking(batch, longestBlockWithoutGc),
  snapshot: blocking(snapshot, longestBlock),
  'snapshot-without-gc': blocking(snapshot, longestBlockWithoutGc),

  'growth-promise-all': (ipvs, size) => growth(ipvs, serviceTable(size), addConcurrently),
  'growth-calls-in-groups': (ipvs, size) => growth(ipvs, serviceTable(size), addInGroups),
  'growth-batch': (ipvs, size) => growth(ipvs, serviceTable(size), addBatch),

  'growth-reconcile': (ipvs, size) =>
    growth(ipvs, serviceTable(size), (handle, table) => handle.reconcile(stateOf(table))),
  reconcile: blocking(reconcile, longestBlock),

  memory: async (ipvs) => {
    // Allocates what is allocated once: the thread pool, the buffers of the socket.
    await ipvs.getTimeouts();
    collectGarbage();
    const before = process.memoryUsage();
    const snapshot = await ipvs.snapshot();
    const peak = peakMemory();
    collectGarbage();
    const result = process.memoryUsage().heapUsed - before.heapUsed;
    if (snapshot.services.length === 0) throw new Error('the table is empty');
    return (peak - before.rss) / result;
  },

  'empty-script': async () => median(scriptTimes().empty),

  import: async () => {
    const { empty, importing } = scriptTimes();
    return median(importing) - median(empty);
  },
};

const [name = '', services, destinations, netns = ''] = process.argv.slice(2);
const measure = measures[name];
if (measure === undefined) throw new Error(`no such measure: ${name}`);
await using ipvs = await Ipvs.open({ netns });
const size = { services: Number(services), destinations: Number(destinations) };
console.log(JSON.stringify({ value: await measure(ipvs, size) }));
