/**
 * Runs `nft`: keeps the table of a node at the newest result.
 * @module
 */
import { spawn } from 'node:child_process';
import { checkArguments } from '../core/arguments.js';
import { registerEntries, registerEntry, withAwaitStack } from '../core/stack.js';
import { cleanupOf, rulesetOf, tableChangesOf } from './nftables.js';
import {
  checkRunnerOptions,
  type NftablesRunnerOptions,
  type NftablesSettings,
} from './nftables-options.js';
import { type CompileResult, checkResult } from './result.js';

/**
 * Keeps the table of nftables at the newest result. The first one replaces the table as a whole;
 * the later ones change the elements of its sets that differ. After a failure, the next one
 * replaces the table again. Calls that overlap are executed one after the other.
 */
export class Nftables {
  readonly #settings: NftablesSettings;
  readonly #command: readonly string[];
  #present: CompileResult | undefined;
  /** The listing of the table after it was written as a whole. */
  #listing: string | undefined;
  /** Settles when the calls before have ended. */
  #idle: Promise<unknown> = Promise.resolve();

  /**
   * @param options the options of {@link nftablesRuleset}, and the program
   * @throws TypeError, RangeError bad options
   */
  constructor(options?: NftablesRunnerOptions);
  constructor(...args: readonly unknown[]) {
    const settings = checkArguments('Nftables', args, 1, checkRunnerOptions);
    this.#settings = settings;
    this.#command = settings.command;
  }

  /**
   * Changes the table to that of a result.
   * @returns the text that was passed to nft; '' if nothing had to change
   * @throws Error nft is missing, or refuses; its message is in the error, and nothing was changed
   * @throws TypeError bad input
   */
  apply(result: CompileResult): Promise<string>;
  apply(...args: readonly unknown[]): Promise<string> {
    return withAwaitStack(this.#checkAndApply(args));
  }

  /**
   * Forgets what is there, so that the next result replaces the table: another program may have
   * changed it.
   */
  reset(): void;
  reset(...args: readonly unknown[]): void {
    checkArguments('reset', args, 0, () => undefined);
    void this.#inTurn(async () => {
      this.#present = undefined;
    });
  }

  /**
   * Finds out whether another program has deleted the table, written it anew or changed its rules.
   * `reset()` then lets the next result replace it. Elements of sets are not compared, so the cost
   * does not depend on their number.
   * @returns false also if there is nothing to compare, as before the first result
   * @throws Error nft is missing, or refuses
   */
  hasChanged(): Promise<boolean>;
  hasChanged(...args: readonly unknown[]): Promise<boolean> {
    return withAwaitStack(this.#hasChanged(args));
  }

  /**
   * Deletes the table.
   * @throws Error nft is missing, or refuses
   */
  cleanUp(): Promise<void>;
  cleanUp(...args: readonly unknown[]): Promise<void> {
    return withAwaitStack(this.#cleanUp(args));
  }

  async #checkAndApply(args: readonly unknown[]): Promise<string> {
    const result = checkArguments('apply', args, 1, (value) => {
      checkResult('result', value);
      return value;
    });
    return this.#inTurn(() => this.#apply(result));
  }

  async #apply(result: CompileResult): Promise<string> {
    const before = this.#present;
    const script =
      before === undefined
        ? rulesetOf(result, this.#settings)
        : tableChangesOf(before, result, this.#settings.table);
    this.#present = undefined;
    if (script !== '') await this.#run(['-f', '-'], script);
    // A table that cannot be listed counts as changed.
    if (before === undefined) this.#listing = await this.#list().catch(() => undefined);
    this.#present = result;
    return script;
  }

  async #hasChanged(args: readonly unknown[]): Promise<boolean> {
    checkArguments('hasChanged', args, 0, () => undefined);
    return this.#inTurn(async () => {
      if (this.#present === undefined) return false;
      const listing = await this.#list();
      return listing === undefined || listing !== this.#listing;
    });
  }

  async #cleanUp(args: readonly unknown[]): Promise<void> {
    checkArguments('cleanUp', args, 0, () => undefined);
    return this.#inTurn(async () => {
      this.#present = undefined;
      await this.#run(['-f', '-'], cleanupOf(this.#settings.table));
    });
  }

  /**
   * Returns the table without the elements of its sets, and with handles: what is deleted and added
   * again gets others. Undefined if there is no table.
   */
  async #list(): Promise<string | undefined> {
    // Listing the one table, nft would read all elements of its sets nevertheless.
    const text = await this.#run(['--terse', '--handle', 'list', 'ruleset', 'inet']);
    return new RegExp(`^table inet ${this.#settings.table} \\{.*?^\\}`, 'ms').exec(text)?.[0];
  }

  /** Runs a body after those before it, whatever became of them. */
  #inTurn<Value>(body: () => Promise<Value>): Promise<Value> {
    const done = this.#idle.then(body);
    this.#idle = done.catch(() => undefined);
    return done;
  }

  /** Runs nft, and returns what it prints. */
  #run(args: readonly string[], input = ''): Promise<string> {
    const [program = 'nft', ...first] = this.#command;
    return new Promise((resolve, reject) => {
      const child = spawn(program, [...first, ...args], { stdio: 'pipe' });
      let stdoutText = '';
      let stderrText = '';
      child.on('error', (error) => {
        reject(new Error(`nftables: cannot run ${program}: ${error.message}`, { cause: error }));
      });
      // Without a free descriptor, there are no pipes.
      const { stdin, stdout, stderr }: Partial<typeof child> = child;
      stdout?.setEncoding('utf8').on('data', (text: string) => {
        stdoutText += text;
      });
      stderr?.setEncoding('utf8').on('data', (text: string) => {
        stderrText += text;
      });
      child.on('close', (code, signal) => {
        if (code === 0) resolve(stdoutText);
        else
          reject(
            new Error(`nftables: ${program} failed (${signal ?? code}): ${stderrText.trim()}`),
          );
      });
      // It may end before it has read everything; its exit status says why.
      stdin?.on('error', () => undefined);
      stdin?.end(input);
    });
  }
}

registerEntries(Nftables.prototype);
registerEntry('Nftables', Nftables);
