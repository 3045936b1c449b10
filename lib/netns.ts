/**
 * What names a network namespace.
 * @module
 */
import { checkInteger, checkKeys } from './check.js';
import { wrongType, wrongValue } from './errors.js';

/**
 * A network namespace: by the path of its file ('/run/netns/blue', '/proc/1234/ns/net'), as that of a process, or by a descriptor that is
 * open on it. The handle keeps a descriptor of its own: the caller's may be closed, the process may end, the name may be deleted.
 */
export type NetworkNamespace = string | { readonly pid: number } | { readonly fd: number };

/** Options of {@link Ipvs.open} and {@link Links.open}. */
export interface OpenOptions {
  /** Which network namespace. Another than the process's own needs CAP_SYS_ADMIN. Default: the process's own. */
  readonly netns?: NetworkNamespace | undefined;
}

const OPTION_KEYS: ReadonlySet<string> = new Set(['netns']);
const PID_KEYS: ReadonlySet<string> = new Set(['pid']);
const FD_KEYS: ReadonlySet<string> = new Set(['fd']);
const MAX = 2 ** 31 - 1;

/** A namespace as the addon takes it, and as messages name it. */
export interface NamespaceTarget {
  /** A path, '' for the process's own; or a descriptor. */
  readonly target: string | number;
  /** '' for the process's own. */
  readonly label: string;
}

/** Checks the options of opening. @internal */
export function checkOpenOptions(options: unknown): NamespaceTarget {
  checkKeys('options', options, OPTION_KEYS);
  // checkKeys() has seen an object.
  const { netns } = options as { readonly netns?: unknown };
  if (netns === undefined) return { target: '', label: '' };
  const rule = 'the path of a network namespace, { pid } or { fd }';
  if (typeof netns === 'string') {
    if (netns === '' || netns.includes('\0')) {
      throw wrongValue('options.netns', netns, `is not ${rule}`);
    }
    return { target: netns, label: netns };
  }
  if (typeof netns !== 'object' || netns === null) throw wrongType('options.netns', netns, rule);
  if (!('pid' in netns || 'fd' in netns)) throw wrongType('options.netns', netns, rule);
  if ('pid' in netns) {
    checkKeys('options.netns', netns, PID_KEYS);
    const pid = checkInteger('options.netns.pid', netns.pid, 1, MAX);
    return { target: `/proc/${pid}/ns/net`, label: `/proc/${pid}/ns/net` };
  }
  checkKeys('options.netns', netns, FD_KEYS);
  const fd = checkInteger('options.netns.fd', (netns as { fd: unknown }).fd, 0, MAX);
  return { target: fd, label: `descriptor ${fd}` };
}
