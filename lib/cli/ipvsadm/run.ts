/**
 * The command with ipvsadm's grammar, from the arguments to the exit status.
 * @module
 */
import { NoCommandError, parseCommandLine } from '../../ipvsadm/grammar/command-line.js';
import { CommandLineError, STATUS } from '../../ipvsadm/grammar/command-line-error.js';
import type { Invocation } from '../../ipvsadm/grammar/invocation.js';
import { listConnections } from './connections.js';
import { isChange } from './encode-request.js';
import { helpText, VERSION } from './help.js';
import { type HostProcess, linesIn } from './host-process.js';
import { type Kernel, KernelError } from './kernel.js';
import { kernelErrorText, openingErrno } from './kernel-errors.js';
import { listDaemons, listTable, listTimeouts, saveTable } from './listings.js';
import { NameLookup } from './name-lookup.js';
import { openKernel } from './open-kernel.js';
import { PendingChanges } from './pending-changes.js';

/** Runs a command line of ipvsadm. Resolves to the exit status. */
export async function runIpvsadm(
  args: readonly string[],
  hostProcess: HostProcess,
): Promise<number> {
  const opened = await openKernel(hostProcess.netns);
  if ('errno' in opened) {
    const text = kernelErrorText(undefined, openingErrno(opened.errno));
    hostProcess.err(
      `Can't initialize ipvs: ${text}\n` +
        'Are you sure that IP Virtual Server is built in the kernel or as module?\n',
    );
    return STATUS.usage;
  }
  const session = new Session(opened.kernel, hostProcess);
  try {
    return await session.run(args.length === 0 ? ['-L'] : args);
  } finally {
    opened.kernel.close();
  }
}

/** A command line that was executed, or refused. */
interface LineResult {
  readonly status: number;
  /** True: the lines behind it are not executed. */
  readonly stops: boolean;
}

/** The result of a change that is not sent yet. */
const ADDED: LineResult = { status: STATUS.success, stops: false };

class Session {
  readonly #kernel: Kernel;
  readonly #hostProcess: HostProcess;
  readonly #names = new NameLookup();
  readonly #changes: PendingChanges;

  constructor(kernel: Kernel, hostProcess: HostProcess) {
    this.#kernel = kernel;
    this.#hostProcess = hostProcess;
    this.#changes = new PendingChanges(kernel, (command, errno) =>
      hostProcess.err(`${kernelErrorText(command, errno)}\n`),
    );
  }

  async run(args: readonly string[]): Promise<number> {
    const { status } = await this.#execute(args, false);
    return this.#changes.flush() ?? status;
  }

  /** Executes a command line, or adds its change to those that are sent together. */
  #execute(words: readonly string[], isRestoring: boolean): LineResult | Promise<LineResult> {
    let invocation: Invocation | undefined;
    let refusal: unknown;
    try {
      invocation = parseCommandLine(words, { resolve: this.#names.resolve, quirks: true });
      if (isRestoring && invocation.command === 'restore') throw new NoCommandError();
    } catch (error) {
      refusal = error;
    }
    if (this.#names.isPending) return this.#executeLater(words, isRestoring);
    if (refusal instanceof CommandLineError) return this.#refuse(refusal);
    if (refusal !== undefined || invocation === undefined) throw refusal;
    if (isChange(invocation)) {
      this.#changes.add(invocation);
      return ADDED;
    }
    this.#changes.flush();
    return this.#print(invocation);
  }

  /** Executes a command line that has names of hosts, with their addresses. */
  async #executeLater(words: readonly string[], isRestoring: boolean): Promise<LineResult> {
    await this.#names.lookUp();
    return this.#execute(words, isRestoring);
  }

  #refuse(error: CommandLineError): LineResult {
    this.#changes.flush();
    const { program, err } = this.#hostProcess;
    const isNoCommand = error instanceof NoCommandError;
    err(
      isNoCommand
        ? `Try \`${program} -h' or '${program} --help' for more information.\n`
        : `${error.message}\n`,
    );
    return { status: error.status, stops: isNoCommand || error.status === STATUS.usage };
  }

  /** Executes a command that reads or prints. */
  async #print(invocation: Invocation): Promise<LineResult> {
    const hostProcess = this.#hostProcess;
    switch (invocation.command) {
      case 'help':
        hostProcess.out(helpText(hostProcess.program));
        return { status: STATUS.success, stops: true };
      case 'version':
        hostProcess.out(VERSION);
        return { status: STATUS.success, stops: true };
      case 'restore':
        return { status: await this.#restore(), stops: true };
      default:
        return this.#list(invocation);
    }
  }

  async #list(invocation: Invocation): Promise<LineResult> {
    const { command, given } = invocation;
    const kernel = this.#kernel;
    const hostProcess = this.#hostProcess;
    // ipvsadm does not say why it cannot read timeouts and daemons.
    const isSilent = given.has('timeout') || given.has('daemon');
    try {
      if (given.has('timeout')) listTimeouts(kernel, hostProcess);
      else if (given.has('daemon')) listDaemons(kernel, hostProcess);
      else if (command === 'save') await saveTable(invocation, kernel, hostProcess);
      else if (!given.has('connection')) await listTable(invocation, kernel, hostProcess);
      else {
        const engines = given.has('persistent-conn');
        const style = { numeric: given.has('numeric'), engines };
        const status = await listConnections(style, hostProcess);
        return { status, stops: status !== STATUS.success };
      }
      return { status: STATUS.success, stops: false };
    } catch (error) {
      if (!(error instanceof KernelError)) throw error;
      if (!isSilent) hostProcess.err(`${kernelErrorText('list', error.errno)}\n`);
      return { status: STATUS.unreadable, stops: true };
    }
  }

  /** Executes the lines of stdin. Resolves to the status of the last one, as in ipvsadm. */
  async #restore(): Promise<number> {
    let status: number = STATUS.success;
    this.#changes.expectMany();
    for (const lines of linesIn(this.#hostProcess.input())) {
      for (const line of lines) {
        const words = wordsIn(line);
        if (words.length === 0) continue;
        const executed = this.#execute(words, true);
        // Most lines need no name to be looked up, and no turn of the event loop.
        const outcome = executed instanceof Promise ? await executed : executed;
        status = outcome.status;
        if (outcome.stops) return status;
      }
      // A line that is there is executed, while the next one may take its time.
      status = this.#changes.flush() ?? status;
    }
    return status;
  }
}

const BLANKS = /[ \t\r]+/;

/**
 * Returns the words of a line; none of a line that is blank or says `ipvsadm` only. A word ends at
 * a NUL, as a string of C does.
 */
const wordsIn = (line: string) =>
  line
    .split(BLANKS)
    .filter((word) => word !== '')
    .map((word) => word.replace(/\0.*/s, ''))
    .filter((word) => word !== 'ipvsadm');
