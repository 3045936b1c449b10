/**
 * The modules of IPVS in the kernel. They may be unloaded only if `isOwnKernel`.
 * @module
 */
import { readFileSync } from 'node:fs';
import { run } from './namespace.js';
import { until } from './poll.js';

/** True if the kernel was booted for the tests. */
export const isOwnKernel = readFileSync('/proc/cpuinfo', 'utf8').includes('User Mode Linux');

/** The loaded modules, in an order in which they can be unloaded. */
export const loadedModules = (): string[] =>
  readFileSync('/proc/modules', 'utf8')
    .split('\n')
    .map((line) => line.split(' ', 1)[0] ?? '')
    .filter((name) => /^ip_vs(_|$)/.test(name))
    .sort((a, b) => b.length - a.length); // the modules that use ip_vs before itself

/**
 * Unloads all of them. Nothing may be configured any more. Namespaces that were deleted a moment
 * ago may still use them: then it tries again.
 */
export async function unloadModules(): Promise<void> {
  const unload = () => {
    try {
      run('rmmod', loadedModules());
    } catch {
      // Still in use.
    }
    return loadedModules();
  };
  await until(unload, (names) => names.length === 0);
}
