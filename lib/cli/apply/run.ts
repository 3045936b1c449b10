/**
 * `ipvs apply`.
 * @module
 */
import { integerOf } from '../arguments.js';
import type { Run } from '../command.js';
import { parseScopes } from '../scope.js';
import { reconcileFile } from '../state-file/reconcile.js';
import type { options } from './command.js';

/** Changes the table. */
export const run: Run<typeof options> = async ({ values, operands: [path = ''] }, context) => {
  const { prune, drain, keep, dryRun } = values;
  const range = [0, Number.MAX_SAFE_INTEGER] as const;
  const maxDeletions = integerOf('--max-deletions', values.maxDeletions, range);
  const scopes = parseScopes('--prune', prune);
  const wanted = { prune: scopes, drain, keep, dryRun, maxDeletions };
  await reconcileFile(path, values, wanted, context);
  return 0;
};
