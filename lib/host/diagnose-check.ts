/**
 * The result of a look at one thing, and the commands that change it.
 * @module
 */
import { commandPrefix, type NamespaceTarget } from '../native/netns.js';

/** One thing that was looked at. */
export interface Check {
  /** 'ip_vs', 'capability', 'scheduler mh', 'ip_forward' ... */
  readonly name: string;
  /**
   * - `ok`: as it should be
   * - `warning`: works, but often not as wished
   * - `missing`: what needs it does not work
   * - `unknown`: cannot be told from here
   */
  readonly status: 'ok' | 'warning' | 'missing' | 'unknown';
  /** What was found, in words. */
  readonly detail: string;
  /**
   * A shell command for root that fixes it, to be run as it is; null where there is none that could
   * be run here.
   */
  readonly remedy: string | null;
}

/** Reads files in the network namespace in question: the text, or the positive errno. */
export type ReadFiles = (paths: readonly string[]) => Promise<readonly (string | number)[]>;

/** @internal */
export const check = (
  name: string,
  status: Check['status'],
  detail: string,
  remedy: string | null = null,
): Check => ({ name, status, detail, remedy });

/** The command that sets parameters; or why there is none. */
export interface Remedies {
  /** `global`: they can only be changed in the initial network namespace. */
  set(
    settings: readonly string[],
    global: boolean,
  ): { readonly remedy: string | null; readonly why?: string };
}

/** A file under /proc/sys that root may write wherever that is writable. */
const WRITABLE = '/proc/sys/net/ipv4/ip_forward';

function isReadOnly(): boolean {
  const { accessSync, constants } = process.getBuiltinModule('node:fs');
  try {
    accessSync(WRITABLE, constants.W_OK);
    return false;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EROFS';
  }
}

/** The commands for a network namespace. @internal */
export function remediesOf(netns: NamespaceTarget): Remedies {
  const prefix = commandPrefix(netns);
  const readOnly = isReadOnly();
  return {
    set: (settings, global) => {
      if (readOnly) {
        return {
          remedy: null,
          why: '/proc/sys is read-only here: set it where the container is started',
        };
      }
      if (global && prefix !== '') {
        return { remedy: null, why: 'it is set in the initial network namespace' };
      }
      return { remedy: prefix === undefined ? null : `${prefix}sysctl -w ${settings.join(' ')}` };
    },
  };
}
