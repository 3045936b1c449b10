/**
 * The parts of the process that the command uses, so that tests can stand in for them.
 * @module
 */
import { closeSync, openSync, readSync, writeSync } from 'node:fs';
import { codeOf } from '../../core/errors.js';
import type { NamespaceTarget } from '../../native/netns.js';
import { EXIT } from '../exit-status.js';

/**
 * A process, as the command sees it. Its texts have a character for each byte (latin1): ipvsadm
 * passes on bytes of any encoding.
 */
export interface HostProcess {
  /** The name of the program in messages. */
  readonly program: string;
  /** If true, copies the mistakes of ipvsadm: the environment variable IPVS_COMPAT is 1. */
  readonly compat: boolean;
  /** The network namespace. */
  readonly netns: NamespaceTarget;
  readonly out: (text: string) => void;
  readonly err: (text: string) => void;
  /** Returns stdin, some lines at a time, as it comes in. */
  readonly input: () => Iterable<string>;
  /**
   * Returns the text of a file of the network namespace, in pieces.
   * @throws an error if it cannot be opened
   */
  readonly readFile: (path: string) => Iterable<string>;
}

const PIECE = 1024 * 1024;

/** Waits a little, for a pipe that is full or empty. */
function pause(): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5);
}

function write(descriptor: number, text: string): void {
  for (let rest = Buffer.from(text, 'latin1'); rest.length > 0; ) {
    try {
      rest = rest.subarray(writeSync(descriptor, rest));
    } catch (error) {
      if (codeOf(error) === 'EPIPE') process.exit(EXIT.closedPipe);
      if (codeOf(error) !== 'EAGAIN') throw error;
      pause();
    }
  }
}

function* read(descriptor: number): Generator<string> {
  const buffer = Buffer.allocUnsafe(PIECE);
  for (;;) {
    let length = 0;
    try {
      length = readSync(descriptor, buffer);
    } catch (error) {
      if (codeOf(error) === 'EAGAIN') {
        pause();
        continue;
      }
      if (codeOf(error) !== 'EOF') throw error;
    }
    if (length === 0) return;
    yield buffer.toString('latin1', 0, length);
  }
}

/** Returns this process, for a program of this name. */
export const currentProcess = (program: string): HostProcess => ({
  program,
  compat: process.env['IPVS_COMPAT'] === '1',
  netns: { target: '', label: '' },
  out: (text) => write(1, text),
  err: (text) => write(2, text),
  input: () => read(0),
  *readFile(path) {
    const descriptor = openSync(path, 'r');
    try {
      yield* read(descriptor);
    } finally {
      closeSync(descriptor);
    }
  },
});

/** Returns the lines of a text that comes in pieces, those of each piece together. */
export function* linesIn(pieces: Iterable<string>): Generator<readonly string[]> {
  let rest = '';
  for (const piece of pieces) {
    const lines = `${rest}${piece}`.split('\n');
    rest = lines.pop() ?? '';
    yield lines;
  }
  if (rest !== '') yield [rest];
}
