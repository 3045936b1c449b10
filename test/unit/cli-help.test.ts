import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { flagOf, parseArguments } from '../../lib/cli/arguments.js';
import type { Command } from '../../lib/cli/command.js';
import { commands } from '../../lib/cli/commands.js';
import { helpOf, overview } from '../../lib/cli/help/text.js';
import { definitions, wrap } from '../../lib/cli/help/wrap.js';
import { manual } from '../../lib/cli/manual.js';
import { root } from '../kernel/helpers/programs.js';

const each = commands.map((command) => [command.name, command] as const);
const longestLine = (text: string) => Math.max(...text.split('\n').map((line) => line.length));

describe('the table of commands', () => {
  test('has a row for each name, with a summary in the style of a verb phrase', () => {
    expect(new Set(commands.map(({ name }) => name)).size).toBe(commands.length);
    for (const { name, summary, description } of commands) {
      expect(summary, name).toMatch(/^[a-z].*[^.]$/);
      expect(summary.length, name).toBeLessThanOrEqual(62);
      for (const paragraph of description) expect(paragraph, name).toMatch(/^[A-Z'].*\.$/s);
    }
  });

  test.each(each)('has examples of %s that its own parser accepts', (name, command) => {
    expect(command.examples.length).toBeGreaterThan(0);
    for (const { command: line } of command.examples) {
      const own = line.split(' | ').at(-1) ?? '';
      const words = own.split(' ');
      expect(words.slice(0, 2)).toEqual(['ipvs', name]);
      expect(() => parseArguments(command, words.slice(2))).not.toThrow();
    }
  });

  test('lists in the overview what each command does', () => {
    const text = overview(commands);
    for (const { name } of commands) expect(text).toContain(`  ${name} `);
    expect(longestLine(text)).toBeLessThan(80);
  });
});

test('docs/cli.md lists the commands as the table does', () => {
  const text = readFileSync(join(root, 'docs/cli.md'), 'utf8');
  const rows = [...text.matchAll(/^\| `ipvs ([\w-]+)` \| (.*) \|$/gm)].map(([, ...cells]) => cells);
  expect(rows).toEqual(commands.map(({ name, summary }) => [name, summary]));
});

describe('the help of a command', () => {
  test.each(each)('of %s names every option and operand, in 79 columns', (_, command) => {
    const text = helpOf(command);
    for (const [name, { value = '' }] of Object.entries(command.options)) {
      expect(text).toContain(`  ${`${flagOf(name)} ${value}`.trim()}`);
    }
    for (const { name } of command.operands ?? []) expect(text).toContain(`  ${name}`);
    expect(text).toContain('-h, --help');
    expect(longestLine(text)).toBeLessThan(80);
  });

  test('shows what an option, an operand and an exit status mean', () => {
    const command: Command = {
      name: 'toast',
      summary: 'toast bread',
      description: ['Toasts bread.', `${'Very long words follow. '.repeat(5)}`.trim()],
      operands: [{ name: 'BREAD', summary: 'the bread', optional: true }],
      options: {
        darkBrown: { summary: 'toast longer' },
        slices: { summary: 'the number of slices', value: 'N', repeatable: true },
      },
      statuses: { 3: 'burnt' },
      failure: 4,
      examples: [{ command: 'ipvs toast rye', summary: 'toast rye' }],
      execute: () => Promise.reject(new Error('not called')),
    };
    expect(helpOf(command)).toBe(`Usage: ipvs toast [OPTION]... [BREAD]

Toasts bread.

Very long words follow. Very long words follow. Very long words follow. Very
long words follow. Very long words follow.

Operands:
  BREAD  the bread

Options:
  --dark-brown    toast longer
  --slices N ...  the number of slices
  -h, --help      print this help

Exit status:
  0  success
  2  the command line or an input file is wrong; nothing was done
  3  burnt
  4  failure

Examples:
  ipvs toast rye  toast rye
`);
  });
});

describe('layout', () => {
  test('breaks text between words only', () => {
    expect(wrap('aa bb  cc dddddddd e', 5)).toEqual(['aa bb', 'cc', 'dddddddd', 'e']);
  });

  test('puts the meaning of a long term on the next line', () => {
    expect(definitions([['a'.repeat(30), 'x']])).toEqual([
      `  ${'a'.repeat(30)}`,
      `${' '.repeat(26)}x`,
    ]);
  });
});

describe('the manual', () => {
  const text = manual('1.2.3');

  test('is that of the table, with every option', () => {
    expect(text).toMatch(/^\.TH IPVS 8 "" "ipvs 1\.2\.3"/);
    for (const { name, options } of commands) {
      expect(text).toContain(`.SS ipvs ${name.replaceAll('-', '\\-')}`);
      for (const option of Object.keys(options)) {
        expect(text).toContain(flagOf(option).replaceAll('-', '\\-'));
      }
    }
  });

  test('has no plain hyphen, quote or request within its text', () => {
    const lines = text.split('\n').filter((line) => !/^\.(TH|PP|TP|br|SH|BR) ?/.test(line));
    for (const line of lines.map((each) => each.replace(/^\.(B|SS) /, ''))) {
      expect(line).not.toMatch(/(^|[^\\])-|"|^[.']/);
    }
  });

  test('ships with the package', () => {
    const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
    // npm links a list only.
    expect(manifest.man).toEqual(['./dist/ipvs.8']);
    expect(manifest.files).toContain('dist/ipvs.8');
  });
});
