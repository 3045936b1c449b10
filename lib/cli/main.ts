#!/usr/bin/env node
/**
 * The command `ipvs`: subcommands, or ipvsadm's grammar if the first argument is an option or the
 * program is called `ipvsadm`. Each is loaded when it is needed.
 * @module
 */

/** The path of a program, as far as its last slash, and the end of a module's name. */
const AROUND_NAME = /^.*\/|\.cjs$/g;

const [, path = '', ...args] = process.argv;
const called = path.replace(AROUND_NAME, '');
const program = called === 'cli' ? 'ipvs' : called;

/** Runs the command. Resolves to the exit status. */
async function main(): Promise<number> {
  if (program === 'ipvsadm' || args[0]?.startsWith('-')) {
    const { runHere } = await import('./ipvsadm/process.js');
    return runHere(args, program);
  }
  const { runSubcommand } = await import('./subcommand.js');
  return runSubcommand(args);
}

// Not awaited: with a top-level await, the bundler would add a file for each dynamic import.
void main().then((status) => {
  process.exitCode = status;
});
