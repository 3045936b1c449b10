/**
 * `ipvs help`.
 * @module
 */
import type { Run } from '../command.js';
import { commands } from '../commands.js';
import { findCommand } from '../program.js';
import { helpOf, overview } from './text.js';

/** Prints the help of a command, or the list of commands. */
export const run: Run<Record<never, never>> = async ({ operands: [name] }, { stdout }) => {
  stdout.write(name === undefined ? overview(commands) : helpOf(findCommand(name)));
  return 0;
};
