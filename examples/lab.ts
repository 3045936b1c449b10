/**
 * A small network on one machine: namespaces that are joined by pairs of virtual Ethernet links.
 * Needs root and iproute2.
 * @module
 */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';

function ip(...args: string[]): void {
  execFileSync('ip', args, { stdio: ['ignore', 'ignore', 'inherit'] });
}

/** A host of the network: a network namespace. */
export class Host {
  readonly namespace: string;
  /** The path for `Ipvs.open({ netns })`. */
  readonly netns: string;
  readonly #children: ChildProcess[] = [];

  constructor(name: string) {
    this.namespace = `lab-${process.pid}-${name}`;
    this.netns = `/run/netns/${this.namespace}`;
    ip('netns', 'add', this.namespace);
    this.ip('link', 'set', 'lo', 'up');
  }

  /** Runs `ip` in the namespace. */
  ip(...args: string[]): void {
    ip('-n', this.namespace, ...args);
  }

  /** Sets a kernel parameter of the namespace. */
  sysctl(name: string, value: string): void {
    execFileSync('ip', ['netns', 'exec', this.namespace, 'sysctl', '-qw', `${name}=${value}`]);
  }

  /** Runs a program in the namespace and returns its output. */
  exec(program: string, ...args: string[]): string {
    return execFileSync('ip', ['netns', 'exec', this.namespace, program, ...args], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'inherit'],
    });
  }

  /** Starts a Node.js program in the namespace; delete() ends it. */
  spawn(
    program: string,
    ...args: string[]
  ): ChildProcess & { readonly stdout: NodeJS.ReadableStream } {
    const command = ['netns', 'exec', this.namespace, process.execPath, program, ...args];
    const child = spawn('ip', command, { stdio: ['ignore', 'pipe', 'inherit'] });
    this.#children.push(child);
    return child;
  }

  /** Runs a Node.js program in the namespace and returns its output. */
  async run(program: string, ...args: string[]): Promise<string> {
    const child = this.spawn(program, ...args);
    const [output, [status]] = await Promise.all([text(child.stdout), once(child, 'close')]);
    if (status !== 0) throw new Error(`${program} in ${this.namespace} exits with ${status}`);
    return output;
  }

  /** Ends the programs of the host, and deletes its namespace. */
  delete(): void {
    for (const child of this.#children) child.kill();
    ip('netns', 'delete', this.namespace);
  }
}

/** The hosts of a network. */
export class Lab {
  readonly #hosts: Host[] = [];

  /** Adds a host. */
  readonly host = (name: string): Host => {
    const host = new Host(name);
    this.#hosts.push(host);
    return host;
  };

  /** Deletes all hosts. */
  delete(): void {
    for (const host of this.#hosts.splice(0)) host.delete();
  }
}

/** Joins two hosts by a link with `address` ('10.0.0.1/24') and `peerAddress` at its ends. */
export function connect(host: Host, address: string, peer: Host, peerAddress: string): void {
  const [link, peerLink] = [
    `to-${peer.namespace.split('-')[2]}`,
    `to-${host.namespace.split('-')[2]}`,
  ];
  const ends = ['name', peerLink, 'netns', peer.namespace];
  ip('-n', host.namespace, 'link', 'add', 'name', link, 'type', 'veth', 'peer', ...ends);
  for (const [at, name, value] of [
    [host, link, address],
    [peer, peerLink, peerAddress],
  ] as const) {
    at.ip('address', 'add', value, 'dev', name);
    at.ip('link', 'set', name, 'up');
  }
}
