/**
 * Starts the log of calls if `NODE_DEBUG` asks for it.
 * @module
 */

import { debuglog } from '../core/util.js';

/** Starts the log if NODE_DEBUG contains `ipvs`. Node.js reads the variable when it starts. */
export async function openDebugLog(): Promise<void> {
  if (!debuglog('ipvs').enabled) return;
  const { startDebugLog } = await import('./debug-log.js');
  startDebugLog();
}
