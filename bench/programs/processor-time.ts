/**
 * The processor time of the main thread.
 * @module
 */
import { setTimeout as sleep } from 'node:timers/promises';

/** Milliseconds in which the garbage collector and the compiler rest, as between two scrapes. */
export const PAUSE = 20;

/**
 * Returns the processor time of this thread in milliseconds. Node.js 22 knows that of all threads
 * only.
 */
function processorTime(): number {
  const { threadCpuUsage } = process as { readonly threadCpuUsage?: typeof process.cpuUsage };
  const { user, system } = threadCpuUsage?.() ?? process.cpuUsage();
  return (user + system) / 1000;
}

/** Returns the processor time of an act, in milliseconds. */
export async function busyTime(act: () => Promise<unknown>): Promise<number> {
  const before = processorTime();
  await act();
  return processorTime() - before;
}

/** Measures so many times, with pauses. */
export async function repeat(runs: number, measureOne: () => Promise<number>): Promise<number[]> {
  const values: number[] = [];
  for (let run = 0; run < runs; run++) {
    values.push(await measureOne());
    await sleep(PAUSE);
  }
  return values;
}

/** Returns the mean: the clock of processor time may be coarse. */
export const mean = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;
