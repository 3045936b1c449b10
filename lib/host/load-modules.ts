/**
 * Loading kernel modules: the function, and the checks of its arguments.
 * @module
 */
import { checkArguments } from '../core/arguments.js';
import { checkInteger, readArray, readOptions } from '../core/check.js';
import { checkSignal } from '../core/check-signal.js';
import { isDeniedByDeno } from '../core/denied.js';
import { IpvsError } from '../core/errors.js';
import { wrongType, wrongValue } from '../core/input-errors.js';
import { lazyPart } from '../core/load-part.js';
import { registerEntry, withAwaitStack } from '../core/stack.js';
import { MAX_TIMER } from '../core/timer.js';

const loadModprobe = lazyPart(() => import('./modprobe.js'));

/** A module that is loaded. */
export interface LoadedModule {
  /** The name as it was given. */
  readonly name: string;
  /** `present`: it was loaded before. */
  readonly status: 'loaded' | 'present';
}

/** Options of {@link loadModules}. */
export interface LoadModulesOptions {
  /** The time limit for all modules together, 1 to 2147483647 milliseconds. Default: none. */
  readonly timeout?: number | undefined;
  /** Ends the loading, which then rejects with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
}

const OPTION_KEYS: ReadonlySet<'timeout' | 'signal'> = new Set(['timeout', 'signal']);

/**
 * Loads the kernel modules that are not loaded yet, each by `modprobe -- NAME`, without a shell.
 * Needs CAP_SYS_MODULE and the modules of the running kernel under /lib/modules. modprobe is
 * searched for in the absolute folders of PATH, as it is at the call, and then in /usr/sbin, /sbin,
 * /usr/bin and /bin; never in the working directory.
 *
 * modprobe is killed when `timeout` expires or the signal is aborted. A module that the kernel is
 * loading at that moment may still be loaded.
 * @param names such as `['ip_vs', 'ip_vs_mh']`
 * @throws IpvsError ERR_IPVS_MODULE: modprobe is missing or fails; the message has what modprobe
 *   prints. The modules before that one are loaded
 * @throws IpvsError ETIMEDOUT: `timeout` has expired
 * @throws IpvsError ERR_ACCESS_DENIED: Node.js runs with `--permission`, but without
 *   `--allow-child-process`, or Deno without `--allow-env` or `--allow-run`
 */
export function loadModules(
  names: readonly string[],
  options?: LoadModulesOptions,
): Promise<LoadedModule[]>;
export function loadModules(...args: readonly unknown[]): Promise<LoadedModule[]> {
  return withAwaitStack(checkAndLoad(args));
}

registerEntry('loadModules', loadModules);

async function checkAndLoad(args: readonly unknown[]): Promise<LoadedModule[]> {
  const request = checkArguments('loadModules', args, 2, (names, options) => ({
    wanted: checkNames(names),
    ...checkOptions(options),
  }));
  const path = searchPath();
  const { loadAll } = await loadModprobe('loadModules');
  return loadAll({ ...request, path });
}

/** Returns PATH. */
function searchPath(): string {
  try {
    return process.env['PATH'] ?? '';
  } catch (error) {
    if (!isDeniedByDeno(error)) throw error;
    throw new IpvsError(
      'loadModules: Deno may not read PATH, in which modprobe is looked for: add --allow-env',
      { code: 'ERR_ACCESS_DENIED', operation: 'loadModules', cause: error },
    );
  }
}

/** Returns a copy of the names, which no accessor can change afterwards. */
function checkNames(names: unknown): string[] {
  const rule = 'an array of module names of 1 to 55 letters, digits, dashes and underscores';
  return readArray('names', names, rule, (name) => {
    if (typeof name !== 'string') throw wrongType('names', name, rule);
    if (!/^\w[\w-]{0,54}$/.test(name)) throw wrongValue('names', name, `is not in ${rule}`);
    return name;
  });
}

function checkOptions(options: unknown): {
  timeout: number | undefined;
  signal: AbortSignal | undefined;
} {
  const { timeout, signal } = readOptions(options, OPTION_KEYS);
  return {
    timeout:
      timeout === undefined
        ? undefined
        : checkInteger('options.timeout', timeout, 1, MAX_TIMER, 'milliseconds'),
    signal: checkSignal('options.signal', signal),
  };
}
