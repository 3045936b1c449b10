import { describe, expect, test } from 'vitest';
import { integerOf, parseArguments, readValues, UsageError } from '../../lib/cli/arguments.js';
import type { Operand, Options } from '../../lib/cli/command.js';
import { openOptions } from '../../lib/cli/netns.js';

const options = {
  json: { summary: 'print JSON' },
  maxDeletions: { summary: 'the most deletions', value: 'N' },
  prune: { summary: 'the scope', value: 'SCOPE', repeatable: true },
  format: { summary: 'the format', value: 'FORMAT', completes: ['json', 'yaml'] },
} as const satisfies Options;
const operands: readonly Operand[] = [
  { name: 'FILE', summary: 'the state file' },
  { name: 'SHELL', summary: 'the shell', optional: true, completes: ['bash', 'zsh'] },
];

const parse = (...args: string[]) => parseArguments({ options, operands }, args);
const valuesOf = (...args: string[]) => readValues(options, parse(...args).texts);

describe('the arguments of a command', () => {
  test('are options and operands, in any order', () => {
    const args = ['--prune', 'all', 'a.json', '--json', '--prune=port=80', '--max-deletions', '3'];
    expect(valuesOf(...args)).toEqual({
      json: true,
      maxDeletions: '3',
      prune: ['all', 'port=80'],
      format: undefined,
    });
    expect(parse(...args).operands).toEqual(['a.json']);
  });

  test('that are left out have no value', () => {
    expect(valuesOf('-')).toEqual({
      json: false,
      maxDeletions: undefined,
      prune: [],
      format: undefined,
    });
  });

  test('are operands after --', () => {
    expect(parse('--', '--json').operands).toEqual(['--json']);
  });

  test.each([['--help'], ['-h'], ['a', 'b', 'c', '--help'], ['--nonsense', '--help']])(
    'are not checked if help is wanted: %s %s',
    (...args) => {
      expect(parse(...args).help).toBe(true);
    },
  );

  test.each([
    [['--jsno', 'a'], '--jsno is not a known option: did you mean --json?'],
    [
      ['--qqqqqqqqqq', 'a'],
      '--qqqqqqqqqq is not a known option: one of --json, --max-deletions, --prune, --format, --help',
    ],
    [
      ['--maxDeletions', '1', 'a'],
      '--maxDeletions is not a known option: did you mean --max-deletions?',
    ],
    [['-j', 'a'], /^-j is not a known option: one of --json/],
    [['--json=yes', 'a'], "--json: the option takes no value, but has 'yes'"],
    [['a', '--prune'], '--prune: the value is missing: --prune SCOPE'],
    [['--json', 'a', '--json'], '--json is given twice'],
    [['--format', 'jsn', 'a'], "--format: 'jsn' is not one of json, yaml: did you mean json?"],
    [['--format=xml!', 'a'], "--format: 'xml!' is not one of json, yaml"],
    [[], 'FILE is missing: the state file'],
    [['--prune', 'a'], "FILE is missing: the state file; 'a' is the value of --prune"],
    [['--prune=a'], /^FILE is missing: the state file$/],
    [['a', 'bsh'], "SHELL: 'bsh' is not one of bash, zsh: did you mean bash?"],
    [['a', 'zsh', 'c'], "'c' is one too many: the command takes FILE SHELL"],
  ])('%j are refused', (args, message) => {
    expect(() => parse(...args)).toThrow(UsageError);
    expect(() => parse(...args)).toThrow(message);
  });

  test('of a command without operands are refused', () => {
    expect(() => parseArguments({ options: {} }, ['a'])).toThrow(
      "'a' is one too many: the command takes no operand",
    );
  });
});

describe('an integer', () => {
  test.each([
    ['0', 0],
    ['12', 12],
    [undefined, undefined],
  ])('is read from %s', (text, value) => {
    expect(integerOf('--n', text, [0, 12])).toBe(value);
  });

  test.each(['13', '-1', '1.5', '1e1', '0x1', '', ' 1', 'x', '9'.repeat(400)])(
    'is not read from %j',
    (text) => {
      expect(() => integerOf('--n', text, [0, 12])).toThrow(
        `--n: '${text}' is not an integer from 0 to 12`,
      );
    },
  );
});

describe('--netns', () => {
  test.each([
    [undefined, {}],
    ['blue', { netns: '/run/netns/blue' }],
    ['/proc/self/ns/net', { netns: '/proc/self/ns/net' }],
    ['./7', { netns: './7' }],
    ['1234', { netns: { pid: 1234 } }],
  ])('%s is a name, a path or a pid', (text, expected) => {
    expect(openOptions(text)).toEqual(expected);
  });

  test.each([
    ['', "--netns: '' is not a name, a path or a pid"],
    ['0', '--netns: 0 is not a pid, which is from 1 to 2147483647'],
    ['4294967296', '--netns: 4294967296 is not a pid, which is from 1 to 2147483647'],
  ])('%j is refused', (text, message) => {
    expect(() => openOptions(text)).toThrow(message);
  });
});
