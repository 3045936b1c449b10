/**
 * The probes: `probes LOAD SERVICES DESTINATIONS NETNS` prints what it found as `{ value }`. Run it with --expose-gc.
 * @module
 */
import { execFileSync } from 'node:child_process';
import { monitorEventLoopDelay, performance } from 'node:perf_hooks';
import { setTimeout as sleep, setImmediate as turn } from 'node:timers/promises';
import { Ipvs } from 'ipvs';
import { type Size, table } from './model.js';

const MIN_MS = 100;
const RUNS = 10;
const CALLS_A_TURN = 1000;

/** The longest that the event loop took, in milliseconds, for a turn while `act` ran. */
async function longest(act: () => Promise<unknown>): Promise<number> {
  const delay = monitorEventLoopDelay({ resolution: 1 });
  delay.enable();
  // What it takes to start is not counted.
  await sleep(MIN_MS);
  delay.reset();
  await act();
  await sleep(MIN_MS);
  delay.disable();
  return delay.max / 1e6;
}

function collectGarbage(): void {
  globalThis.gc?.();
}

/** Milliseconds that a program of Node.js takes from its start to its end. */
function lifetime(source: string): number {
  const begin = performance.now();
  execFileSync(process.execPath, ['--input-type=module', '--eval', source]);
  return performance.now() - begin;
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[values.length >> 1] ?? Number.NaN;
}

const probes: Readonly<Record<string, (ipvs: Ipvs, size: Size) => Promise<number>>> = {
  idle: () => longest(() => sleep(MIN_MS)),

  calls: async (ipvs, size) => {
    const calls = table(size).flatMap(([service, destinations]) => [
      () => ipvs.addService(service),
      ...destinations.map((each) => () => ipvs.addDestination(service, each)),
    ]);
    return longest(async () => {
      const pending: Promise<void>[] = [];
      for (let first = 0; first < calls.length; first += CALLS_A_TURN) {
        for (const call of calls.slice(first, first + CALLS_A_TURN)) pending.push(call());
        await turn();
      }
      await Promise.all(pending);
    });
  },

  batch: async (ipvs, size) => {
    const balanced = table(size);
    return longest(() =>
      ipvs.batch(async (batch) => {
        let added = 0;
        for (const [service, destinations] of balanced) {
          batch.addService(service);
          for (const each of destinations) batch.addDestination(service, each);
          added += 1 + destinations.length;
          if (added % CALLS_A_TURN < 1 + destinations.length) await turn();
        }
      }),
    );
  },

  snapshot: (ipvs) => longest(() => ipvs.snapshot()),

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
    for (let run = 0; run < RUNS; run++) {
      empty.push(lifetime(''));
      full.push(lifetime("import 'ipvs'"));
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
