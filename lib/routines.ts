/**
 * The operations of several exchanges and those that read files, by the names of their methods
 * (lib/handle-methods.ts).
 * @module
 */
import { readInfo } from './host/info.js';
import { readStatus } from './host/status.js';
import { readTotals } from './host/totals.js';
import { readSnapshot } from './ipvs/snapshot.js';
import { reconcileWith, type StateAccess } from './state/reconcile.js';

/** Returns the routines of a handle. */
export const routinesOf = (access: StateAccess) => ({
  getInfo: readInfo,
  snapshot: readSnapshot,
  reconcile: reconcileWith(access),
  getStats: readTotals,
  getStatus: readStatus,
});

/** The routines of a handle. */
export type Routines = ReturnType<typeof routinesOf>;
