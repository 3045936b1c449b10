/**
 * Runs programs and waits for them, through a shell. Node.js would fork itself with all of its
 * memory, which takes user-mode Linux several times as long as to fork a shell.
 * @module
 */
import { spawn, spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdtempSync,
  openSync,
  readFileSync,
  readSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/**
 * For each line that it reads, the shell runs the file `command` and writes the exit status. When this
 * process has ended, it removes its folder and ends.
 */
const SCRIPT = `
while read -r _; do
  (. "$1/command") </dev/null >"$1/output" 2>"$1/errors"
  echo $?
done <"$1/requests" >"$1/statuses"
rm -rf "$1"
`;

/** A program that has ended. */
export interface Launched {
  readonly status: number;
  readonly output: Buffer;
  readonly errors: string;
}

const quote = (text: string) => `'${text.replaceAll("'", `'\\''`)}'`;

class Launcher {
  readonly #folder = mkdtempSync(join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'ipvs-'));
  readonly #requests: number;
  readonly #statuses: number;

  constructor() {
    const fifos = ['requests', 'statuses'].map((name) => this.#path(name));
    const { status, stderr } = spawnSync('mkfifo', fifos, { encoding: 'utf8' });
    if (status !== 0) throw new Error(`mkfifo: ${stderr}`);
    const args = ['-c', SCRIPT, 'launcher', this.#folder];
    spawn('sh', args, { stdio: 'ignore', detached: true }).unref();
    // Each waits until the shell has opened the other end.
    this.#requests = openSync(this.#path('requests'), 'w');
    this.#statuses = openSync(this.#path('statuses'), 'r');
  }

  run(command: readonly string[], input: string): Launched {
    const words = command.map(quote).join(' ');
    if (input !== '') writeFileSync(this.#path('input'), input);
    const redirection = input === '' ? '' : ` <${quote(this.#path('input'))}`;
    writeFileSync(this.#path('command'), `exec ${words}${redirection}\n`);
    writeSync(this.#requests, '\n');
    return {
      status: this.#readStatus(),
      output: readFileSync(this.#path('output')),
      errors: readFileSync(this.#path('errors'), 'utf8'),
    };
  }

  #readStatus(): number {
    const bytes = Buffer.alloc(16);
    // A line of a few bytes arrives whole.
    const length = readSync(this.#statuses, bytes);
    if (length === 0) throw new Error('the shell that runs programs has ended');
    return Number(bytes.toString('utf8', 0, length).trim());
  }

  #path(name: string): string {
    return join(this.#folder, name);
  }
}

let launcher: Launcher | undefined;

/** Runs a program to its end, whatever its exit status is. */
export function launch(program: string, args: readonly string[], input = ''): Launched {
  launcher ??= new Launcher();
  return launcher.run([program, ...args], input);
}

/** Runs a program and returns the bytes of its output; throws with its standard error if it fails. */
export function runForBytes(program: string, args: readonly string[], input = ''): Buffer {
  const { status, output, errors } = launch(program, args, input);
  if (status === 0) return output;
  const command = [program, ...args].join(' ');
  throw new Error(`Command failed with status ${status}: ${command}\n${errors}`);
}

/** Runs a program and returns what it prints; throws with its standard error if it fails. */
export function run(program: string, args: readonly string[], input = ''): string {
  return runForBytes(program, args, input).toString();
}
