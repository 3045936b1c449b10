/**
 * The result of opening a native handle.
 * @module
 */
import { openingError } from './native-errors.js';
import type { NamespaceTarget } from './netns.js';
import type { beginToOpen, Opened } from './open.js';

/** The result of {@link beginToOpen}. */
export type Opening = ReturnType<typeof beginToOpen>;

/**
 * Returns the handle that was opened.
 * @throws IpvsError ERR_IPVS_UNSUPPORTED_PLATFORM, ERR_IPVS_NO_ADDON, ERR_IPVS_UNAVAILABLE, EPERM,
 *   ENOENT, EINVAL, EBADF, ETIMEDOUT
 */
export async function opened(opening: Opening, netns: NamespaceTarget): Promise<Opened> {
  const result = await opening;
  if ('error' in result) throw openingError(result.error, netns.label);
  return result;
}
