/**
 * Starts the log of calls if `NODE_DEBUG` asks for it.
 * @module
 */

import { debuglog } from '../core/util.js';

/**
 * Returns a function that imports what a handle needs, and starts the log if NODE_DEBUG contains
 * `ipvs`. Node.js reads the variable when it starts.
 */
export function withDebugLog<Part>(load: () => Promise<Part>): () => Promise<Part> {
  return async () => {
    const part = await load();
    if (debuglog('ipvs').enabled) (await import('./debug-log.js')).startDebugLog();
    return part;
  };
}
