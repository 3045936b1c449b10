#!/usr/bin/env node
/**
 * The command `ipvs`: subcommands, each a row of commands.ts.
 * @module
 */
import { argv, env, stderr, stdin, stdout } from 'node:process';
import { runProgram } from './program.js';

/** The exit status of a program that SIGPIPE ends, as shells report it. */
const CLOSED_PIPE = 128 + 13;

for (const stream of [stdout, stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
    process.exit(CLOSED_PIPE);
  });
}
process.exitCode = await runProgram(argv.slice(2), { stdin, stdout, stderr, env });
