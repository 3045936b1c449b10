/**
 * Loading kernel modules with modprobe. No other code of this package runs a program.
 * @module
 */
import { delimiter, isAbsolute, join } from 'node:path';
import { checkArguments } from '../core/arguments.js';
import { checkInteger, readArray, readOptions } from '../core/check.js';
import { IpvsError } from '../core/errors.js';
import { wrongType, wrongValue } from '../core/input-errors.js';
import { cut } from '../core/show.js';
import { callOnAbort, checkSignal, throwIfAborted } from '../core/signals.js';
import { registerEntry, withAwaitStack } from '../core/stack.js';
import { forgetAbsent, isLoaded } from '../native/kernel-modules.js';

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
const MAX_TIMEOUT = 2 ** 31 - 1;
/** The folders of modprobe, which may be missing in PATH. */
const SYSTEM_FOLDERS = ['/usr/sbin', '/sbin', '/usr/bin', '/bin'];

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
 *   `--allow-child-process`
 */
export function loadModules(
  names: readonly string[],
  options?: LoadModulesOptions,
): Promise<LoadedModule[]>;
export function loadModules(...args: readonly unknown[]): Promise<LoadedModule[]> {
  return withAwaitStack(loadAll(args));
}

registerEntry('loadModules', loadModules);

async function loadAll(args: readonly unknown[]): Promise<LoadedModule[]> {
  const { wanted, timeout, signal } = checkArguments('loadModules', args, 2, (names, options) => ({
    wanted: checkNames(names),
    ...checkOptions(options),
  }));
  throwIfAborted(signal);
  const stop = new AbortController();
  const expiry = new Error('the time is over');
  const timer = timeout === undefined ? undefined : setTimeout(() => stop.abort(expiry), timeout);
  const forgetSignal = signal && callOnAbort(signal, (reason) => stop.abort(reason));
  const modules: LoadedModule[] = [];
  try {
    for (const name of wanted) {
      const present = isLoaded(name);
      if (!present) {
        await load(name, stop.signal).catch((error: unknown) => {
          throw error === expiry ? timeoutError(name, timeout, expiry) : error;
        });
      }
      modules.push({ name, status: present ? 'present' : 'loaded' });
    }
    return modules;
  } finally {
    clearTimeout(timer);
    forgetSignal?.();
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
        : checkInteger('options.timeout', timeout, 1, MAX_TIMEOUT, 'milliseconds'),
    signal: checkSignal('options.signal', signal),
  };
}

/**
 * Returns the folders to search. An empty or relative element of PATH is left out, because it would
 * be taken from the working directory.
 */
function programFolders(): string[] {
  const path = (process.env['PATH'] ?? '').split(delimiter).filter((folder) => isAbsolute(folder));
  return [...new Set([...path, ...SYSTEM_FOLDERS])];
}

/** Returns true for a refusal of Node.js itself (`--permission`). */
const isDenied = (error: unknown): error is Error =>
  error instanceof Error && 'code' in error && error.code === 'ERR_ACCESS_DENIED';

/** Returns the path of modprobe, or undefined. */
function findModprobe(folders: readonly string[]): string | undefined {
  const { accessSync, constants, statSync } = process.getBuiltinModule('node:fs');
  let denied = false;
  for (const folder of folders) {
    const path = join(folder, 'modprobe');
    try {
      accessSync(path, constants.X_OK);
      if (statSync(path).isFile()) return path;
    } catch (error) {
      denied ||= isDenied(error);
    }
  }
  // Node.js may be allowed to run it where it may not look for it.
  return denied ? '/sbin/modprobe' : undefined;
}

/** Loads a module; rejects with the reason of `stop` when that is aborted. */
async function load(name: string, stop: AbortSignal): Promise<void> {
  stop.throwIfAborted();
  forgetAbsent();
  const folders = programFolders();
  const program = findModprobe(folders);
  if (program === undefined) throw moduleError(name, 'there is no program modprobe');
  // Loaded on demand: it takes a quarter as long as loading all of this package.
  const { execFile } = await import('node:child_process');
  stop.throwIfAborted();
  const env = { ...process.env, PATH: folders.join(delimiter) };
  let kill = () => {};
  try {
    await new Promise<void>((resolve, reject) => {
      const child = execFile(program, ['--', name], { env }, (error, _, stderr) => {
        if (error === null) resolve();
        else reject(moduleError(name, whyFailed(stderr, error.code ?? error.signal), error));
      });
      // A child of modprobe may hold its pipes open, and the kernel may hold modprobe itself. This
      // waits for neither.
      kill = () => {
        child.kill('SIGKILL');
        child.stdout?.destroy();
        child.stderr?.destroy();
        child.unref();
        reject(stop.reason);
      };
      stop.addEventListener('abort', kill, { once: true });
    });
  } catch (error) {
    throw isDenied(error) ? deniedError(name, error) : error;
  } finally {
    stop.removeEventListener('abort', kill);
  }
}

const whyFailed = (stderr: string, status: unknown) =>
  stderr.trim() === '' ? `modprobe fails (${status})` : stderr.trim();

function moduleError(
  name: string,
  why: string,
  cause?: unknown,
  code: IpvsError['code'] = 'ERR_IPVS_MODULE',
): IpvsError {
  return new IpvsError(`loadModules ${name}: ${cut(why, 1000)}`, {
    code,
    syscall: 'modprobe',
    operation: 'loadModules',
    target: name,
    cause,
  });
}

function timeoutError(name: string, timeout: number | undefined, cause: unknown): IpvsError {
  const why = `modprobe had not ended after ${timeout} ms, and was killed (ETIMEDOUT)`;
  return moduleError(name, why, cause, 'ETIMEDOUT');
}

function deniedError(name: string, cause: Error): IpvsError {
  const why =
    'Node.js runs with --permission and may not start modprobe: add --allow-child-process';
  return moduleError(name, why, cause, 'ERR_ACCESS_DENIED');
}
