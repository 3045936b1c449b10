/**
 * Kernel modules: if they are loaded, and why the kernel does not load them on demand. Errors name
 * the module that is missing.
 * @module
 */
import { release } from 'node:os';
import { isDenied } from '../core/denied.js';

/** The facts about a module, and about how the kernel loads modules. */
export interface ModuleFacts {
  /** The module is loaded, or built into the kernel. */
  readonly loaded: boolean;
  /** The module is under /lib/modules; undefined if this kernel's modules are not visible. */
  readonly onDisk: boolean | undefined;
  /** The program that the kernel runs to load modules: '' for none, undefined if not visible. */
  readonly loader: string | undefined;
  /** kernel.modules_disabled: nothing can be loaded until the next boot. */
  readonly forbidden: boolean;
}

/** The reason why a module is missing, and the command that loads it, if there is one. */
interface Absence {
  readonly detail: string;
  readonly remedy: string | null;
}

/** The times of the last vain requests for modules, in milliseconds, by module. */
const vainRequests = new Map<string, number>();
/** The time for which a module counts as absent, in milliseconds: it may be installed later. */
const ABSENCE_LIFETIME = 60_000;

/**
 * Returns true if the kernel lacked a module recently. Another request would only make it run
 * modprobe again. @internal
 */
export function isKnownAbsent(name: string): boolean {
  const time = vainRequests.get(name);
  return time !== undefined && performance.now() - time < ABSENCE_LIFETIME && !isLoaded(name);
}

/** Remembers that the kernel lacks a module. @internal */
export function rememberAbsent(name: string): void {
  vainRequests.set(name, performance.now());
}

/** Forgets all absent modules, since loading one may load others. @internal */
export function forgetAbsent(): void {
  vainRequests.clear();
}

// An import of node:fs would read all of its exports, a third of the time that loading this
// package takes.
const fs = () => process.getBuiltinModule('node:fs');

/** Returns the text of a file; undefined if it cannot be read, also because of `--permission`. */
function textOf(path: string): string | undefined {
  try {
    return fs().readFileSync(path, 'latin1');
  } catch {
    return undefined;
  }
}

/**
 * Returns true if a module is loaded, or built in with parameters of its own. Other built-in
 * modules are not visible. @internal
 */
export function isLoaded(name: string): boolean {
  try {
    return fs().existsSync(`/sys/module/${name.replaceAll('-', '_')}`);
  } catch {
    return false;
  }
}

/** The lists of the modules on disk and in the kernel. */
interface ModuleLists {
  readonly onDisk: string | undefined;
  readonly builtIn: string | undefined;
}

/** The lists that have a module; undefined for a list that is not visible. */
type Listed = { readonly [List in keyof ModuleLists]: boolean | undefined };

/** The lists, read once for all failures of a batch, because they have some hundred KiB. */
let lists:
  | (ModuleLists & { readonly until: number; readonly found: Map<string, Listed> })
  | undefined;
const LISTS_LIFETIME = 1000;

/** Returns the release of the kernel; '' if Deno does not tell it. */
function kernelRelease(): string {
  try {
    return release();
  } catch (error) {
    if (isDenied(error)) return '';
    throw error;
  }
}

/** Looks for a module in the lists, which are searched once for all failures of a batch. */
function findInLists(name: string): Listed {
  if (lists === undefined || performance.now() > lists.until) {
    const folder = `/lib/modules/${kernelRelease()}`;
    lists = {
      onDisk: textOf(`${folder}/modules.dep`),
      builtIn: textOf(`${folder}/modules.builtin`),
      until: performance.now() + LISTS_LIFETIME,
      found: new Map(),
    };
  }
  const { onDisk, builtIn, found } = lists;
  const isIn = (list: string | undefined) => (list === undefined ? list : listsModule(list, name));
  const listed = found.get(name) ?? { onDisk: isIn(onDisk), builtIn: isIn(builtIn) };
  found.set(name, listed);
  return listed;
}

/**
 * Returns true if a list such as modules.dep has a line for the module. Dashes equal underscores.
 */
export function listsModule(list: string, name: string): boolean {
  const pattern = name.replace(/[^\w-]/g, '\\$&').replace(/[-_]/g, '[-_]');
  return new RegExp(`(^|/)${pattern}\\.ko`, 'm').test(list);
}

/** Returns the facts about a module. @internal */
export function factsOf(name: string): ModuleFacts {
  const { onDisk, builtIn = false } = findInLists(name);
  return {
    loaded: isLoaded(name) || builtIn,
    onDisk,
    loader: textOf('/proc/sys/kernel/modprobe')?.trim(),
    forbidden: textOf('/proc/sys/kernel/modules_disabled')?.trim() === '1',
  };
}

/**
 * Returns the reason why the kernel does not load modules on demand; undefined if it does, if that
 * is unknown, or if the module is loaded.
 */
export function noLoading({ loaded, loader, forbidden }: ModuleFacts): string | undefined {
  if (loaded) return undefined;
  if (forbidden) return 'kernel.modules_disabled forbids loading modules until the next boot';
  if (loader === '') return 'the kernel loads no modules on demand (kernel.modprobe is empty)';
  return undefined;
}

/** Returns the reason why the kernel lacks what module `name` provides. */
export function absenceOf(name: string, facts: ModuleFacts = factsOf(name)): Absence {
  const { loaded, onDisk, forbidden } = facts;
  const none = { detail: `the kernel has no module ${name}`, remedy: null };
  if (loaded) {
    return { detail: `module ${name} is loaded, but provides nothing of that name`, remedy: null };
  }
  if (onDisk === false) return none;
  const why = noLoading(facts);
  const load = forbidden ? null : `modprobe ${name}`;
  if (why !== undefined) {
    const hint = load === null ? '' : `: load it with ${load}`;
    const place = onDisk === undefined && load !== null ? ' on the host' : '';
    const detail = `module ${name} is not loaded, and ${why}${hint}${place}`;
    return { detail, remedy: onDisk ? load : null };
  }
  if (onDisk === undefined) return none;
  const [by, hint] = ORDINARY_LOADERS.has(facts.loader)
    ? ['', `see what modprobe ${name} says`]
    : [` by ${facts.loader} (kernel.modprobe)`, `load it with modprobe ${name}`];
  const detail = `module ${name} is on disk, but the kernel could not load it${by}: ${hint}`;
  return { detail, remedy: load };
}

/** The usual values of kernel.modprobe; undefined if not visible. */
const ORDINARY_LOADERS: ReadonlySet<string | undefined> = new Set([
  '/sbin/modprobe',
  '/usr/sbin/modprobe',
  '/bin/kmod',
  undefined,
]);
