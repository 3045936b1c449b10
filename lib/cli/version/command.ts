/**
 * The row of `ipvs version`.
 * @module
 */
import { defineCommand } from '../command.js';

/** The row of `ipvs version`. */
export const version = defineCommand({
  name: 'version',
  summary: 'print the version',
  description: ['Prints the version of the package.'],
  options: {},
  examples: [{ command: 'ipvs version', summary: 'print the version' }],
  load: () => import('./run.js'),
});
