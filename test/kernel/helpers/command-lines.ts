/**
 * Command lines that ipvsadm and the command `ipvs` execute, each in a namespace of its own: what
 * they print, and the tables that they leave.
 * @module
 */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runIpvsadm } from '../../../lib/cli/ipvsadm/run.js';
import type { Namespace } from './namespace.js';

/** What a command line does. */
export interface Effect {
  readonly stdout: string;
  readonly stderr: string;
  readonly status: number;
  /** What `ipvsadm -Sn --nosort` prints afterwards, sorted; '' if the command line has failed. */
  readonly table: string;
}

/** A command line, and what it reads. */
export interface CommandLine {
  readonly words: readonly string[];
  readonly input?: string;
}

/** Splits a line at blanks, but not within single quotes. */
export function wordsOf(line: string): string[] {
  return [...line.matchAll(/(?:'[^']*'|[^ '])+/g)].map(([word]) => word.replaceAll("'", ''));
}

const quote = (text: string) => `'${text.replaceAll("'", `'\\''`)}'`;
const sorted = (text: string) => text.split('\n').sort().join('\n');

/** Returns true for a command line that changes nothing, so that the table stays as it is. */
const isReading = ([command = '']: readonly string[]) => !/^--?[AEDaedCRZs]/.test(command);

/** How command lines are run. */
export interface LineOptions {
  /** Rules with which the table begins before each line. Default: the table is not touched. */
  readonly rules?: string;
  /** True: copies the mistakes of ipvsadm. */
  readonly compat?: boolean;
}

/**
 * Runs command lines with ipvsadm. One shell runs them all: in user-mode Linux, a process of
 * Node.js takes long to start another.
 */
export function runWithIpvsadm(
  namespace: Namespace,
  lines: readonly CommandLine[],
  { rules }: LineOptions = {},
): Effect[] {
  const folder = mkdtempSync(join(tmpdir(), 'ipvs-lines-'));
  const path = (name: string) => quote(join(folder, name));
  mkdirSync(join(folder, 'in'));
  if (rules !== undefined) writeFileSync(join(folder, 'rules'), `-C\n${rules}\n`);
  const script = lines.map(({ words, input }, index) => {
    writeFileSync(join(folder, 'in', `${index}`), input ?? '', 'latin1');
    return [
      rules === undefined ? '' : `$fresh || ipvsadm -R <${path('rules')}; fresh=true`,
      `ipvsadm ${words.map(quote).join(' ')} <${path(`in/${index}`)} >${path(`out${index}`)} \\`,
      `  2>${path(`err${index}`)}; status=$?; echo $status >${path(`status${index}`)}`,
      `if [ $status = 0 ]; then ipvsadm -Sn >${path(`table${index}`)}; fresh=${isReading(words)}; fi`,
      input === undefined ? '' : 'fresh=false',
    ].join('\n');
  });
  writeFileSync(join(folder, 'script'), `fresh=false\n${script.join('\n')}\n`);
  namespace.run('sh', [join(folder, 'script')]);
  const read = (name: string) => readFileSync(join(folder, name), 'latin1');
  const effects = lines.map((_, index) => {
    const status = Number(read(`status${index}`));
    return {
      stdout: read(`out${index}`),
      stderr: read(`err${index}`),
      status,
      table: status === 0 ? sorted(read(`table${index}`)) : '',
    };
  });
  rmSync(folder, { recursive: true });
  return effects;
}

/** Runs a command line with the command of this package, in this process. */
export async function runInProcess(
  namespace: Namespace,
  { words, input = '' }: CommandLine,
  compat: boolean,
): Promise<Omit<Effect, 'table'>> {
  let stdout = '';
  let stderr = '';
  const status = await runIpvsadm(words, {
    program: 'ipvsadm',
    compat,
    netns: { target: namespace.path, label: namespace.path },
    out: (text) => {
      stdout += text;
    },
    err: (text) => {
      stderr += text;
    },
    input: () => [input],
    readFile: (path) => [namespace.readFile(path)],
  });
  return { stdout, stderr, status };
}

/** Runs command lines with the command of this package. */
export async function runWithCommand(
  namespace: Namespace,
  lines: readonly CommandLine[],
  { rules, compat = true }: LineOptions = {},
): Promise<Effect[]> {
  const effects: Effect[] = [];
  let isFresh = false;
  for (const line of lines) {
    if (rules !== undefined && !isFresh) {
      await runInProcess(namespace, { words: ['-R'], input: `-C\n${rules}\n` }, compat);
    }
    const effect = await runInProcess(namespace, line, compat);
    // What fails as a whole changes nothing.
    isFresh = isReading(line.words) || (effect.status !== 0 && line.input === undefined);
    const saved =
      effect.status === 0 ? await runInProcess(namespace, { words: ['-Sn'] }, true) : undefined;
    effects.push({ ...effect, table: saved === undefined ? '' : sorted(saved.stdout) });
  }
  return effects;
}
