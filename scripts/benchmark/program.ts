/**
 * The frame of the programs that are measured: each run is a process of its own, in a network namespace of its own.
 * @module
 */
import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { Ipvs } from 'ipvs';
import type { Run, Size } from './model.js';

/** Gets ready in a namespace, and returns what is to be measured: it resolves to the number of operations. */
export type Load = (size: Size, netns: string) => Promise<() => Promise<number> | number>;

/** For the kernel, which takes apart later what was deleted. */
export const SETTLING_MS = 200;

async function time(load: Load, size: Size, netns: string, times = 1): Promise<Run> {
  const act = await load(size, netns);
  for (let run = 1; run < times; run++) await act();
  const begin = performance.now();
  const operations = await act();
  return { operations, milliseconds: performance.now() - begin };
}

/** Runs before the one that counts, at least and at most. */
const WARM_UPS = [5, 40] as const;

/** How much there is of what is given, another namespace to warm up in, and for how many milliseconds. */
async function warmUp(
  load: Load,
  [services, destinations, netns = '', milliseconds]: string[],
): Promise<void> {
  const end = performance.now() + Number(milliseconds);
  const [least, most] = WARM_UPS;
  for (let run = 0; run < least || (run < most && performance.now() < end); run++) {
    await time(load, { services: Number(services), destinations: Number(destinations) }, netns);
  }
  // Before Linux 7 the table of services is one for all namespaces. No other program clears it: after the fork for it each page of memory
  // would have to be copied before it is written.
  const ipvs = await Ipvs.open({ netns });
  await ipvs.flush();
  await ipvs.close();
  await sleep(SETTLING_MS * 5);
}

/**
 * Runs the load that the command line names: `LOAD SERVICES DESTINATIONS NETNS`; with the same three and milliseconds, after a warm-up; with
 * `twice` behind them, the second run in the namespace is what counts: for what leaves it as it was.
 */
export async function main(loads: Readonly<Record<string, Load>>): Promise<void> {
  const [name = '', services, destinations, netns = '', ...elsewhere] = process.argv.slice(2);
  const load = loads[name];
  if (load === undefined) throw new Error(`no such load: ${name}`);
  if (elsewhere.length > 0) await warmUp(load, elsewhere);
  const size = { services: Number(services), destinations: Number(destinations) };
  const times = elsewhere.at(-1) === 'twice' ? 2 : 1;
  console.log(JSON.stringify(await time(load, size, netns, times)));
}
