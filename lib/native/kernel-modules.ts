/**
 * What the kernel has of a module: whether it is loaded, and why the kernel does not load it on
 * demand.
 * @module
 */
import { release } from 'node:os';

/** What can be seen of a module, and of how the kernel loads modules. */
export interface ModuleFacts {
  /** The module is loaded, or built into the kernel. */
  readonly loaded: boolean;
  /** A file of it is under /lib/modules. Undefined: the modules of this kernel are not visible. */
  readonly onDisk: boolean | undefined;
  /**
   * The program that the kernel runs to load modules on demand: '' for none, undefined if not
   * visible.
   */
  readonly loader: string | undefined;
  /** kernel.modules_disabled: nothing can be loaded until the next boot. */
  readonly forbidden: boolean;
}

/** Why a module is not there, and the command that loads it, if there is one. */
export interface Absence {
  readonly detail: string;
  readonly remedy: string | null;
}

/**
 * When the kernel was last asked in vain for a module, in milliseconds: each time, it runs
 * modprobe.
 */
const askedInVain = new Map<string, number>();
/** A module may be installed meanwhile. */
const ABSENCE_HOLDS = 60_000;

/**
 * Whether the kernel lacked a module a moment ago, so that asking again would only cost it another
 * modprobe. @internal
 */
export function isKnownAbsent(name: string): boolean {
  const asked = askedInVain.get(name);
  return asked !== undefined && performance.now() - asked < ABSENCE_HOLDS && !isLoaded(name);
}

/** Remembers that the kernel lacks a module. @internal */
export function rememberAbsent(name: string): void {
  askedInVain.set(name, performance.now());
}

/** Forgets which modules were absent: loading one may bring others. @internal */
export function forgetAbsent(): void {
  askedInVain.clear();
}

// An import reads all that node:fs exports, which takes a third as long as loading all of this
// package.
const fs = () => process.getBuiltinModule('node:fs');

/** The text of a file, or undefined: also where Node.js itself may not read it (`--permission`). */
function textOf(path: string): string | undefined {
  try {
    return fs().readFileSync(path, 'latin1');
  } catch {
    return undefined;
  }
}

/**
 * Whether a module is loaded, or built in with parameters of its own; other built-in ones cannot be
 * seen. @internal
 */
export function isLoaded(name: string): boolean {
  try {
    return fs().existsSync(`/sys/module/${name.replaceAll('-', '_')}`);
  } catch {
    return false;
  }
}

/** The lists of the modules on disk and in the kernel. */
interface Lists {
  readonly onDisk: string | undefined;
  readonly builtIn: string | undefined;
}

/** Read once for all failures of a batch: the lists have some hundred KiB. */
let lists: (Lists & { readonly until: number }) | undefined;
const LISTS_HOLD = 1000;

function readLists(): Lists {
  if (lists === undefined || performance.now() > lists.until) {
    const folder = `/lib/modules/${release()}`;
    lists = {
      onDisk: textOf(`${folder}/modules.dep`),
      builtIn: textOf(`${folder}/modules.builtin`),
      until: performance.now() + LISTS_HOLD,
    };
  }
  return lists;
}

/**
 * Whether a list such as modules.dep has a line of the module. A dash and an underscore are the
 * same.
 */
export function listsModule(list: string, name: string): boolean {
  const pattern = name.replace(/[^\w-]/g, '\\$&').replace(/[-_]/g, '[-_]');
  return new RegExp(`(^|/)${pattern}\\.ko`, 'm').test(list);
}

/** Looks at a module. @internal */
export function factsOf(name: string): ModuleFacts {
  const { onDisk, builtIn } = readLists();
  return {
    loaded: isLoaded(name) || (builtIn !== undefined && listsModule(builtIn, name)),
    onDisk: onDisk === undefined ? undefined : listsModule(onDisk, name),
    loader: textOf('/proc/sys/kernel/modprobe')?.trim(),
    forbidden: textOf('/proc/sys/kernel/modules_disabled')?.trim() === '1',
  };
}

/** Why the kernel does not load what is not loaded; undefined: it would, or nobody can tell. */
export function noLoading({ loaded, loader, forbidden }: ModuleFacts): string | undefined {
  if (loaded) return undefined;
  if (forbidden) return 'kernel.modules_disabled forbids to load any until the next boot';
  if (loader === '') return 'the kernel loads none on demand (kernel.modprobe is empty)';
  return undefined;
}

/** Why the kernel does not have what module `name` should bring. */
export function absenceOf(name: string, facts: ModuleFacts = factsOf(name)): Absence {
  const { loaded, onDisk, forbidden } = facts;
  const none = { detail: `the kernel has no module ${name}`, remedy: null };
  if (loaded) {
    return { detail: `module ${name} is loaded, but brings nothing of that name`, remedy: null };
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

/** The programs that kernels are built with; undefined: not visible. */
const ORDINARY_LOADERS: ReadonlySet<string | undefined> = new Set([
  '/sbin/modprobe',
  '/usr/sbin/modprobe',
  '/bin/kmod',
  undefined,
]);
