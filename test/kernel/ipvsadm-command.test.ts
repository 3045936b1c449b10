import { afterAll, beforeAll, expect, test } from 'vitest';
import { randomLines } from './helpers/command-grammar.js';
import {
  type CommandLine,
  runWithCommand,
  runWithIpvsadm,
  wordsOf,
} from './helpers/command-lines.js';
import { LINES, RULES } from './helpers/ipvsadm-lines.js';
import { RESTORES } from './helpers/ipvsadm-restores.js';
import { Namespace } from './helpers/namespace.js';

let theirs: Namespace;
let ours: Namespace;

beforeAll(() => {
  theirs = new Namespace();
  ours = new Namespace();
});

afterAll(() => {
  theirs.delete();
  ours.delete();
});

/** Expects that both programs print and do the same. */
async function compare(
  lines: readonly (CommandLine & { readonly name: string })[],
  rules?: string,
): Promise<void> {
  const options = rules === undefined ? {} : { rules };
  const expected = runWithIpvsadm(theirs, lines, options);
  const actual = await runWithCommand(ours, lines, options);
  for (const [index, { name }] of lines.entries()) {
    expect.soft({ name, ...actual[index] }).toEqual({ name, ...expected[index] });
  }
  expect(ours.saved()).toEqual(theirs.saved());
}

test('the command prints and does what ipvsadm prints and does', () =>
  compare(
    LINES.map((name) => ({ name, words: wordsOf(name) })),
    RULES,
  ));

test('it does so with random command lines, one after the other', () => {
  const seed = Number(process.env['IPVS_SEED'] ?? 20261129);
  const count = Number(process.env['IPVS_LINES'] ?? 300);
  return compare(randomLines(count, seed).map((name) => ({ name, words: wordsOf(name) })));
});

test('-R does what ipvsadm does, also after a line that is wrong', () =>
  compare(
    RESTORES.map((input) => ({ name: JSON.stringify(input), words: ['-R'], input })),
    '-A -t 10.0.0.1:80',
  ));
