/**
 * The processes of a scenario, which run the programs of this folder that end in -process.
 * @module
 */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

/** The end of a process: its exit status or signal, and the end of its standard error. */
export interface Ending {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly said: string;
}

const SAID = 4000;

export class Child {
  readonly process: ChildProcess;
  readonly ended: Promise<Ending>;
  #said = '';

  /** @param options options of Node.js, and variables for the environment */
  constructor(
    name: string,
    args: readonly (string | number)[],
    options: { readonly execArgv?: readonly string[]; readonly env?: NodeJS.ProcessEnv } = {},
  ) {
    const file = fileURLToPath(new URL(`${name}-process.js`, import.meta.url));
    this.process = fork(file, args.map(String), {
      execArgv: [...(options.execArgv ?? [])],
      env: { ...process.env, ...options.env },
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    });
    this.process.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.#said = (this.#said + text).slice(-SAID);
    });
    this.ended = once(this.process, 'close').then(([code, signal]) => ({
      code,
      signal,
      said: this.#said,
    }));
    // A process that has ended receives nothing. Its end is reported elsewhere.
    this.process.on('error', () => undefined);
  }

  /** Returns the next message of the process, or undefined if it ends first. */
  hear<Message>(): Promise<Message | undefined> {
    const message = once(this.process, 'message').then(([said]) => said as Message);
    return Promise.race([message, this.ended.then(() => undefined)]);
  }

  say(message: string): void {
    if (this.process.connected) this.process.send(message, () => undefined);
  }
}
