/**
 * The changes of command lines, which are sent together.
 * @module
 */
import { RequestBuffer } from '../../ipvs/request-buffer.js';
import { STATUS } from '../../ipvsadm/grammar/command-line-error.js';
import type { CommandName } from '../../ipvsadm/grammar/grammar.js';
import type { Invocation } from '../../ipvsadm/grammar/invocation.js';
import { encodeChange } from './encode-request.js';
import type { Kernel } from './kernel.js';

/** The most changes that are kept. */
const MAX_CHANGES = 2048;

/** Changes that were not sent yet. They take effect in their order. */
export class PendingChanges {
  readonly #kernel: Kernel;
  readonly #report: (command: CommandName | undefined, errno: number) => void;
  #requests = new RequestBuffer(1);
  readonly #commands: CommandName[] = [];

  /** @param report is called for each change that failed, in their order */
  constructor(kernel: Kernel, report: (command: CommandName | undefined, errno: number) => void) {
    this.#kernel = kernel;
    this.#report = report;
  }

  /** Prepares for many changes: a buffer that grows is copied. */
  expectMany(): void {
    this.flush();
    this.#requests = new RequestBuffer(MAX_CHANGES);
  }

  add(invocation: Invocation): void {
    if (this.#commands.length === MAX_CHANGES) this.flush();
    encodeChange(this.#requests, invocation);
    this.#commands.push(invocation.command);
  }

  /**
   * Sends the changes.
   * @returns the exit status of the last one; undefined if there are none
   */
  flush(): number | undefined {
    const last = this.#commands.length - 1;
    if (last < 0) return undefined;
    const failed = this.#kernel.change(this.#requests);
    for (const [place, errno] of failed) this.#report(this.#commands[place], errno);
    this.#requests.clear();
    this.#commands.length = 0;
    return failed.has(last) ? STATUS.failure : STATUS.success;
  }
}
