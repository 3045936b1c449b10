/**
 * The main function of the measured programs in TypeScript. Each run is a process of its own, in a
 * network namespace of its own.
 * @module
 */
import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { Ipvs } from 'ipvs';
import type { Run, Size } from '../measurements.js';
import { KERNEL_CLEANUP_MS } from '../objects.js';

/**
 * Prepares the work in a namespace, and returns the function to measure. That function resolves to
 * the number of operations.
 */
export type Workload = (size: Size, netns: string) => Promise<() => Promise<number> | number>;

async function time(workload: Workload, size: Size, netns: string, times = 1): Promise<Run> {
  const act = await workload(size, netns);
  for (let run = 1; run < times; run++) await act();
  const begin = performance.now();
  const operations = await act();
  return { operations, milliseconds: performance.now() - begin };
}

/** The number of warm-up runs: at least, and at most. */
const WARM_UPS = [3, 25] as const;

/** Takes the size, the namespace to warm up in, and the time for it in milliseconds. */
async function warmUp(
  workload: Workload,
  [services, destinations, netns = '', milliseconds]: string[],
): Promise<void> {
  const end = performance.now() + Number(milliseconds);
  const size = { services: Number(services), destinations: Number(destinations) };
  const [least, most] = WARM_UPS;
  for (let run = 0; run < least || (run < most && performance.now() < end); run++) {
    await time(workload, size, netns);
  }
  // Before Linux 7, all namespaces share one table of services. This process clears it, not
  // another: after a fork, each page of memory would be copied before the first write to it.
  const ipvs = await Ipvs.open({ netns });
  await ipvs.flush();
  await ipvs.close();
  await sleep(KERNEL_CLEANUP_MS * 5);
}

/**
 * Runs the workload that the command line names, and prints a {@link Run}:
 *
 *     WORKLOAD SERVICES DESTINATIONS NETNS [SERVICES DESTINATIONS NETNS MILLISECONDS [twice]]
 *
 * The second group of arguments asks for a warm-up first. `twice` measures the second run in the
 * namespace instead of the first, for workloads that change nothing.
 */
export async function main(workloads: Readonly<Record<string, Workload>>): Promise<void> {
  const [name = '', services, destinations, netns = '', ...warmUpArgs] = process.argv.slice(2);
  const workload = workloads[name];
  if (workload === undefined) throw new Error(`no such workload: ${name}`);
  if (warmUpArgs.length > 0) await warmUp(workload, warmUpArgs);
  const size = { services: Number(services), destinations: Number(destinations) };
  const times = warmUpArgs.at(-1) === 'twice' ? 2 : 1;
  console.log(JSON.stringify(await time(workload, size, netns, times)));
}
