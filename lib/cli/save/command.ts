/**
 * The row of `ipvs save`, and its options.
 * @module
 */
import { defineCommand, NETNS } from '../command.js';
import { FORMATS } from '../state-options.js';

/** The options of `ipvs save`. */
export const options = {
  format: {
    summary: `the format of the output: ${FORMATS.join(', ')}; by default yaml`,
    value: FORMATS.join('|'),
    completes: FORMATS,
  },
  json: { summary: 'the same as --format json' },
  exact: { summary: 'write what rules cannot have in comments, which only ipvs reads' },
  netns: NETNS,
} as const;

/** The row of `ipvs save`. */
export const save = defineCommand({
  name: 'save',
  summary: 'print the table as a state file',
  description: [
    "Prints all services with their destinations as a state, for 'ipvs restore', 'ipvs diff', " +
      "'ipvs apply' and 'ipvs director'. Settings that have their default are left out, but for " +
      'scheduler, forwarding and weight.',
    'A service or destination with settings that only another program could have set is printed ' +
      'as it was read, with its counters: these show where it comes from, and it is restored as ' +
      'it is.',
    "With '--format rules', prints what 'ipvsadm -Sn' prints. Rules cannot have thresholds and " +
      'some other settings: these are reported, unless --exact writes them in comments.',
  ],
  options,
  statuses: { 1: 'failure, or the rules lack settings' },
  examples: [
    { command: 'ipvs save', summary: 'print the table as YAML' },
    { command: 'ipvs save --json', summary: 'print the table as JSON' },
    { command: 'ipvs save --format rules', summary: 'print the table for ipvsadm -R' },
  ],
  load: () => import('./run.js'),
});
