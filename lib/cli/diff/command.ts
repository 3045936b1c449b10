/**
 * The row of `ipvs diff`, and its options.
 * @module
 */
import { defineCommand } from '../command.js';
import { OUTPUT_HELP, RECONCILE, SCOPE_HELP, STATE_FILE } from '../state-options.js';

/** The options of `ipvs diff`. */
export const options = RECONCILE;

/** The row of `ipvs diff`. */
export const diff = defineCommand({
  name: 'diff',
  summary: 'compare the table with a state file',
  description: [
    "Prints the changes that 'ipvs apply' would make with the same options, and makes none. " +
      "Services that are not in the file count if they are in a scope of '--prune'.",
    OUTPUT_HELP,
    SCOPE_HELP,
  ],
  operands: [STATE_FILE],
  options,
  statuses: { 0: 'the table is as wanted', 1: 'something is to be changed' },
  failure: 2,
  examples: [
    { command: 'ipvs diff state.yaml', summary: 'compare the services of a file' },
    { command: 'ipvs diff --prune all state.yaml', summary: 'compare the whole table' },
    { command: 'ipvs save | ipvs diff --prune all -', summary: 'compare the table with itself' },
  ],
  load: () => import('./run.js'),
});
