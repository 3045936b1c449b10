/**
 * The resources of a process, to notice leaks.
 * @module
 */
import { readdirSync, readlinkSync } from 'node:fs';
import { memoryUsage } from 'node:process';
import { setTimeout as sleep } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

export interface Vitals {
  readonly descriptors: number;
  readonly threads: number;
  /** Bytes. */
  readonly rss: number;
}

setFlagsFromString('--expose-gc');
const gc: () => void = runInNewContext('gc');

/** Collects garbage, and lets the reactions to that run. */
export async function collect(): Promise<void> {
  for (let time = 0; time < 3; time++) {
    gc();
    await sleep(5);
  }
}

const targetOf = (descriptor: string) => {
  try {
    return readlinkSync(`/proc/self/fd/${descriptor}`);
  } catch {
    return undefined; // the one that readdir() had open
  }
};

/**
 * Counts open descriptors except those of modules: if a worker thread is terminated while Node.js
 * loads a module in it, the file stays open. That is no fault of the library.
 */
export function countDescriptors(): number {
  const targets = readdirSync('/proc/self/fd').map(targetOf);
  return targets.filter((target) => target !== undefined && !/\.m?js(on)?$/.test(target)).length;
}

export async function readVitals(): Promise<Vitals> {
  await collect();
  const threads = readdirSync('/proc/self/task').length;
  return { descriptors: countDescriptors(), threads, rss: memoryUsage.rss() };
}
