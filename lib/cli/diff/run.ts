/**
 * `ipvs diff`.
 * @module
 */
import type { Run } from '../command.js';
import { parseScopes } from '../scope.js';
import { reconcileFile } from '../state-file/reconcile.js';
import type { options } from './command.js';

/** Prints the changes that are to be made. */
export const run: Run<typeof options> = async ({ values, operands: [path = ''] }, context) => {
  const { prune, drain, keep } = values;
  const { changes } = await reconcileFile(
    path,
    values,
    { prune: parseScopes('--prune', prune), drain, keep, dryRun: true },
    context,
  );
  return changes.length === 0 ? 0 : 1;
};
