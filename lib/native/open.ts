/**
 * Opening a native handle in a network namespace.
 * @module
 */
import { operationError } from '../core/errors.js';
import type { Native, NativeHandle } from './addon.js';
import { loadNative } from './load.js';
import type { NamespaceTarget } from './netns.js';

/** An open handle and its addon. */
export interface Opened {
  readonly native: Native;
  readonly handle: NativeHandle;
}

/**
 * Opens a handle. When this returns, the caller may close the descriptor of the namespace. Resolves
 * to the error if it fails, so that the caller can load its words first: see lib/native/opened.ts.
 * @param ipvs true to require IPVS, false to require rtnetlink
 * @param part what is loaded for the handle. It is awaited, because many handles that are opened at
 *   once may take the descriptors that loading needs
 */
export async function beginToOpen(
  netns: NamespaceTarget,
  ipvs: boolean,
  part?: Promise<unknown>,
): Promise<Opened | { readonly error: unknown }> {
  let handle: NativeHandle | undefined;
  try {
    checkPlatform('open');
    const native = loadNative();
    handle = new native.Handle();
    if (typeof netns.target === 'number') handle.hold(netns.target);
    await part;
    await handle.open(netns.target, ipvs);
    return { native, handle };
  } catch (error) {
    handle?.close();
    return { error };
  }
}

/**
 * Checks that this is Linux.
 * @throws IpvsError ERR_IPVS_UNSUPPORTED_PLATFORM
 */
export function checkPlatform(operation: string): void {
  if (process.platform === 'linux') return;
  throw operationError(`IPVS is part of Linux, and this is ${process.platform}`, {
    code: 'ERR_IPVS_UNSUPPORTED_PLATFORM',
    operation,
  });
}
