/**
 * Starts the log of calls if `NODE_DEBUG` asks for it.
 * @module
 */
import { loadPart } from '../core/load-part.js';
import { debuglog } from '../core/util.js';

/**
 * Starts the log if NODE_DEBUG contains `ipvs`. Node.js reads the variable when it starts.
 * @throws IpvsError those of loadPart()
 */
export async function openDebugLog(): Promise<void> {
  if (!debuglog('ipvs').enabled) return;
  const { startDebugLog } = await loadPart('open', () => import('./debug-log.js'));
  startDebugLog();
}
