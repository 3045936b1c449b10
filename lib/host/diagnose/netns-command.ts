/**
 * Commands that enter a network namespace.
 * @module
 */
import { basename, dirname, join } from 'node:path';
import type { NamespaceTarget } from '../../native/netns.js';

/** Quotes a word for the command line of a shell, if need be. @internal */
function shellWord(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}

/**
 * Returns the beginning of a command line that runs the rest of it in a namespace, from a shell of
 * any other process: '' for the process's own, and undefined for a namespace that other processes
 * cannot find, such as a descriptor.
 * @internal
 */
export function commandPrefix({ target }: NamespaceTarget): string | undefined {
  if (target === '') return '';
  if (typeof target === 'number') return undefined;
  const { existsSync, realpathSync } = process.getBuiltinModule('node:fs');
  try {
    // /proc/self is another process for the shell. Only the folder is resolved, because the
    // namespace itself may be a symbolic link of /proc that has no path.
    const path = join(realpathSync(dirname(target)), basename(target));
    return existsSync(path) ? `nsenter --net=${shellWord(path)} ` : undefined;
  } catch {
    return undefined;
  }
}
