/**
 * Shell commands that set kernel parameters.
 * @module
 */
import { codeOf } from '../../core/errors.js';
import type { NamespaceTarget } from '../../native/netns.js';
import { commandPrefix } from './netns-command.js';

/** A command, or the reason why there is none. */
interface Remedy {
  readonly remedy: string | null;
  readonly why?: string;
}

/**
 * Returns the command that sets parameters.
 * @param settings the arguments of `sysctl -w`
 * @param global true if they can only be changed in the initial network namespace
 */
export type SysctlRemedy = (settings: readonly string[], global: boolean) => Remedy;

/** A file under /proc/sys that root may write unless /proc/sys is read-only. */
const WRITABLE = '/proc/sys/net/ipv4/ip_forward';

function isReadOnly(): boolean {
  const { accessSync, constants } = process.getBuiltinModule('node:fs');
  try {
    accessSync(WRITABLE, constants.W_OK);
    return false;
  } catch (error) {
    return codeOf(error) === 'EROFS';
  }
}

/** Returns the commands for a network namespace. @internal */
export function sysctlRemedyIn(netns: NamespaceTarget): SysctlRemedy {
  const prefix = commandPrefix(netns);
  const readOnly = isReadOnly();
  return (settings, global) => {
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
  };
}
