/**
 * Runs `nft`: keeps the table of a node at the newest result.
 * @module
 */
import { spawn } from 'node:child_process';
import {
  type NftablesOptions,
  nftablesChanges,
  nftablesCleanup,
  nftablesRuleset,
} from './nftables.js';
import type { CompileResult } from './result.js';

/** Options of {@link Nftables}. */
export interface NftablesRunnerOptions extends NftablesOptions {
  /**
   * The program and its first arguments. Default `['nft']`. For another network namespace:
   * `['ip', 'netns', 'exec', NAME, 'nft']`.
   */
  readonly command?: readonly [string, ...string[]] | undefined;
}

/**
 * Keeps the table of nftables at the newest result. The first one replaces the table as a whole; the
 * later ones change the elements of its sets that differ. After a failure, the next one replaces the
 * table again.
 */
export class Nftables {
  readonly #options: NftablesOptions;
  readonly #command: readonly [string, ...string[]];
  #present: CompileResult | undefined;

  /** @param options the options of {@link nftablesRuleset}, and the program */
  constructor({ command = ['nft'], ...options }: NftablesRunnerOptions = {}) {
    this.#options = options;
    this.#command = command;
    // Bad options are refused here.
    nftablesCleanup({ table: options.table });
  }

  /**
   * Changes the table to that of a result. One call must have ended before the next.
   * @returns the text that was passed to nft; '' if nothing had to change
   * @throws Error nft is missing, or refuses; its message is in the error, and nothing was changed
   */
  async apply(result: CompileResult): Promise<string> {
    const { table } = this.#options;
    const before = this.#present;
    const script =
      before === undefined
        ? nftablesRuleset(result, this.#options)
        : nftablesChanges(before, result, { table });
    this.#present = undefined;
    if (script !== '') await this.#run(script);
    this.#present = result;
    return script;
  }

  /** Forgets what is there, so that the next result replaces the table: another program may have changed it. */
  reset(): void {
    this.#present = undefined;
  }

  /**
   * Deletes the table.
   * @throws Error nft is missing, or refuses
   */
  async cleanUp(): Promise<void> {
    this.#present = undefined;
    await this.#run(nftablesCleanup({ table: this.#options.table }));
  }

  #run(script: string): Promise<void> {
    const [program, ...args] = this.#command;
    return new Promise((resolve, reject) => {
      const child = spawn(program, [...args, '-f', '-'], { stdio: ['pipe', 'ignore', 'pipe'] });
      let complaint = '';
      child.stderr.setEncoding('utf8').on('data', (text: string) => {
        complaint += text;
      });
      child.on('error', (error) => reject(new Error(`${program}: ${error.message}`)));
      child.on('close', (code, signal) => {
        if (code === 0) resolve();
        else reject(new Error(`${program} failed (${signal ?? code}): ${complaint.trim()}`));
      });
      // It may end before it has read everything; its exit status says why.
      child.stdin.on('error', () => undefined);
      child.stdin.end(script);
    });
  }
}
