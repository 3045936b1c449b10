/**
 * Network namespaces, and the real programs to look at them with.
 * @module
 */
import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';

/** Runs a program and returns what it prints; throws with its standard error where it fails. */
export function run(program: string, args: readonly string[], input = ''): string {
  return execFileSync(program, args, {
    encoding: 'utf8',
    input,
    stdio: ['pipe', 'pipe', 'pipe'],
    maxBuffer: 64 * 1024 * 1024,
  });
}

/** A named network namespace with its loopback link up. */
export class Namespace {
  readonly name = `ipvs-${randomBytes(6).toString('hex')}`;
  readonly path = `/run/netns/${this.name}`;

  /** @param loopback whether the loopback link is brought up; until it is, the kernel refuses IPv4 destinations */
  constructor(loopback = true) {
    run('ip', ['netns', 'add', this.name]);
    if (loopback) this.ip('link', 'set', 'lo', 'up');
  }

  /** Runs `ip` on what is inside. */
  ip(...args: string[]): string {
    return run('ip', ['-n', this.name, ...args]);
  }

  /** Runs a program inside. */
  run(program: string, args: readonly string[], input = ''): string {
    return run('ip', ['netns', 'exec', this.name, program, ...args], input);
  }

  ipvsadm(...args: string[]): string {
    return this.run('ipvsadm', args);
  }

  /** Runs each line as the arguments of an ipvsadm: all of them in one. It tells of a failure of the last line only. */
  restore(lines: readonly string[]): void {
    this.run('ipvsadm', ['-R'], `${lines.join('\n')}\n`);
  }

  /** The lines of `ipvsadm -Sn`, sorted: each service and each destination as the command that makes it. */
  saved(): string[] {
    return this.ipvsadm('-Sn')
      .split('\n')
      .filter((line) => line !== '')
      .sort();
  }

  delete(): void {
    // The kernel may keep a namespace for minutes, for the sake of a socket, and ip_vs with it as long as it is in use.
    this.restore(['--stop-daemon master', '--stop-daemon backup', '-C']);
    run('ip', ['netns', 'delete', this.name]);
  }
}
