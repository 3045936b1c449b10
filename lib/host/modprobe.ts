/**
 * Running modprobe. No other code of this package runs a program.
 * @module
 */
import { delimiter, isAbsolute, join } from 'node:path';
import { describeRefusal, isDenied } from '../core/denied.js';
import { IpvsError } from '../core/errors.js';
import { cut } from '../core/show.js';
import { callOnAbort, throwIfAborted } from '../core/signals.js';
import { forgetAbsent, isLoaded } from '../native/kernel-modules.js';
import type { LoadedModule } from './load-modules.js';

/** The folders of modprobe, which may be missing in PATH. */
const SYSTEM_FOLDERS = ['/usr/sbin', '/sbin', '/usr/bin', '/bin'];

/** The checked arguments of loadModules(). */
interface LoadRequest {
  readonly wanted: readonly string[];
  readonly timeout: number | undefined;
  readonly signal: AbortSignal | undefined;
  /** PATH at the call. */
  readonly path: string;
}

/** Loads the modules that are not loaded yet. Loaded by the first loadModules(). */
export async function loadAll({
  wanted,
  timeout,
  signal,
  path,
}: LoadRequest): Promise<LoadedModule[]> {
  throwIfAborted(signal);
  const stop = new AbortController();
  const expiry = new Error('the time is over');
  const timer = timeout === undefined ? undefined : setTimeout(() => stop.abort(expiry), timeout);
  const forgetSignal = signal && callOnAbort(signal, (reason) => stop.abort(reason));
  const folders = programFolders(path);
  const modules: LoadedModule[] = [];
  try {
    for (const name of wanted) {
      const present = isLoaded(name);
      if (!present) {
        await load(name, folders, stop.signal).catch((error: unknown) => {
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

/**
 * Returns the folders to search. An empty or relative element of PATH is left out, because it would
 * be taken from the working directory.
 */
function programFolders(path: string): string[] {
  const folders = path.split(delimiter).filter((folder) => isAbsolute(folder));
  return [...new Set([...folders, ...SYSTEM_FOLDERS])];
}

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
  // The process may be allowed to run it where it may not look for it.
  return denied ? '/sbin/modprobe' : undefined;
}

/** Loads a module; rejects with the reason of `stop` when that is aborted. */
async function load(name: string, folders: readonly string[], stop: AbortSignal): Promise<void> {
  stop.throwIfAborted();
  forgetAbsent();
  const program = findModprobe(folders);
  if (program === undefined) throw moduleError(name, 'there is no program modprobe');
  // Loaded on demand: it takes a quarter as long as loading all of this package.
  const { execFile } = await import('node:child_process');
  stop.throwIfAborted();
  let kill = () => {};
  try {
    const env = { ...process.env, PATH: folders.join(delimiter) };
    await new Promise<void>((resolve, reject) => {
      const child = execFile(program, ['--', name], { env }, (error, _, stderr) => {
        if (error === null) resolve();
        else if (isDenied(error)) reject(error);
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

function deniedError(name: string, cause: unknown): IpvsError {
  const why = describeRefusal(cause, 'start modprobe', '--allow-child-process', '--allow-run');
  return moduleError(name, why, cause, 'ERR_ACCESS_DENIED');
}
