/**
 * `ipvs completion`.
 * @module
 */
import type { Run } from '../command.js';
import { commands } from '../commands.js';
import { printLines } from '../output.js';
import { bashCompletion } from './bash.js';
import { zshCompletion } from './zsh.js';

/** Prints the script of a shell. */
export const run: Run<Record<never, never>> = async ({ operands: [shell] }, { stdout }) => {
  const script = shell === 'zsh' ? zshCompletion(commands) : bashCompletion(commands);
  await printLines(stdout, [script]);
  return 0;
};
