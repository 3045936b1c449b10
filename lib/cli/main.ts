#!/usr/bin/env node
/**
 * The command `ipvs`: subcommands, or ipvsadm's grammar if the first argument is an option or the
 * program is called `ipvsadm`. Each is loaded when it is needed.
 * @module
 */

/** The path of a program, as far as its last slash, and the end of a module's name. */
const AROUND_NAME = /^.*\/|\.js$/g;

const [, path = '', ...args] = process.argv;
const called = path.replace(AROUND_NAME, '');
const program = called === 'cli' ? 'ipvs' : called;

if (program === 'ipvsadm' || args[0]?.startsWith('-')) {
  const { processTerminal } = await import('./ipvsadm/terminal.js');
  const { runIpvsadm } = await import('./ipvsadm/run.js');
  process.exitCode = await runIpvsadm(args, processTerminal(program));
} else {
  const { runSubcommand } = await import('./subcommand.js');
  process.exitCode = await runSubcommand(args);
}
