/**
 * Network namespaces to measure in, and what is in them beforehand.
 * @module
 */
import { execFileSync } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { Given, Program } from './cases.js';
import { LINK, type Run, type Size } from './model.js';
import { SETTLING_MS } from './program.js';

const here = (name: string) => fileURLToPath(new URL(name, import.meta.url));
const source = (name: string) => fileURLToPath(new URL(`../../${name}`, import.meta.url));
/** Debian's own: pyroute2 is there for no other. */
const PYTHON = '/usr/bin/python3';

const programs: Readonly<Record<Program | 'probes', readonly string[]>> = {
  floor: [here('floor')],
  ours: [process.execPath, here('ours.js')],
  peers: [process.execPath, here('peers.js')],
  pyroute2: [PYTHON, source('scripts/benchmark/peer.py')],
  probes: [process.execPath, '--expose-gc', here('probes.js')],
};

const SERVICE = '10.96.0.1:53';
/** They say nothing, and the link that they are on throws away what it is given. */
const SERVERS = ['192.168.255.2', '192.168.255.3', '192.168.255.4'];

let made = 0;

function run(program: string, args: readonly string[], input = ''): string {
  const stdio = ['pipe', 'pipe', 'inherit'] as const;
  return execFileSync(program, args, { encoding: 'utf8', input, stdio: [...stdio] });
}

export class Namespace {
  readonly name = `bench-${process.pid}-${made++}`;
  readonly path = `/run/netns/${this.name}`;

  constructor() {
    run('ip', ['netns', 'add', this.name]);
    this.#ip('link', 'set', 'lo', 'up');
  }

  /** Runs one of the programs inside, and returns the JSON that it prints. */
  start<Answer = Run>(program: Program | 'probes', ...args: (string | number)[]): Answer {
    // The programs of this folder print what they are asked for.
    return JSON.parse(this.#exec(...programs[program], ...args.map(String))) as Answer;
  }

  furnish(given: Given, size: Size): void {
    furnishings[given](this, size);
  }

  /** The number of objects of a kind, as the floor counts them. */
  count(given: Given): number {
    const link = given === 'link' || given === 'addresses';
    return this.start('floor', ...(link ? ['dump', LINK, 0] : ['list', 0, 0])).operations;
  }

  makeTable({ services, destinations }: Size): void {
    this.start('floor', 'load', services, destinations);
  }

  /** It stays down, and so without an address that the kernel gives it. */
  makeLink(): void {
    this.#ip('link', 'add', LINK, 'type', 'dummy');
  }

  makeAddresses({ services: count }: Size): void {
    this.makeLink();
    this.start('floor', 'addresses', LINK, count);
  }

  /** Each from a client of its own in 10.0.0.0/8, all of which is the host's own here. */
  makeConnections({ services: count }: Size): void {
    this.makeLink();
    this.#ip('link', 'set', LINK, 'up');
    this.#ip('address', 'add', '192.168.255.1/24', 'dev', LINK);
    this.#ip('route', 'add', 'local', '10.0.0.0/8', 'dev', 'lo');
    const destinations = SERVERS.map((server) => `-a -u ${SERVICE} -r ${server}:53 -g`);
    const lines = [`-A -u ${SERVICE} -s rr`, ...destinations].map((line) => `${line}\n`);
    run('ip', ['netns', 'exec', this.name, 'ipvsadm', '-R'], lines.join(''));
    const to = [SERVICE.split(':')[0], 53];
    const traffic = [PYTHON, source('test/kernel/programs/traffic.py')];
    const command = `${JSON.stringify({ action: 'flood', to, count })}\n`;
    const answer = run('ip', ['netns', 'exec', this.name, ...traffic], command);
    if (JSON.parse(answer) !== 'done') throw new Error(`no traffic: ${answer}`);
  }

  /** Deletes it with all that is inside. */
  async delete(): Promise<void> {
    this.#exec('ipvsadm', '-C');
    run('ip', ['netns', 'delete', this.name]);
    await sleep(SETTLING_MS);
  }

  #ip(...args: string[]): void {
    run('ip', ['-n', this.name, ...args]);
  }

  #exec(...command: string[]): string {
    return run('ip', ['netns', 'exec', this.name, ...command]);
  }
}

const furnishings: Readonly<Record<Given, (namespace: Namespace, size: Size) => void>> = {
  nothing: () => undefined,
  table: (namespace, size) => namespace.makeTable(size),
  connections: (namespace, size) => namespace.makeConnections(size),
  link: (namespace) => namespace.makeLink(),
  addresses: (namespace, size) => namespace.makeAddresses(size),
};
