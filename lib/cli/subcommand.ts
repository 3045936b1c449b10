/**
 * Running a subcommand in this process.
 * @module
 */
import { env, stderr, stdin, stdout } from 'node:process';
import { EXIT } from './exit-status.js';
import { runProgram } from './program.js';

/** Runs a subcommand. Resolves to the exit status. */
export function runSubcommand(args: readonly string[]): Promise<number> {
  for (const stream of [stdout, stderr]) {
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EPIPE') throw error;
      process.exit(EXIT.closedPipe);
    });
  }
  return runProgram(args, { stdin, stdout, stderr, env });
}
