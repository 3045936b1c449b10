/**
 * The command with ipvsadm's grammar, in this process.
 * @module
 */
import { STATUS } from '../../ipvsadm/grammar/command-line-error.js';
import { currentProcess } from './host-process.js';
import { runIpvsadm } from './run.js';

/**
 * Runs a command line of ipvsadm. Resolves to the exit status.
 * @param program the name of the program in messages
 */
export async function runHere(args: readonly string[], program: string): Promise<number> {
  const words = args.map((arg) => Buffer.from(arg).toString('latin1'));
  const hostProcess = currentProcess(program);
  try {
    return await runIpvsadm(words, hostProcess);
  } catch (error) {
    // Such as that of a missing addon, which ipvsadm has no words for.
    if (!(error instanceof Error && 'errno' in error)) throw error;
    hostProcess.err(`${program}: ${error.message}\n`);
    return STATUS.failure;
  }
}
