/**
 * What names a network namespace.
 * @module
 */
import { basename, dirname, join } from 'node:path';
import { checkInteger, readObject, readOptions } from '../core/check.js';
import { wrongType, wrongValue } from '../core/input-errors.js';

/**
 * A network namespace: by the path of its file ('/run/netns/blue', '/proc/1234/ns/net'), as that of
 * a process, or by a descriptor that is open on it. The handle keeps a descriptor of its own: the
 * caller's may be closed, the process may end, the name may be deleted.
 */
export type NetworkNamespace = string | { readonly pid: number } | { readonly fd: number };

/** Options of {@link Ipvs.open} and {@link Links.open}. */
export interface OpenOptions {
  /**
   * Which network namespace. Another than the process's own needs CAP_SYS_ADMIN. Default: the
   * process's own.
   */
  readonly netns?: NetworkNamespace | undefined;
}

const OPTION_KEYS = new Set(['netns'] as const);
const KEYS = new Set(['pid', 'fd'] as const);
const MAX = 2 ** 31 - 1;

/** A namespace as the addon takes it, and as messages name it. */
export interface NamespaceTarget {
  /** A path, '' for the process's own; or a descriptor. */
  readonly target: string | number;
  /** '' for the process's own. */
  readonly label: string;
}

/** The namespace of the process. @internal */
export const OWN_NAMESPACE: NamespaceTarget = { target: '', label: '' };

/** A word of a shell's command line. @internal */
export function shellWord(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}

/**
 * What to put before a command so that a shell of any other process runs it in a namespace: '' for
 * the process's own, undefined where the namespace has no name to be found by, such as a
 * descriptor.
 * @internal
 */
export function commandPrefix({ target }: NamespaceTarget): string | undefined {
  if (target === '') return '';
  if (typeof target === 'number') return undefined;
  const { existsSync, realpathSync } = process.getBuiltinModule('node:fs');
  try {
    // /proc/self is another process for whoever runs the command. What is in the folder may be no
    // file, but a link to one.
    const path = join(realpathSync(dirname(target)), basename(target));
    return existsSync(path) ? `nsenter --net=${shellWord(path)} ` : undefined;
  } catch {
    return undefined;
  }
}

/** Checks the options of opening. @internal */
export function checkOpenOptions(options: unknown): NamespaceTarget {
  const { netns } = readOptions(options, OPTION_KEYS);
  if (netns === undefined) return OWN_NAMESPACE;
  const rule = 'the path of a network namespace, { pid } or { fd }';
  if (typeof netns === 'string') {
    if (netns === '' || netns.includes('\0')) {
      throw wrongValue('options.netns', netns, `is not ${rule}`);
    }
    return { target: netns, label: netns };
  }
  if (typeof netns !== 'object' || netns === null) throw wrongType('options.netns', netns, rule);
  if (!(Object.hasOwn(netns, 'pid') || Object.hasOwn(netns, 'fd'))) {
    throw wrongType('options.netns', netns, rule);
  }
  const { pid, fd } = readObject('options.netns', netns, KEYS);
  if (pid !== undefined && fd !== undefined) {
    throw wrongValue('options.netns', netns, `is not ${rule}, but both`);
  }
  if (fd !== undefined) {
    const number = checkInteger('options.netns.fd', fd, 0, MAX);
    return { target: number, label: `descriptor ${number}` };
  }
  const path = `/proc/${checkInteger('options.netns.pid', pid, 1, MAX)}/ns/net`;
  return { target: path, label: path };
}
