/**
 * Running a subcommand: from the arguments of the process to its exit status.
 * @module
 */
import { isInputError } from '../core/input-errors.js';
import { typoHint } from '../core/typos.js';
import { parseArguments, UsageError } from './arguments.js';
import type { Command, Context } from './command.js';
import { commands } from './commands.js';
import { EXIT } from './exit-status.js';
import { describeFailure, InputFileError } from './failures.js';
import { helpOf, overview } from './help/text.js';

/**
 * Runs a subcommand. Without arguments, prints the list of commands. Resolves to the exit status.
 */
export async function runProgram(args: readonly string[], context: Context): Promise<number> {
  const [name, ...rest] = args;
  if (name === undefined) {
    context.stdout.write(overview(commands));
    return EXIT.success;
  }
  try {
    return await runCommand(findCommand(name), rest, context);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    context.stderr.write(`ipvs: ${error.message}\nTry 'ipvs help'.\n`);
    return EXIT.usage;
  }
}

/**
 * Returns a command by name.
 * @throws UsageError there is none
 */
export function findCommand(name: string): Command {
  const command = commands.find((each) => each.name === name);
  if (command !== undefined) return command;
  const names = commands.map((each) => each.name);
  throw new UsageError(`'${name}' is not a command${typoHint(name, names)}`);
}

async function runCommand(
  command: Command,
  args: readonly string[],
  context: Context,
): Promise<number> {
  const prefix = `ipvs ${command.name}`;
  try {
    const parsed = parseArguments(command, args);
    if (parsed.help) {
      context.stdout.write(helpOf(command));
      return EXIT.success;
    }
    return await command.execute(parsed, context);
  } catch (error) {
    if (error instanceof UsageError) {
      context.stderr.write(`${prefix}: ${error.message}\nTry '${prefix} --help'.\n`);
      return EXIT.usage;
    }
    context.stderr.write(describeFailure(prefix, error));
    const isInput = error instanceof InputFileError || isInputError(error);
    return isInput ? EXIT.usage : (command.failure ?? EXIT.failure);
  }
}
