/**
 * The row of `ipvs diagnose`, and its options.
 * @module
 */
import { defineCommand, JSON_OUTPUT, NETNS } from '../command.js';

/** The options of `ipvs diagnose`. */
export const options = {
  scheduler: {
    summary: 'check this scheduler; by default all of Linux are listed, of which few are needed',
    value: 'NAME',
    repeatable: true,
  },
  json: JSON_OUTPUT,
  netns: NETNS,
} as const;

/** The row of `ipvs diagnose`. */
export const diagnose = defineCommand({
  name: 'diagnose',
  summary: 'tell what this host lacks for IPVS',
  description: [
    'Checks modules, privileges and kernel parameters, and prints what was found. Where a ' +
      'command fixes a problem, it follows on a line of its own.',
    'With --json, prints an array of objects with name, status (ok, warning, missing or ' +
      'unknown), detail and remedy.',
  ],
  options,
  statuses: {
    0: 'nothing is missing',
    1: 'something is missing, apart from schedulers that --scheduler does not name',
  },
  failure: 2,
  examples: [
    { command: 'ipvs diagnose --scheduler wrr', summary: 'check the host for a scheduler' },
  ],
  load: () => import('./run.js'),
});
