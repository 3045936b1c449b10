/**
 * The row of `ipvs restore`, and its options.
 * @module
 */
import { defineCommand, JSON_OUTPUT } from '../command.js';
import { OUTPUT_HELP, READS_STATE, STATE_FILE } from '../state-options.js';

/** The options of `ipvs restore`. */
export const options = { json: JSON_OUTPUT, ...READS_STATE } as const;

/** The row of `ipvs restore`. */
export const restore = defineCommand({
  name: 'restore',
  summary: "change the table to what 'ipvs save' has printed",
  description: [
    "Gives the table the services and destinations of the file, and no others, as 'ipvs apply " +
      "--prune all' does. What is as it was saved is not touched, and keeps its connections.",
    OUTPUT_HELP,
  ],
  operands: [
    { ...STATE_FILE, optional: true, summary: 'the state file; by default standard input' },
  ],
  options,
  statuses: { 1: 'some changes were refused, and the others made; or nothing could be done' },
  examples: [
    { command: 'ipvs restore state.yaml', summary: 'restore a saved table' },
    { command: 'ipvs save | ipvs restore', summary: 'change nothing' },
  ],
  load: () => import('./run.js'),
});
