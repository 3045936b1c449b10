/**
 * A socket in a namespace that speaks when it is told to, by programs/speaker.py.
 * @module
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { Namespace } from './namespace.js';
import { PYTHON, programPath } from './programs.js';

/** Seconds: what is to come does, however busy the machine is. */
const PATIENCE = 240;

/** A client or a server, of one connection at a time. */
export class Speaker {
  readonly #process: ChildProcess;
  readonly #answers: AsyncIterator<string>;

  constructor({ name }: Namespace) {
    const args = ['netns', 'exec', name, PYTHON, programPath('speaker.py')];
    this.#process = spawn('ip', args, { stdio: ['pipe', 'pipe', 'inherit'] });
    const { stdout } = this.#process;
    if (stdout === null) throw new Error('standard output is a pipe');
    this.#answers = createInterface({ input: stdout })[Symbol.asyncIterator]();
  }

  /**
   * @returns what was heard; null if it was nothing, or if there is nothing to say; the name of an
   *   error
   */
  async do(action: string, options: object = {}): Promise<string | null> {
    this.#process.stdin?.write(`${JSON.stringify({ action, ...options })}\n`);
    const { value, done } = await this.#answers.next();
    if (done === true) throw new Error('the speaker ended');
    return JSON.parse(value) as string | null;
  }

  /** Says it; the name of an error if that fails. */
  say(data: string): Promise<string | null> {
    return this.do('say', { data });
  }

  /** Returns the data that arrives within some seconds, or null. */
  hear(seconds = PATIENCE): Promise<string | null> {
    return this.do('hear', { seconds });
  }

  stop(): void {
    this.#process.kill();
  }
}
