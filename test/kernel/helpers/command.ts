/**
 * The command `ipvs` of the build, as a process.
 * @module
 */
import { join } from 'node:path';
import { run } from './launcher.js';
import type { Namespace } from './namespace.js';
import { build, root } from './programs.js';

/** A process that has ended. */
export interface Ended {
  readonly status: number;
  readonly output: string;
  readonly errors: string;
}

const MARK = '\n--- the status and the errors ---\n';

/** Runs its arguments, and prints the output, the exit status and the errors. */
const SCRIPT = `
errors=$(mktemp)
"$@" 2>"$errors"
status=$?
printf '${MARK.replaceAll('\n', '\\n')}%d\\n' "$status"
cat "$errors"
rm "$errors"
`;

/** The words that start the command. */
export function ipvsCommand(): readonly string[] {
  build();
  return [process.execPath, join(root, 'dist/cli.cjs')];
}

/** Runs a program to its end, whatever its exit status is. */
export function runToEnd(words: readonly string[], input = ''): Ended {
  const printed = run('sh', ['-c', SCRIPT, 'sh', ...words], input);
  const [output = '', rest = ''] = printed.split(MARK);
  const [status = '', ...errors] = rest.split('\n');
  return { status: Number(status), output, errors: errors.join('\n') };
}

/** Runs `ipvs ARGUMENTS --netns NAMESPACE`. */
export function ipvs(namespace: Namespace, args: readonly string[], input = ''): Ended {
  return runToEnd([...ipvsCommand(), ...args, '--netns', namespace.name], input);
}
