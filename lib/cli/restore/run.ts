/**
 * `ipvs restore`.
 * @module
 */
import type { Run } from '../command.js';
import { reconcileFile } from '../state-file/reconcile.js';
import type { options } from './command.js';

/** Restores the table. */
export const run: Run<typeof options> = async ({ values, operands: [path = '-'] }, context) => {
  await reconcileFile(path, values, { prune: true }, context);
  return 0;
};
