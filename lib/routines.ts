/**
 * The operations of several exchanges and those that read files, by the names of their methods
 * (lib/handle-methods.ts).
 * @module
 */
import { readInfo } from './host/info.js';
import { readStatus } from './host/status.js';
import { readTotals } from './host/totals.js';
import { readSnapshot } from './ipvs/snapshot.js';

/** The routines of a handle. */
export const routines = {
  getInfo: readInfo,
  snapshot: readSnapshot,
  getStats: readTotals,
  getStatus: readStatus,
};
