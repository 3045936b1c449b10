/**
 * The frame of the programs that are measured: each run is a process of its own, in a network namespace of its own.
 * @module
 */
import { performance } from 'node:perf_hooks';
import type { Run, Size } from './model.js';

/** Gets ready in a namespace, and returns what is to be measured: it resolves to the number of operations. */
export type Load = (size: Size, netns: string) => Promise<() => Promise<number> | number>;

/** Where the JIT compiler warms up, and with how much. */
export const WARM: Size = { services: 500, destinations: 10 };

async function time(load: Load, size: Size, netns: string): Promise<Run> {
  const act = await load(size, netns);
  const begin = performance.now();
  const operations = await act();
  return { operations, milliseconds: performance.now() - begin };
}

/** Runs the load that the command line names: `LOAD SERVICES DESTINATIONS NETNS [NETNS of the warm-up]`. */
export async function main(loads: Readonly<Record<string, Load>>): Promise<void> {
  const [name = '', services, destinations, netns = '', warmUp] = process.argv.slice(2);
  const load = loads[name];
  if (load === undefined) throw new Error(`no such load: ${name}`);
  if (warmUp !== undefined) await time(load, WARM, warmUp);
  const size = { services: Number(services), destinations: Number(destinations) };
  console.log(JSON.stringify(await time(load, size, netns)));
}
