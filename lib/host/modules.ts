/**
 * Loading kernel modules. This is the only place where a program is run, and only when it is asked
 * for.
 * @module
 */
import { delimiter, isAbsolute, join } from 'node:path';
import { checkArguments } from '../core/arguments.js';
import { checkInteger, readArray, readOptions } from '../core/check.js';
import { cut, IpvsError, wrongType, wrongValue } from '../core/errors.js';
import { callOnAbort, checkSignal, throwIfAborted } from '../core/signals.js';
import { handOver, registerEntry } from '../core/stack.js';
import { forgetAbsent, isLoaded } from '../native/kernel-modules.js';

/** What became of a module. */
export interface LoadedModule {
  /** As it was asked for. */
  readonly name: string;
  /** 'present': it was there before. */
  readonly status: 'loaded' | 'present';
}

/** Options of {@link loadModules}. */
export interface LoadModulesOptions {
  /** Milliseconds that all modules together may take, 1 to 2147483647. Default: no limit. */
  readonly timeout?: number | undefined;
  /** Ends the loading; it rejects with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
}

const OPTION_KEYS: ReadonlySet<'timeout' | 'signal'> = new Set(['timeout', 'signal']);
const MAX_TIMEOUT = 2 ** 31 - 1;
/** Where modprobe is, also for those whose PATH leaves it out. */
const SYSTEM_FOLDERS = ['/usr/sbin', '/sbin', '/usr/bin', '/bin'];

/**
 * Loads kernel modules that are not loaded, each by `modprobe -- NAME`, without a shell. Needs
 * CAP_SYS_MODULE and the modules of the running kernel under /lib/modules. modprobe is looked for
 * in the absolute folders of PATH, as it is at the call, and then in /usr/sbin, /sbin, /usr/bin and
 * /bin; never in the working directory.
 *
 * When the time is over, or the signal says so, modprobe is killed. A module that the kernel is
 * loading at that moment may still come.
 * @param names such as `['ip_vs', 'ip_vs_mh']`
 * @throws IpvsError ERR_IPVS_MODULE: modprobe is missing or fails; its message has what modprobe
 *   says. Modules before that one are loaded
 * @throws IpvsError ETIMEDOUT: `timeout` is over
 * @throws IpvsError ERR_ACCESS_DENIED: Node.js runs with `--permission`, and without
 *   `--allow-child-process`
 */
export function loadModules(
  names: readonly string[],
  options?: LoadModulesOptions,
): Promise<LoadedModule[]>;
export function loadModules(...args: readonly unknown[]): Promise<LoadedModule[]> {
  return handOver(loadAll(args));
}

registerEntry('loadModules', loadModules);

async function loadAll(args: readonly unknown[]): Promise<LoadedModule[]> {
  const { wanted, timeout, signal } = checkArguments('loadModules', args, 2, (names, options) => ({
    wanted: checkNames(names),
    ...checkOptions(options),
  }));
  throwIfAborted(signal);
  const stop = new AbortController();
  const late = new Error('the time is over');
  const timer = timeout === undefined ? undefined : setTimeout(() => stop.abort(late), timeout);
  const forgetSignal = signal && callOnAbort(signal, (reason) => stop.abort(reason));
  const modules: LoadedModule[] = [];
  try {
    for (const name of wanted) {
      const present = isLoaded(name);
      if (!present) {
        await load(name, stop.signal).catch((error: unknown) => {
          throw error === late ? lateError(name, timeout, late) : error;
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

/** A copy, which no accessor can make another afterwards. */
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
 * The folders for programs: an empty or relative element of PATH would be taken from the working
 * directory.
 */
function programFolders(): string[] {
  const path = (process.env['PATH'] ?? '').split(delimiter).filter((folder) => isAbsolute(folder));
  return [...new Set([...path, ...SYSTEM_FOLDERS])];
}

/** Whether Node.js itself refuses (`--permission`). */
const isDenied = (error: unknown): error is Error =>
  error instanceof Error && 'code' in error && error.code === 'ERR_ACCESS_DENIED';

/** The path of modprobe in those folders, or undefined. */
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
  // Where it may not be looked for, it may still be run.
  return denied ? '/sbin/modprobe' : undefined;
}

/** Loads a module; rejects with the reason of `stop`, as it is, once that is aborted. */
async function load(name: string, stop: AbortSignal): Promise<void> {
  stop.throwIfAborted();
  forgetAbsent();
  const folders = programFolders();
  const program = findModprobe(folders);
  if (program === undefined) throw failure(name, 'there is no program modprobe');
  // Only here: loading it takes a quarter as long as loading all of this package.
  const { execFile } = await import('node:child_process');
  stop.throwIfAborted();
  const env = { ...process.env, PATH: folders.join(delimiter) };
  let kill = () => {};
  try {
    await new Promise<void>((resolve, reject) => {
      const child = execFile(program, ['--', name], { env }, (error, _, stderr) => {
        if (error === null) resolve();
        else reject(failure(name, said(stderr, error.code ?? error.signal), error));
      });
      // What modprobe has started may hold its pipes open, and the kernel may hold it: neither is
      // waited for.
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

const said = (stderr: string, status: unknown) =>
  stderr.trim() === '' ? `modprobe fails (${status})` : stderr.trim();

function failure(
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

function lateError(name: string, timeout: number | undefined, cause: unknown): IpvsError {
  const why = `modprobe had not ended after ${timeout} ms, and was killed (ETIMEDOUT)`;
  return failure(name, why, cause, 'ETIMEDOUT');
}

function deniedError(name: string, cause: Error): IpvsError {
  const why =
    'Node.js runs with --permission and may not start modprobe: add --allow-child-process';
  return failure(name, why, cause, 'ERR_ACCESS_DENIED');
}
