/**
 * The probes: `probes LOAD SERVICES DESTINATIONS NETNS` prints what it found as `{ value }`. Run it with --expose-gc.
 * @module
 */
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import {
  monitorEventLoopDelay,
  type PerformanceEntry,
  PerformanceObserver,
  performance,
} from 'node:perf_hooks';
import { setTimeout as sleep, setImmediate as turn } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { Ipvs } from 'ipvs';
import { type Balanced, type Size, table } from './model.js';

const MIN_MS = 100;
const RUNS = 10;
const CALLS_A_TURN = 1000;
const WARM_UPS = 10;
/** Services of each. */
const WARM_UP = 1000;

/** Runs something, and tells the longest that the event loop was blocked meanwhile, in milliseconds. */
type Longest = (act: () => Promise<unknown>) => Promise<number>;

/** Between two looks at the loop, in milliseconds, which count as blocked themselves. */
const RESOLUTION = 1;

/** As Node.js measures it. */
const longest: Longest = async (act) => {
  const delay = monitorEventLoopDelay({ resolution: RESOLUTION });
  delay.enable();
  // What it takes to start is not counted.
  await sleep(MIN_MS);
  delay.reset();
  await act();
  await sleep(MIN_MS);
  delay.disable();
  return delay.max / 1e6;
};

/** Without what the garbage collector took of it. By a timer, too: a loop that never rests would take the core from the kernel. */
const longestOfOurs: Longest = async (act) => {
  const pauses: PerformanceEntry[] = [];
  const observer = new PerformanceObserver((list) => void pauses.push(...list.getEntries()));
  observer.observe({ entryTypes: ['gc'] });
  const blocks: (readonly [begin: number, end: number])[] = [];
  let isRunning = true;
  let last = performance.now();
  const look = () => {
    const now = performance.now();
    blocks.push([last, now]);
    last = now;
    if (isRunning) setTimeout(look, RESOLUTION);
  };
  setTimeout(look, RESOLUTION);
  await act();
  isRunning = false;
  // The observer is told later.
  await sleep(MIN_MS);
  observer.disconnect();
  const times = blocks.map(([begin, end]) => {
    const within = pauses.filter(({ startTime }) => startTime >= begin && startTime < end);
    return within.reduce((time, { duration }) => time - duration, end - begin);
  });
  return Math.max(0, ...times);
};

function collectGarbage(): void {
  globalThis.gc?.();
}

/** Milliseconds that a program of Node.js takes from its start to its end. */
function lifetime(file: string): number {
  const begin = performance.now();
  execFileSync(process.execPath, [file]);
  return performance.now() - begin;
}

/** A script in this folder, so that it finds the package. */
function script(name: string, source: string): string {
  const path = fileURLToPath(new URL(name, import.meta.url));
  writeFileSync(path, source);
  return path;
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[values.length >> 1] ?? Number.NaN;
}

type Act = (ipvs: Ipvs, table: readonly Balanced[]) => () => Promise<unknown>;

const calls: Act = (ipvs, table) => {
  const all = table.flatMap(([service, destinations]) => [
    () => ipvs.addService(service),
    ...destinations.map((each) => () => ipvs.addDestination(service, each)),
  ]);
  return async () => {
    let pending = all.length;
    let finish: () => void;
    // Promise.all() of so many would block the loop by itself.
    const finished = new Promise<void>((resolve) => {
      finish = resolve;
    });
    const count = () => {
      if (--pending === 0) finish();
    };
    for (let first = 0; first < all.length; first += CALLS_A_TURN) {
      for (const call of all.slice(first, first + CALLS_A_TURN)) void call().then(count);
      await turn();
    }
    await finished;
  };
};

const batch: Act = (ipvs, table) => () =>
  ipvs.batch(async (batch) => {
    let added = 0;
    for (const [service, destinations] of table) {
      batch.addService(service);
      for (const each of destinations) batch.addDestination(service, each);
      added += 1 + destinations.length;
      if (added % CALLS_A_TURN <= destinations.length) await turn();
    }
  });

const snapshot: Act = (ipvs) => () => ipvs.snapshot();

/** How long the event loop is blocked, after a warm-up with others: until what is compiled is compiled. */
function blocking(act: Act, by: Longest) {
  return async (ipvs: Ipvs, { services, destinations }: Size) => {
    const all = table({ services: services + WARM_UPS * WARM_UP, destinations });
    for (let first = services; first < all.length; first += WARM_UP) {
      await act(ipvs, all.slice(first, first + WARM_UP))();
    }
    return by(act(ipvs, all.slice(0, services)));
  };
}

const probes: Readonly<Record<string, (ipvs: Ipvs, size: Size) => Promise<number>>> = {
  idle: () => longest(() => sleep(MIN_MS)),
  calls: blocking(calls, longest),
  'calls-ours': blocking(calls, longestOfOurs),
  batch: blocking(batch, longest),
  'batch-ours': blocking(batch, longestOfOurs),
  snapshot: blocking(snapshot, longest),
  'snapshot-ours': blocking(snapshot, longestOfOurs),

  memory: async (ipvs) => {
    // So that what it takes once is not counted: the thread pool, the buffers of the socket.
    await ipvs.getTimeouts();
    collectGarbage();
    const before = process.memoryUsage();
    const snapshot = await ipvs.snapshot();
    const most = process.resourceUsage().maxRSS * 1024;
    collectGarbage();
    const bare = process.memoryUsage().heapUsed - before.heapUsed;
    if (snapshot.services.length === 0) throw new Error('the table is empty');
    return (most - before.rss) / bare;
  },

  import: async () => {
    const [empty, full]: [number[], number[]] = [[], []];
    const scripts = [script('empty.mjs', ''), script('import.mjs', "import 'ipvs';\n")] as const;
    for (let run = 0; run < RUNS; run++) {
      empty.push(lifetime(scripts[0]));
      full.push(lifetime(scripts[1]));
    }
    return median(full) - median(empty);
  },
};

const [name = '', services, destinations, netns = ''] = process.argv.slice(2);
const probe = probes[name];
if (probe === undefined) throw new Error(`no such probe: ${name}`);
await using ipvs = await Ipvs.open({ netns });
const size = { services: Number(services), destinations: Number(destinations) };
console.log(JSON.stringify({ value: await probe(ipvs, size) }));
