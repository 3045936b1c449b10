/**
 * The row of `ipvs help`.
 * @module
 */
import { defineCommand } from '../command.js';

/** The row of `ipvs help`. */
export const help = defineCommand({
  name: 'help',
  summary: 'describe the commands',
  description: ['Prints the list of commands, or the help of one.'],
  operands: [
    { name: 'COMMAND', summary: 'the command to describe', optional: true, completes: 'command' },
  ],
  options: {},
  examples: [{ command: 'ipvs help list', summary: "describe 'ipvs list'" }],
  load: () => import('./run.js'),
});
