/**
 * The table of subcommands. A command is a row in lib/cli/NAME/command.ts, and its code in
 * lib/cli/NAME/run.ts, which is loaded when the command runs.
 * @module
 */

import { apply } from './apply/command.js';
import { buildAddon } from './build-addon/command.js';
import type { Command } from './command.js';
import { completion } from './completion/command.js';
import { connections } from './connections/command.js';
import { diagnose } from './diagnose/command.js';
import { diff } from './diff/command.js';
import { director } from './director/command.js';
import { exporter } from './exporter/command.js';
import { help } from './help/command.js';
import { kubernetes } from './kubernetes/command.js';
import { list } from './list/command.js';
import { restore } from './restore/command.js';
import { save } from './save/command.js';
import { top } from './top/command.js';
import { version } from './version/command.js';

/** The subcommands, in the order of the help. */
export const commands: readonly Command[] = [
  list,
  save,
  restore,
  diff,
  apply,
  director,
  top,
  connections,
  diagnose,
  exporter,
  kubernetes,
  buildAddon,
  completion,
  help,
  version,
];
