/**
 * Real servers and their client in a namespace, by programs/peers.mjs.
 * @module
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { on } from 'node:events';
import type { Namespace } from './namespace.js';
import { programPath } from './programs.js';

/** What the servers said, or why an action failed. */
interface Reply {
  readonly answers?: readonly string[];
  readonly failure?: string;
}

/** The process that programs/peers.mjs is about. */
export class Peers {
  readonly #process: ChildProcess;
  readonly #messages: AsyncIterator<unknown[]>;

  constructor({ name }: Namespace, port: number, servers: readonly string[]) {
    const args = [programPath('peers.mjs'), String(port), servers.join(',')];
    this.#process = spawn('ip', ['netns', 'exec', name, process.execPath, ...args], {
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    });
    this.#messages = on(this.#process, 'message', { close: ['exit'] });
  }

  async #next(): Promise<unknown> {
    const { value, done } = await this.#messages.next();
    if (done) throw new Error('the peers ended');
    return value[0];
  }

  async ready(): Promise<void> {
    await this.#next();
  }

  /** Does it so many times, one after the other, and counts the answers. */
  async count(action: string, times: number, ...args: unknown[]): Promise<Record<string, number>> {
    this.#process.send({ action, args, times });
    const { answers = [], failure } = (await this.#next()) as Reply;
    if (failure !== undefined) throw new Error(failure);
    const counts: Record<string, number> = {};
    for (const answer of answers) {
      counts[answer] = (counts[answer] ?? 0) + 1;
    }
    return counts;
  }

  stop(): void {
    this.#process.kill();
  }
}
