/**
 * Network namespaces: their names, and the checks of options.
 * @module
 */
import { checkInteger, readObject, readOptions } from '../core/check.js';
import { wrongType, wrongValue } from '../core/input-errors.js';
import { descriptorOf, type Namespace } from './namespace.js';

/**
 * A network namespace: a {@link Namespace}, or one that is named by the path of its file
 * ('/run/netns/blue', '/proc/1234/ns/net'), as that of a process, or by a descriptor that is open
 * on it. The handle keeps a descriptor of its own: the caller's and the {@link Namespace} may be
 * closed, the process may end, the name may be deleted.
 */
export type NetworkNamespace =
  | string
  | Namespace
  | { readonly pid: number }
  | { readonly fd: number };

/** Options of {@link Ipvs.open} and {@link Links.open}. */
export interface OpenOptions {
  /**
   * The network namespace. Any but the process's own needs CAP_SYS_ADMIN. Default: the process's
   * own.
   */
  readonly netns?: NetworkNamespace | undefined;
}

const OPTION_KEYS = new Set(['netns'] as const);
const KEYS = new Set(['pid', 'fd'] as const);
const MAX = 2 ** 31 - 1;

/** A namespace as the addon takes it, with its name in messages. */
export interface NamespaceTarget {
  /** A path, '' for the process's own; or a descriptor. */
  readonly target: string | number;
  /** '' for the process's own. */
  readonly label: string;
}

/** The namespace of the process. @internal */
export const OWN_NAMESPACE: NamespaceTarget = { target: '', label: '' };

/** Checks the options of open(), and returns the namespace. @internal */
export function checkOpenOptions(options: unknown): NamespaceTarget {
  const { netns } = readOptions(options, OPTION_KEYS);
  if (netns === undefined) return OWN_NAMESPACE;
  const rule = 'a Namespace, the path of a network namespace, { pid } or { fd }';
  if (typeof netns === 'string') {
    if (netns === '' || netns.includes('\0')) {
      throw wrongValue('options.netns', netns, `is not ${rule}`);
    }
    return { target: netns, label: netns };
  }
  if (typeof netns !== 'object' || netns === null) throw wrongType('options.netns', netns, rule);
  const descriptor = descriptorOf(netns);
  if (descriptor !== undefined) {
    if (descriptor < 0) throw wrongValue('options.netns', netns, 'is closed');
    return descriptorTarget(descriptor);
  }
  if (!(Object.hasOwn(netns, 'pid') || Object.hasOwn(netns, 'fd'))) {
    const hint = 'then' in netns ? ': await the promise first' : '';
    throw wrongType('options.netns', netns, `${rule}${hint}`);
  }
  const { pid, fd } = readObject('options.netns', netns, KEYS);
  if (pid !== undefined && fd !== undefined) {
    throw wrongValue('options.netns', netns, `is not ${rule}, but both`);
  }
  if (fd !== undefined) return descriptorTarget(checkInteger('options.netns.fd', fd, 0, MAX));
  const path = `/proc/${checkInteger('options.netns.pid', pid, 1, MAX)}/ns/net`;
  return { target: path, label: path };
}

function descriptorTarget(descriptor: number): NamespaceTarget {
  return { target: descriptor, label: `descriptor ${descriptor}` };
}
