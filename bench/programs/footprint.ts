/**
 * Measures the footprint of the library, and prints it as `{ value }`. Run it with --expose-gc:
 *
 *     footprint.js MEASURE SERVICES DESTINATIONS NETNS
 *
 * @module
 */
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { performance } from 'node:perf_hooks';
import { fileURLToPath } from 'node:url';
import { Ipvs } from 'ipvs';
import type { Size } from '../measurements.js';
import { type ServiceEntry, serviceTable, stateOf } from '../objects.js';
import { blocks, collectGarbage } from './blocks.js';
import { addBatch, addConcurrently, addInGroups, type Load } from './loads.js';

const IMPORTS = 10;

/** Written to /proc/self/clear_refs, sets the peak of resident memory to what is resident now. */
const RESET_PEAK = '5';

/** Returns the milliseconds from the start to the end of a Node.js process. */
function lifetime(...args: readonly string[]): number {
  const begin = performance.now();
  execFileSync(process.execPath, args);
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

/** Returns the lifetimes of Node.js without a script, and of the command that lists the table. */
function commandTimes(): { readonly empty: number[]; readonly listing: number[] } {
  const [empty, listing]: [number[], number[]] = [[], []];
  const command = fileURLToPath(new URL('../../../dist/cli.cjs', import.meta.url));
  for (let run = 0; run < IMPORTS; run++) {
    empty.push(lifetime('-e', ''));
    listing.push(lifetime(command, '-Ln'));
  }
  return { empty, listing };
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[values.length >> 1] ?? Number.NaN;
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

  'empty-script': async () => median(scriptTimes().empty),

  import: async () => {
    const { empty, importing } = scriptTimes();
    return median(importing) - median(empty);
  },

  command: async () => {
    const { empty, listing } = commandTimes();
    return median(listing) / median(empty);
  },
};

const [name = '', services, destinations, netns = ''] = process.argv.slice(2);
const measure = measures[name];
if (measure === undefined) throw new Error(`no such measure: ${name}`);
await using ipvs = await Ipvs.open({ netns });
const size = { services: Number(services), destinations: Number(destinations) };
console.log(JSON.stringify({ value: await measure(ipvs, size) }));
