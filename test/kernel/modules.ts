/**
 * The modules of IPVS in the kernel. Only where the kernel is ours: see ours.ts.
 * @module
 */
import { readFileSync } from 'node:fs';
import { run } from './netns.js';
import { until } from './poll.js';

/** Those that are loaded, in an order in which they can be unloaded. */
export const loadedModules = (): string[] =>
  readFileSync('/proc/modules', 'utf8')
    .split('\n')
    .map((line) => line.split(' ', 1)[0] ?? '')
    .filter((name) => /^ip_vs(_|$)/.test(name))
    .sort((a, b) => b.length - a.length); // the modules that use ip_vs before itself

/** Unloads all of them, once nothing is configured. Namespaces that were deleted a moment ago may hold them a little longer. */
export async function unloadModules(): Promise<void> {
  const tryIt = () => {
    try {
      run('rmmod', loadedModules());
    } catch {
      // to be tried again
    }
    return loadedModules();
  };
  await until(tryIt, (names) => names.length === 0);
}
