/**
 * Named network namespaces, inspected and changed by the real programs.
 * @module
 */
import { randomBytes } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import { run, runForBytes } from './launcher.js';

export { run } from './launcher.js';

/** The kernel returns as many services in one message, and thus at once. */
const AT_ONCE = 10;
/** A list that still changes then is being changed by others. */
const READS = 20;

/** A named network namespace with its loopback link up. */
export class Namespace {
  readonly name = `ipvs-${randomBytes(6).toString('hex')}`;
  readonly path = `/run/netns/${this.name}`;

  /** @param loopback false leaves the loopback link down: the kernel then refuses IPv4 destinations */
  constructor(loopback = true) {
    run('ip', ['netns', 'add', this.name]);
    if (loopback) this.ip('link', 'set', 'lo', 'up');
  }

  /** Runs `ip` for the namespace. */
  ip(...args: string[]): string {
    return run('ip', ['-n', this.name, ...args]);
  }

  /** Runs commands of ip in one process, each without the word `ip`. */
  ipBatch(commands: readonly string[]): void {
    run('ip', ['-n', this.name, '-batch', '-'], `${commands.join('\n')}\n`);
  }

  /** Runs a program in the namespace. */
  run(program: string, args: readonly string[], input = ''): string {
    return run('ip', ['netns', 'exec', this.name, program, ...args], input);
  }

  /** Runs a program in the namespace, whose output need not be text. */
  runForBytes(program: string, args: readonly string[]): Buffer {
    return runForBytes('ip', ['netns', 'exec', this.name, program, ...args]);
  }

  /** Returns a file as the kernel shows it in the namespace, a character for each byte. */
  readFile(path: string): string {
    return this.runForBytes('cat', [path]).toString('latin1');
  }

  ipvsadm(...args: string[]): string {
    return this.run('ipvsadm', args);
  }

  /** Runs one ipvsadm with the arguments of each line. Throws only if the last line fails. */
  restore(lines: readonly string[]): void {
    this.run('ipvsadm', ['-R'], `${lines.join('\n')}\n`);
  }

  /**
   * Returns the lines of `ipvsadm -Sn`: a command for each service and destination. After services
   * were added, Linux 7 enlarges its table, and what it lists meanwhile lacks some of them and has
   * others twice: a long list is read until it is the same twice in a row.
   */
  listed(): string[] {
    const read = () => this.ipvsadm('-Sn').split('\n').slice(0, -1);
    const countServices = () => lines.filter((line) => line.startsWith('-A')).length;
    let lines = read();
    for (let reads = 1; reads < READS && countServices() > AT_ONCE; reads++) {
      const again = read();
      if (isDeepStrictEqual(again, lines)) break;
      lines = again;
    }
    return lines;
  }

  /** Returns the lines of `listed()`, sorted. */
  saved(): string[] {
    return this.listed().sort();
  }

  delete(): void {
    // A socket may keep the namespace for minutes, and what is configured keeps ip_vs loaded.
    this.restore(['--stop-daemon master', '--stop-daemon backup', '-C']);
    run('ip', ['netns', 'delete', this.name]);
  }
}
