/**
 * Running a subcommand in this process.
 * @module
 */
import { env, stderr, stdin, stdout } from 'node:process';
import { commands } from './commands.js';
import { EXIT } from './exit-status.js';
import { runProgram } from './program.js';

/** Runs a subcommand. Resolves to the exit status. */
export function runSubcommand(args: readonly string[]): Promise<number> {
  for (const stream of [stdout, stderr]) {
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EPIPE') process.exit(EXIT.closedPipe);
      // Such as on a disk that is full.
      if (stream === stdout) stderr.write(`ipvs: the output cannot be written: ${error.message}\n`);
      process.exit(commands.find(({ name }) => name === args[0])?.failure ?? EXIT.failure);
    });
  }
  return runProgram(args, { stdin, stdout, stderr, env });
}
