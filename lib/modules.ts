/**
 * Kernel modules. This is the only place where a program is run, and only when it is asked for.
 * @module
 */
import { promisify } from 'node:util';
import { readArray } from './check.js';
import { IpvsError, wrongType, wrongValue } from './errors.js';

/** What became of a module. */
export interface LoadedModule {
  /** As it was asked for. */
  readonly name: string;
  /** 'present': it was there before. */
  readonly status: 'loaded' | 'present';
}

/** When the kernel was last asked in vain for a module, in milliseconds: each time, it runs modprobe. */
const askedInVain = new Map<string, number>();
/** A module may be installed meanwhile. */
const ABSENCE_HOLDS = 60_000;

/** Whether the kernel lacked a module a moment ago, so that asking again would only cost it another modprobe. @internal */
export function isKnownAbsent(name: string): boolean {
  const asked = askedInVain.get(name);
  return asked !== undefined && performance.now() - asked < ABSENCE_HOLDS && !isLoaded(name);
}

/** Remembers that the kernel lacks a module. @internal */
export function rememberAbsent(name: string): void {
  askedInVain.set(name, performance.now());
}

/** Where modprobe is, also for those whose PATH leaves it out. */
const PATH = `${process.env['PATH'] ?? ''}:/usr/sbin:/sbin`;

/** Whether a module is loaded, or built in with parameters of its own; other built-in ones cannot be seen. @internal */
export function isLoaded(name: string): boolean {
  // An import reads all that node:fs exports, which takes a third as long as loading all of this package.
  const { existsSync } = process.getBuiltinModule('node:fs');
  return existsSync(`/sys/module/${name.replaceAll('-', '_')}`);
}

/**
 * Loads kernel modules that are not loaded, each by `modprobe -- NAME`, without a shell. Needs CAP_SYS_MODULE and the modules of the
 * running kernel under /lib/modules.
 * @param names such as `['ip_vs', 'ip_vs_mh']`
 * @throws IpvsError ERR_IPVS_MODULE: modprobe is missing or fails; its message has what modprobe says. Modules before that one are loaded
 */
export async function loadModules(names: readonly string[]): Promise<LoadedModule[]> {
  const rule = 'an array of module names of letters, digits, dashes and underscores';
  const wanted = readArray('names', names, rule, (name) => {
    if (typeof name !== 'string') throw wrongType('names', name, rule);
    if (!/^\w[\w-]*$/.test(name)) throw wrongValue('names', name, `is not in ${rule}`);
    return name;
  });
  const modules: LoadedModule[] = [];
  for (const name of wanted) {
    if (isLoaded(name)) modules.push({ name, status: 'present' });
    else modules.push(await load(name));
  }
  return modules;
}

async function load(name: string): Promise<LoadedModule> {
  try {
    askedInVain.clear();
    // Only here: loading it takes a quarter as long as loading all of this package.
    const { execFile } = await import('node:child_process');
    await promisify(execFile)('modprobe', ['--', name], { env: { ...process.env, PATH } });
    return { name, status: 'loaded' };
  } catch (error) {
    const { stderr = '', code } = error as { stderr?: string; code?: unknown };
    const said = stderr.trim() === '' ? `modprobe fails (${code})` : stderr.trim();
    const why = code === 'ENOENT' ? 'there is no program modprobe' : said;
    throw new IpvsError(`loadModules ${name}: ${why}`, {
      code: 'ERR_IPVS_MODULE',
      syscall: 'modprobe',
      operation: 'loadModules',
      target: name,
      cause: error,
    });
  }
}
