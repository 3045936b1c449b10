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
 * Opens a handle. The opening has begun when this returns: the caller may then close the descriptor
 * of the namespace. Resolves to the error if it fails, so that the caller can load its words first:
 * see lib/native/opened.ts.
 * @param ipvs true to require IPVS, false to require rtnetlink
 */
export async function beginToOpen(
  netns: NamespaceTarget,
  ipvs: boolean,
): Promise<Opened | { readonly error: unknown }> {
  try {
    checkPlatform('open');
    const native = loadNative();
    const handle = new native.Handle();
    await handle.open(netns.target, ipvs);
    return { native, handle };
  } catch (error) {
    return { error };
  }
}

/**
 * Waits for what is loaded for a handle that is being opened. If it cannot be loaded, closes the
 * handle, which nobody will use.
 */
export async function forOpening<Part>(
  opening: ReturnType<typeof beginToOpen>,
  part: Promise<Part>,
): Promise<Part> {
  try {
    return await part;
  } catch (error) {
    void opening.then((result) => 'handle' in result && result.handle.close());
    throw error;
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
