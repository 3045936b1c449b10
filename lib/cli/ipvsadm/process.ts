/**
 * The command with ipvsadm's grammar, in this process. It is built into a file of its own with all
 * that it needs: it starts in half of the time that the files of the library take to load.
 * @module
 */
import { runIpvsadm } from './run.js';
import { processTerminal } from './terminal.js';

/**
 * Runs a command line of ipvsadm. Resolves to the exit status.
 * @param program the name of the program in messages
 */
export function runHere(args: readonly string[], program: string): Promise<number> {
  const words = args.map((arg) => Buffer.from(arg).toString('latin1'));
  return runIpvsadm(words, processTerminal(program));
}
