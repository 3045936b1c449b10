/**
 * The row of `ipvs apply`, and its options.
 * @module
 */
import { defineCommand } from '../command.js';
import { OUTPUT_HELP, RECONCILE, SCOPE_HELP, STATE_FILE } from '../state-options.js';

/** The options of `ipvs apply`. */
export const options = {
  ...RECONCILE,
  dryRun: { summary: 'print the changes, and make none of them' },
  maxDeletions: {
    summary:
      'change nothing if more than N services and destinations would be deleted; a deleted ' +
      'service counts as one, with all its destinations',
    value: 'N',
  },
} as const;

/** The row of `ipvs apply`. */
export const apply = defineCommand({
  name: 'apply',
  summary: 'change the table to what a state file wants',
  description: [
    'Adds and updates the services and destinations of the file, and deletes other destinations ' +
      'of these services. Other services stay, unless --prune names them. A service without the ' +
      'property destinations keeps those that it has. Everything is checked before the first ' +
      'change; what is new comes before what is old goes.',
    'With --drain, a destination that is not wanted but has connections gets weight 0. Call the ' +
      "command again to delete it when the connections have ended, or use 'ipvs director'. " +
      'Destinations of udp are deleted at once, since their flows may never end.',
    OUTPUT_HELP,
    SCOPE_HELP,
  ],
  operands: [STATE_FILE],
  options,
  statuses: {
    0: 'the table is as wanted, apart from destinations that drain',
    1: 'some changes were refused, and the others made; or nothing could be done',
  },
  examples: [
    { command: 'ipvs apply state.yaml', summary: 'add and update the services of a file' },
    {
      command: 'ipvs apply --prune network=10.96.0.0/12 --drain state.yaml',
      summary: 'delete the other services of a network, and drain their destinations',
    },
    {
      command: 'ipvs apply --prune all --max-deletions 10 state.yaml',
      summary: 'change the whole table, unless the file lacks too much',
    },
  ],
  load: () => import('./run.js'),
});
