/**
 * Traffic of any protocol within a namespace, by programs/traffic.py.
 * @module
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { Protocol } from 'ipvs';
import type { Namespace } from './namespace.js';
import { PYTHON, programPath } from './programs.js';

/** An address and a port. */
export type Place = readonly [string, number];

/** A client that connects. With `data` it sends that, a byte for each character, and awaits the echo. */
export interface Client {
  readonly protocol: Protocol;
  readonly to: Place;
  /** Its own address. Default: the choice of the kernel. */
  readonly source?: Place;
  /** The firewall mark of its packets. */
  readonly mark?: number;
  readonly data?: string;
  /** False: nobody answers, and so it does not wait. */
  readonly wait?: boolean;
  /** True: the connection is closed at once; otherwise it is held. */
  readonly end?: boolean;
}

/** A process of clients and servers in a namespace. */
export class Traffic {
  readonly #process: ChildProcess;
  readonly #answers: AsyncIterator<string>;

  constructor(namespace: Namespace) {
    const args = ['netns', 'exec', namespace.name, PYTHON, programPath('traffic.py')];
    this.#process = spawn('ip', args, { stdio: ['pipe', 'pipe', 'inherit'] });
    const { stdout } = this.#process;
    if (stdout === null) throw new Error('standard output is a pipe');
    this.#answers = createInterface({ input: stdout })[Symbol.asyncIterator]();
  }

  /** A server that answers with what it is sent. */
  listen(protocol: Protocol, [address, port]: Place): Promise<void> {
    return this.#do({ action: 'listen', protocol, address, port });
  }

  connect(client: Client): Promise<void> {
    return this.#do({ action: 'connect', ...client });
  }

  /**
   * A datagram from each of `count` addresses in 10.0.0.0/8, from 10.0.0.1 + `first` on.
   * @param port the port of all clients; default: the choice of the kernel
   */
  flood(to: Place, count: number, { first = 0, port = 0 } = {}): Promise<void> {
    return this.#do({ action: 'flood', to, count, first, port });
  }

  stop(): void {
    this.#process.kill();
  }

  async #do(command: object): Promise<void> {
    this.#process.stdin?.write(`${JSON.stringify(command)}\n`);
    const { value, done } = await this.#answers.next();
    const answer: unknown = done === true ? 'the process ended' : JSON.parse(value);
    if (answer !== 'done') throw new Error(`${JSON.stringify(command)}: ${answer}`);
  }
}
