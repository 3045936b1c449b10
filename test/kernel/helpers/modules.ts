/**
 * The modules of IPVS in the kernel. They may be unloaded only if `isOwnKernel`.
 * @module
 */
import { readFileSync } from 'node:fs';
import { run } from './namespace.js';
import { until } from './poll.js';

/** True if the kernel was booted for the tests. */
export const isOwnKernel = readFileSync('/proc/cpuinfo', 'utf8').includes('User Mode Linux');

/** The lines of /proc/modules, which tell the number of users and their names. */
const moduleLines = (): string[] =>
  readFileSync('/proc/modules', 'utf8')
    .split('\n')
    .filter((line) => /^ip_vs[_ ]/.test(line));

/** The loaded modules, in an order in which they can be unloaded. */
export const loadedModules = (): string[] =>
  moduleLines()
    .map((line) => line.split(' ', 1)[0] ?? '')
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
    return moduleLines();
  };
  await until(unload, (lines) => lines.length === 0);
}
