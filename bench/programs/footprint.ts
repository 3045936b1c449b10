/**
 * Measures the footprint of the library, and prints it as `{ value }`. Run it with --expose-gc:
 *
 *     footprint.js MEASURE SERVICES DESTINATIONS NETNS
 *
 * @module
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Ipvs } from 'ipvs';
import { Metrics } from 'ipvs/metrics';
import type { Size } from '../measurements.js';
import { type ServiceEntry, serviceTable, stateOf } from '../objects.js';
import { blocks, collectGarbage } from './blocks.js';
import { imports, lifetimes } from './imports.js';
import { addBatch, addConcurrently, addInGroups, type Load } from './loads.js';
import { busyTime, mean, repeat } from './processor-time.js';

/** Written to /proc/self/clear_refs, sets the peak of resident memory to what is resident now. */
const RESET_PEAK = '5';

/** The scrapes in which V8 compiles the code, and those that are measured. */
const SCRAPES = { warmUp: 10, measured: 30 } as const;

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
  ...blocks,

  'growth-promise-all': (ipvs, size) => growth(ipvs, serviceTable(size), addConcurrently),
  'growth-calls-in-groups': (ipvs, size) => growth(ipvs, serviceTable(size), addInGroups),
  'growth-batch': (ipvs, size) => growth(ipvs, serviceTable(size), addBatch),

  'growth-reconcile': (ipvs, size) =>
    growth(ipvs, serviceTable(size), (handle, table) => handle.reconcile(stateOf(table))),
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

  ...imports,

  command: async () => {
    const command = fileURLToPath(new URL('../../../dist/cli.cjs', import.meta.url));
    const [empty, listing] = lifetimes(['-e', ''], [command, '-Ln']);
    return listing / empty;
  },

  'scrape-time': async (ipvs) => {
    const metrics = new Metrics(ipvs, { level: 'destination' });
    const scrape = () => busyTime(() => metrics.text());
    await repeat(SCRAPES.warmUp, scrape);
    return mean(await repeat(SCRAPES.measured, scrape));
  },
};

const [name = '', services, destinations, netns = ''] = process.argv.slice(2);
const measure = measures[name];
if (measure === undefined) throw new Error(`no such measure: ${name}`);
await using ipvs = await Ipvs.open({ netns });
const size = { services: Number(services), destinations: Number(destinations) };
console.log(JSON.stringify({ value: await measure(ipvs, size) }));
