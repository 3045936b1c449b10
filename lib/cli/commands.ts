/**
 * The table of subcommands. A command is a row in lib/cli/NAME/command.ts, and its code in
 * lib/cli/NAME/run.ts, which is loaded when the command runs.
 * @module
 */
import type { Command } from './command.js';
import { help } from './help/command.js';

/** The subcommands, in the order of the help. */
export const commands: readonly Command[] = [help];
