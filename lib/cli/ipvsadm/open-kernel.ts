/**
 * Opening the connection to the kernel.
 * @module
 */
import { loadNative } from '../../native/load.js';
import type { NamespaceTarget } from '../../native/netns.js';
import { Kernel } from './kernel.js';

/** The connection, or the errno with which it could not be opened. */
export type Opened = { readonly kernel: Kernel } | { readonly errno: number };

/**
 * Opens a connection. If IPVS is missing, its module is loaded first, as by ipvsadm.
 * @throws IpvsError ERR_IPVS_NO_ADDON
 */
export async function openKernel(netns: NamespaceTarget): Promise<Opened> {
  const opened = await tryToOpen(netns);
  if ('kernel' in opened) return opened;
  try {
    const { loadModules } = await import('../../host/load-modules.js');
    await loadModules(['ip_vs']);
  } catch {
    return opened;
  }
  return tryToOpen(netns);
}

async function tryToOpen({ target }: NamespaceTarget): Promise<Opened> {
  const native = loadNative();
  const handle = new native.Handle();
  try {
    await handle.open(target, true);
    return { kernel: new Kernel(handle) };
  } catch (error) {
    const errno = error instanceof Error && 'errno' in error ? error.errno : undefined;
    if (typeof errno !== 'number') throw error;
    return { errno };
  }
}
