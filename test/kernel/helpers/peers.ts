/**
 * Real servers and their client in a namespace, by programs/peers.mjs.
 * @module
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { on } from 'node:events';
import type { Namespace } from './namespace.js';
import { programPath } from './programs.js';

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
    const counts: Record<string, number> = {};
    // The other side answers with an array of what the servers said.
    for (const answer of (await this.#next()) as string[]) {
      counts[answer] = (counts[answer] ?? 0) + 1;
    }
    return counts;
  }

  stop(): void {
    this.#process.disconnect();
  }
}
