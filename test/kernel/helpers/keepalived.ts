/**
 * keepalived in a namespace, as a balancer with health checks.
 * @module
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Namespace } from './namespace.js';

/** A process of keepalived in the foreground, without VRRP. */
export class Keepalived {
  readonly #folder = mkdtempSync(join(tmpdir(), 'ipvs-keepalived-'));
  readonly #process: ChildProcess;
  #stopped: Promise<void> | undefined;

  /** @param configuration the text of keepalived.conf */
  constructor({ name }: Namespace, configuration: string) {
    this.#write(configuration);
    const files = ['--use-file', this.#path('conf')];
    files.push('--pid', this.#path('pid'), '--checkers_pid', this.#path('checkers'));
    const options = ['--check', '--dont-fork', '--log-console', '--no-syslog', ...files];
    this.#process = spawn('ip', ['netns', 'exec', name, 'keepalived', ...options], {
      stdio: 'ignore', // it logs much
    });
  }

  /** Makes it read another configuration. */
  reload(configuration: string): void {
    this.#write(configuration);
    this.#process.kill('SIGHUP');
  }

  /** Ends it. It deletes its services before. A second call returns the same promise. */
  stop(): Promise<void> {
    this.#stopped ??= this.#stop();
    return this.#stopped;
  }

  async #stop(): Promise<void> {
    const exit = once(this.#process, 'exit');
    this.#process.kill();
    await exit;
    rmSync(this.#folder, { recursive: true });
  }

  #write(configuration: string): void {
    writeFileSync(this.#path('conf'), configuration);
  }

  #path(name: string): string {
    return join(this.#folder, name);
  }
}
