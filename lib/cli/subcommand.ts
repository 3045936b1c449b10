/**
 * Running a subcommand in this process.
 * @module
 */
import { env, stderr, stdin, stdout } from 'node:process';
import { runProgram } from './program.js';

/** The exit status of a program that SIGPIPE ends, as shells report it. */
const CLOSED_PIPE = 128 + 13;

/** Runs a subcommand. Resolves to the exit status. */
export function runSubcommand(args: readonly string[]): Promise<number> {
  for (const stream of [stdout, stderr]) {
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EPIPE') throw error;
      process.exit(CLOSED_PIPE);
    });
  }
  return runProgram(args, { stdin, stdout, stderr, env });
}
