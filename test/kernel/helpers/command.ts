/**
 * The command `ipvs` of the build, as a process.
 * @module
 */
import { join } from 'node:path';
import { launch } from './launcher.js';
import type { Namespace } from './namespace.js';
import { build, root } from './programs.js';

/** A process that has ended. */
export interface Ended {
  readonly status: number;
  readonly output: string;
  readonly errors: string;
}

/** The words that start the command. */
export function ipvsCommand(): readonly string[] {
  build();
  return [process.execPath, join(root, 'dist/cli.cjs')];
}

/** Runs a program to its end, whatever its exit status is. */
export function runToEnd(words: readonly string[], input = ''): Ended {
  const [program = '', ...args] = words;
  const { status, output, errors } = launch(program, args, input);
  return { status, output: output.toString(), errors };
}

/** Runs `ipvs ARGUMENTS --netns NAMESPACE`. */
export function ipvs(namespace: Namespace, args: readonly string[], input = ''): Ended {
  return runToEnd([...ipvsCommand(), ...args, '--netns', namespace.name], input);
}
