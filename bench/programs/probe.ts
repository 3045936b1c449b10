/**
 * Measures the cost of operations in this library alone, and prints it as JSON. The native handle
 * answers at once, so that neither a kernel nor a thread takes part:
 *
 *     probe.js MEASURE FORM SERVICES DESTINATIONS RUNS
 *
 * @module
 */
import { readdirSync, readFileSync } from 'node:fs';
import { type Profiler, Session } from 'node:inspector/promises';
import { SourceMap } from 'node:module';
import { setImmediate as nextIteration } from 'node:timers/promises';
import { GCProfiler } from 'node:v8';
import type { ByForm, Cost } from '../measurements.js';
import { serviceTable } from '../objects.js';
import { Ipvs, instantHandle } from './instant-handle.js';
import { addBatch, addConcurrently, addSync, type Load } from './loads.js';

const dist = new URL('../../../dist/', import.meta.url);

const forms: ByForm<Load> = {
  'Promise.all': addConcurrently,
  'batch()': addBatch,
  sync: addSync,
};

const [, , measureName = '', form = '', services, destinations, runsText] = process.argv;
const add = forms[form as keyof typeof forms];
const table = serviceTable({ services: Number(services), destinations: Number(destinations) });
const operations = table.length * (1 + Number(destinations));
const runs = Number(runsText);
const ipvs = await Ipvs.open();

/** Returns the time of all threads of this process, in microseconds. */
function processorTime(): number {
  const { user, system } = process.cpuUsage();
  return user + system;
}

/** Returns the time of this thread alone. Node.js 22 does not know it. */
function threadTime(): number {
  const { threadCpuUsage } = process as { readonly threadCpuUsage?: typeof process.cpuUsage };
  const { user, system } = threadCpuUsage?.() ?? { user: Number.NaN, system: Number.NaN };
  return user + system;
}

/** Measures what a counter says about each run, per operation. The first one is cold. */
const counted = (counter: () => number) => async (): Promise<number[]> => {
  const counts: number[] = [];
  for (let run = 0; run < runs; run++) {
    const begin = counter();
    await add(ipvs, table);
    counts.push((counter() - begin) / operations);
    await nextIteration();
  }
  return counts;
};

function collectGarbage(): void {
  globalThis.gc?.();
}

function usedMemory(): number {
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

/** Bytes per operation that each run allocates. The young generation must have room for all. */
async function allocation(): Promise<number[]> {
  const bytes: number[] = [];
  for (let run = 0; run < runs; run++) {
    collectGarbage();
    const profiler = new GCProfiler();
    profiler.start();
    const before = usedMemory();
    await add(ipvs, table);
    bytes.push((usedMemory() - before) / operations);
    if (profiler.stop().statistics.length > 0) throw new Error('V8 has collected garbage');
  }
  return bytes;
}

/** Enough to create what is created once, without the memory for the requests of a whole table. */
const WARM_UP_SERVICES = 10;

/** Bytes per operation that are in use while the native handle does not answer. */
async function pending(): Promise<number[]> {
  await add(ipvs, table.slice(0, WARM_UP_SERVICES));
  collectGarbage();
  const before = usedMemory();
  instantHandle.answers = 'never';
  const added = add(ipvs, table);
  await nextIteration();
  collectGarbage();
  const bytes = (usedMemory() - before) / operations;
  // Synchronous calls are never pending.
  return [added instanceof Promise ? bytes : 0];
}

/** A file of the package. */
class PackageFile {
  readonly #lines: readonly string[];
  readonly #map: SourceMap;

  constructor(name: string) {
    this.#lines = readFileSync(new URL(name, dist), 'utf8').split('\n');
    this.#map = new SourceMap(JSON.parse(readFileSync(new URL(`${name}.map`, dist), 'utf8')));
  }

  /** Returns the module of the library with the code at a place of the file. */
  moduleAt(line: number, column: number): string {
    const entry = this.#map.findEntry(line, column);
    return 'originalSource' in entry ? entry.originalSource.replace(/^.*?lib\//, 'lib/') : '';
  }

  /** Returns the line of an offset in the file, and the column. */
  placeAt(offset: number): readonly [line: number, column: number] {
    let rest = offset;
    const line = this.#lines.findIndex(({ length }) => {
      if (rest <= length) return true;
      rest -= length + 1;
      return false;
    });
    return [line, rest];
  }
}

/** The files of the package by URL. One that only exports what others have has no source map. */
const packageFiles = new Map(
  readdirSync(dist)
    .filter((name) => name.endsWith('.js.map'))
    .map((name) => name.replace(/\.map$/, ''))
    .map((name) => [new URL(name, dist).href, new PackageFile(name)]),
);

/** Adds up costs by function. */
class Costs {
  readonly #costs = new Map<string, Cost>();

  add(module: string, name: string, amount: number): void {
    // The bundler renames functions whose names are not unique.
    const original = name.replace(/\$\d+$/, '');
    const key = `${module} ${original}`;
    const sum = (this.#costs.get(key)?.amount ?? 0) + amount;
    this.#costs.set(key, { module, name: original, amount: sum });
  }

  list(): Cost[] {
    return [...this.#costs.values()].filter(({ amount }) => amount > 0);
  }
}

async function openSession(): Promise<Session> {
  const session = new Session();
  session.connect();
  await session.post('Profiler.enable');
  return session;
}

/** Calls per operation of each function of the library. */
async function calls(): Promise<Cost[]> {
  const session = await openSession();
  await session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: false });
  await add(ipvs, table);
  await session.post('Profiler.takePreciseCoverage');
  await add(ipvs, table);
  const { result } = await session.post('Profiler.takePreciseCoverage');
  const costs = new Costs();
  for (const { url, functions } of result) {
    const file = packageFiles.get(url);
    for (const { functionName, ranges } of functions) {
      const [range] = ranges;
      if (file === undefined || range === undefined) continue;
      const module = file.moduleAt(...file.placeAt(range.startOffset));
      costs.add(module, functionName, range.count / operations);
    }
  }
  return costs.list();
}

/** The module and the name of the function of a node in a profile. */
function placeOf({ callFrame }: Profiler.ProfileNode): readonly [string, string] {
  const { url, lineNumber, columnNumber, functionName } = callFrame;
  const file = packageFiles.get(url);
  if (file !== undefined) return [file.moduleAt(lineNumber, columnNumber), functionName];
  if (url === '') return functionName.startsWith('(') ? [functionName, ''] : ['V8', functionName];
  return [url.startsWith('node:') ? 'Node.js' : 'the program', functionName];
}

/** The sampling interval of profiles, in microseconds. */
const INTERVAL = 50;

/**
 * Nanoseconds per operation in each function, without those that it calls: its share of the samples
 * times the processor time. Other programs on the machine do not count.
 */
async function profile(): Promise<Cost[]> {
  const session = await openSession();
  await session.post('Profiler.setSamplingInterval', { interval: INTERVAL });
  await session.post('Profiler.start');
  const begin = processorTime();
  for (let run = 0; run < runs; run++) await add(ipvs, table);
  const nanoseconds = ((processorTime() - begin) * 1000) / operations / runs;
  const { nodes, samples = [] } = (await session.post('Profiler.stop')).profile;
  const places = new Map(nodes.map((node) => [node.id, placeOf(node)]));
  const costs = new Costs();
  for (const id of samples) {
    const [module, name] = places.get(id) ?? ['', ''];
    costs.add(module, name, nanoseconds / samples.length);
  }
  return costs.list();
}

/** Profiles after a warm-up, in which V8 compiles the code. */
async function warmProfile(): Promise<Cost[]> {
  for (let run = 0; run < runs; run++) await add(ipvs, table);
  return profile();
}

const measures: Readonly<Record<string, () => Promise<unknown>>> = {
  time: counted(processorTime),
  'thread-time': counted(threadTime),
  'system-time': counted(() => process.cpuUsage().system),
  'page-faults': counted(() => process.resourceUsage().minorPageFault),
  allocation,
  pending,
  calls,
  profile,
  'warm-profile': warmProfile,
};
const measure = measures[measureName];
if (add === undefined || measure === undefined) throw new Error('no such form or measure');
console.log(JSON.stringify(await measure()));
process.exit();
