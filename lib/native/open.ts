/**
 * Opening a native handle in a network namespace.
 * @module
 */
import { operationError } from '../core/errors.js';
import type { Native, NativeHandle } from './addon.js';
import { loadNative } from './load.js';
import { openingError } from './native-errors.js';
import type { NamespaceTarget } from './netns.js';

/** An open handle and its addon. */
interface Opened {
  readonly native: Native;
  readonly handle: NativeHandle;
}

/**
 * Opens a handle.
 * @param ipvs true to require IPVS, false to require rtnetlink
 * @throws IpvsError ERR_IPVS_UNSUPPORTED_PLATFORM, ERR_IPVS_NO_ADDON, ERR_IPVS_UNAVAILABLE, EPERM,
 *   ENOENT, EINVAL, EBADF, ETIMEDOUT
 */
export async function openHandle(netns: NamespaceTarget, ipvs: boolean): Promise<Opened> {
  if (process.platform !== 'linux') {
    throw operationError(`IPVS is part of Linux, and this is ${process.platform}`, {
      code: 'ERR_IPVS_UNSUPPORTED_PLATFORM',
      operation: 'open',
    });
  }
  const native = loadNative();
  try {
    const handle = new native.Handle();
    await handle.open(netns.target, ipvs);
    return { native, handle };
  } catch (error) {
    throw openingError(error, netns.label);
  }
}
