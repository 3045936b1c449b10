/**
 * Network namespaces for measurements, and the fixtures in them.
 * @module
 */
import { execFileSync } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { Fixture, Program } from './cases.js';
import type { Run, Size } from './measurements.js';
import { ipvsadmArguments, KERNEL_CLEANUP_MS, LINK } from './objects.js';

const compiled = (name: string) => fileURLToPath(new URL(`programs/${name}`, import.meta.url));
const source = (name: string) => fileURLToPath(new URL(`../../${name}`, import.meta.url));
/** Debian's Python: pyroute2 is installed for no other. */
const PYTHON = '/usr/bin/python3';

/** The programs that are measured as whole processes. */
const commands = {
  ipvsadm: ['ipvsadm'],
  command: [process.execPath, source('dist/cli.cjs')],
} as const;

/** The programs that print a {@link Run}. */
const programs: Readonly<
  Record<Exclude<Program, keyof typeof commands> | 'footprint', readonly string[]>
> = {
  floor: [compiled('floor')],
  library: [process.execPath, compiled('library.js')],
  'library-on-one-thread': [
    process.execPath,
    '--no-concurrent-recompilation',
    compiled('library.js'),
  ],
  process: [process.execPath, compiled('process.js')],
  commands: [process.execPath, compiled('commands.js')],
  genetlink: [compiled('with_genetlink')],
  pyroute2: [PYTHON, source('bench/programs/with_pyroute2.py')],
  footprint: [process.execPath, '--expose-gc', compiled('footprint.js')],
};

/** The number of lines that ipvsadm prints before the services. */
const IPVSADM_HEAD = 3;

const SERVICE = '10.96.0.1:53';
/** Servers that never reply: the dummy link that leads to them discards its packets. */
const SERVERS = ['192.168.255.2', '192.168.255.3', '192.168.255.4'];

const MAX_OUTPUT = 2 ** 26;

let created = 0;

function run(program: string, args: readonly string[], input = ''): string {
  const stdio = ['pipe', 'pipe', 'inherit'] as const;
  return execFileSync(program, args, {
    encoding: 'utf8',
    input,
    stdio: [...stdio],
    maxBuffer: MAX_OUTPUT,
  });
}

/** Returns true if the objects of a fixture are addresses of the link. */
export const isOnLink = (fixture: Fixture) => fixture === 'link' || fixture === 'addresses';

export class Namespace {
  readonly name = `bench-${process.pid}-${created++}`;
  readonly path = `/run/netns/${this.name}`;

  constructor() {
    run('ip', ['netns', 'add', this.name]);
    this.#ip('link', 'set', 'lo', 'up');
  }

  /** Runs a program inside, and returns the JSON that it prints. */
  start<Output = Run>(program: keyof typeof programs, ...args: (string | number)[]): Output {
    // The caller knows the output of the program, which is one of programs/.
    return JSON.parse(this.#exec([...programs[program], ...args.map(String)])) as Output;
  }

  /** Runs ipvsadm, or the command in its place. Only the process as a whole has a time. */
  startIpvsadm(program: keyof typeof commands, workload: string, size: Size): Run {
    const [option, lines] =
      workload === 'restore'
        ? ['-R', ipvsadmArguments(size).map((args) => args.join(' '))]
        : ['-Ln', []];
    const output = this.#exec([...commands[program], option], lines);
    const printed = output.split('\n').slice(IPVSADM_HEAD, -1);
    const operations = workload === 'restore' ? lines.length : printed.length;
    return { operations, milliseconds: Number.NaN };
  }

  addFixture(fixture: Fixture, size: Size): void {
    fixtures[fixture](this, size);
  }

  /** Counts the addresses of the link, or the services and destinations, with the C floor. */
  count(fixture: Fixture): number {
    const args = isOnLink(fixture) ? ['dump', LINK, 0] : ['list', 0, 0];
    return this.start('floor', ...args).operations;
  }

  addTable({ services, destinations }: Size): void {
    this.start('floor', 'load', services, destinations);
  }

  /** The link stays down, so that the kernel gives it no address. */
  addLink(): void {
    this.#ip('link', 'add', LINK, 'type', 'dummy');
  }

  addAddresses({ services: count }: Size): void {
    this.addLink();
    this.start('floor', 'addresses', LINK, count);
  }

  /** Creates connections, each from its own client address in 10.0.0.0/8, which is local here. */
  addConnections({ services: count }: Size): void {
    this.addLink();
    this.#ip('link', 'set', LINK, 'up');
    this.#ip('address', 'add', '192.168.255.1/24', 'dev', LINK);
    this.#ip('route', 'add', 'local', '10.0.0.0/8', 'dev', 'lo');
    const destinations = SERVERS.map((server) => `-a -u ${SERVICE} -r ${server}:53 -g`);
    const lines = [`-A -u ${SERVICE} -s rr`, ...destinations];
    this.#exec(['ipvsadm', '-R'], lines);
    const to = [SERVICE.split(':')[0], 53];
    const traffic = [PYTHON, source('test/kernel/programs/traffic.py')];
    const output = this.#exec(traffic, [JSON.stringify({ action: 'flood', to, count })]);
    if (JSON.parse(output) !== 'done') throw new Error(`no traffic: ${output}`);
  }

  /** Deletes the namespace with everything inside, and waits until the kernel has freed it. */
  async delete(): Promise<void> {
    this.#exec(['ipvsadm', '-C']);
    run('ip', ['netns', 'delete', this.name]);
    await sleep(KERNEL_CLEANUP_MS);
  }

  #ip(...args: string[]): void {
    run('ip', ['-n', this.name, ...args]);
  }

  #exec(command: readonly string[], lines: readonly string[] = []): string {
    const input = lines.map((line) => `${line}\n`).join('');
    return run('ip', ['netns', 'exec', this.name, ...command], input);
  }
}

const fixtures: Readonly<Record<Fixture, (namespace: Namespace, size: Size) => void>> = {
  nothing: () => undefined,
  table: (namespace, size) => namespace.addTable(size),
  connections: (namespace, size) => namespace.addConnections(size),
  link: (namespace) => namespace.addLink(),
  addresses: (namespace, size) => namespace.addAddresses(size),
};
