/**
 * Starts the log of calls if `NODE_DEBUG` asks for it.
 * @module
 */

import { lazyPart } from '../core/load-part.js';
import { debuglog } from '../core/util.js';

const loadDebugLog = lazyPart(() => import('./debug-log.js'));

/**
 * Starts the log if NODE_DEBUG contains `ipvs`. Node.js reads the variable when it starts.
 * @throws IpvsError those of a part that cannot be loaded
 */
export async function openDebugLog(): Promise<void> {
  if (!debuglog('ipvs').enabled) return;
  const { startDebugLog } = await loadDebugLog('open');
  startDebugLog();
}
