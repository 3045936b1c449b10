// The completion of command lines, in real shells, and the manual page, as groff sees it.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ipvsCommand, runToEnd } from '../helpers/command.js';
import { Namespace, run } from '../helpers/namespace.js';
import { root } from '../helpers/programs.js';

const folder = mkdtempSync(join(tmpdir(), 'ipvs-cli-shells-'));
let namespace: Namespace;

beforeAll(() => {
  namespace = new Namespace();
  writeFileSync(join(folder, 'state of web.yaml'), '');
  for (const shell of ['bash', 'zsh']) {
    const { output } = runToEnd([...ipvsCommand(), 'completion', shell]);
    writeFileSync(join(folder, shell === 'zsh' ? '_ipvs' : 'bash'), output);
  }
});
afterAll(() => {
  namespace.delete();
  rmSync(folder, { recursive: true });
});

/** What is completed, and what comes out of it: all of it, or some. */
const CASES = [
  { words: ['ipvs', 'co'], all: ['connections', 'completion'] },
  { words: ['ipvs', 'diff', '--pr'], all: ['--prune'] },
  { words: ['ipvs', 'apply', '--keep', 'upper'], all: ['upperThreshold'] },
  { words: ['ipvs', 'save', '--format', ''], all: ['yaml', 'json', 'rules'] },
  // As bash splits them.
  { words: ['ipvs', 'save', '--format', '='], all: ['yaml', 'json', 'rules'] },
  { words: ['ipvs', 'save', '--format', '=', 'j'], all: ['json'] },
  { words: ['ipvs', 'help', 'con'], all: ['connections'] },
  { words: ['ipvs', 'completion', ''], all: ['bash', 'zsh'] },
  { words: ['ipvs', 'apply', 'state'], all: ['state of web.yaml'] },
] as const;

describe('bash', () => {
  /** Returns the completions of the last word. */
  function completed(words: readonly string[]): string[] {
    const script = `
      cd "$1"
      source ./bash
      shift
      COMP_WORDS=("$@")
      COMP_CWORD=$(($# - 1))
      compopt() { :; } # works only within a completion
      _ipvs
      printf '%s\\n' "\${COMPREPLY[@]}"`;
    const printed = run('bash', ['--norc', '-euc', script, 'bash', folder, ...words]);
    return printed.split('\n').filter((line) => line !== '');
  }

  test.each(CASES)('completes $words', ({ words, all }) => {
    expect(completed(words).sort()).toEqual([...all].sort());
  });

  test('completes named network namespaces', () => {
    expect(completed(['ipvs', 'list', '--netns', namespace.name.slice(0, -2)])).toEqual([
      namespace.name,
    ]);
  });

  test('quotes the name of a namespace, and executes nothing in it', () => {
    const name = 'ipvs$(id)';
    run('ip', ['netns', 'add', name]);
    try {
      expect(completed(['ipvs', 'list', '--netns', 'ipvs$'])).toEqual(['ipvs\\$\\(id\\)']);
    } finally {
      run('ip', ['netns', 'delete', name]);
    }
  });

  test('is set up by one line', () => {
    const script = 'source "$1/bash"; complete -p ipvs';
    expect(run('bash', ['--norc', '-euc', script, 'bash', folder])).toBe(
      'complete -F _ipvs ipvs\n',
    );
  });
});

describe('zsh', () => {
  /**
   * Returns what a terminal shows after Tab was pressed behind each line. The shell runs in a
   * terminal of its own.
   */
  function shownAfterTab(lines: readonly string[]): string[] {
    // Text is sent when the prompt is there: what comes earlier, the terminal itself would echo.
    const script = `
      zmodload zsh/zpty
      zpty shell zsh -f -i
      zpty -w shell "cd $1; PS1='@@@'; unsetopt beep; fpath=($1 \\$fpath)"
      zpty -w shell "autoload -U compinit; compinit -u -D; print re''ady"
      zpty -r shell text '*ready*@@@*'
      shift
      for line; do
        zpty -n -w shell "$line"$'\\t'
        # Removes the line, whatever it is then.
        zpty -n -w shell $'\\x15print do""ne\\n'
        zpty -r shell text '*done*@@@*'
        print -r -- "\${text//[^[:print:]]/ }"
      done
      zpty -d shell`;
    const printed = run('zsh', ['-f', '-c', script, 'zsh', folder, ...lines]);
    return printed.trimEnd().split('\n');
  }

  test('completes commands, options, values, files and namespaces', () => {
    const cases = [
      ['ipvs connec', 'ipvs connections '],
      ['ipvs diff --pru', 'ipvs diff --prune'],
      ['ipvs apply --keep upp', 'ipvs apply --keep upperThreshold'],
      ['ipvs completion z', 'ipvs completion zsh'],
      ['ipvs apply state', 'ipvs apply state\\ of\\ web.yaml'],
      [`ipvs list --netns ${namespace.name.slice(0, -2)}`, `ipvs list --netns ${namespace.name}`],
    ] as const;
    const shown = shownAfterTab(cases.map(([line]) => line));
    expect(shown).toHaveLength(cases.length);
    for (const [index, [, whole]] of cases.entries()) expect(shown[index]).toContain(whole);
  });
});

describe('the manual page', () => {
  test('has no mistake that groff notices', () => {
    const { errors } = runToEnd([
      'groff',
      '-man',
      '-ww',
      '-Tutf8',
      '-z',
      join(root, 'dist/ipvs.8'),
    ]);
    expect(errors).toBe('');
  });

  test('is what a person reads', () => {
    const page = join(root, 'dist/ipvs.8');
    const options = ['-man', '-Tascii', '-P-c', '-P-b', '-P-u', '-P-o'];
    const { output } = runToEnd(['groff', ...options, page]);
    const words = output.replace(/\s+/g, ' ');
    expect(words).toContain('ipvs apply [OPTION]... FILE');
    expect(words).toContain('--max-deletions N change nothing if more than N services');
  });
});
