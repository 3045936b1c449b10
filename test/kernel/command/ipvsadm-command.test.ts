import { afterAll, beforeAll, expect, test } from 'vitest';
import { mutatedLines, randomLines } from '../helpers/command-grammar.js';
import {
  type CommandLine,
  type Effect,
  runWithCommand,
  runWithIpvsadm,
  wordsOf,
} from '../helpers/command-lines.js';
import { LINES, RULES } from '../helpers/ipvsadm-lines.js';
import { RESTORES } from '../helpers/ipvsadm-restores.js';
import { Namespace } from '../helpers/namespace.js';

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

type NamedLine = CommandLine & { readonly name: string };

/** Returns an effect with its line. The kernel's order is another one in each namespace. */
function shown({ name, words }: NamedLine, effect: Effect | undefined) {
  const { stdout = '' } = effect ?? {};
  const isUnordered = words.includes('--nosort');
  return { name, ...effect, stdout: isUnordered ? stdout.split('\n').sort() : stdout };
}

/** Expects that both programs print and do the same. */
async function compare(lines: readonly NamedLine[], rules?: string): Promise<void> {
  const options = rules === undefined ? {} : { rules };
  const expected = runWithIpvsadm(theirs, lines, options);
  const actual = await runWithCommand(ours, lines, options);
  for (const [index, line] of lines.entries()) {
    expect.soft(shown(line, actual[index])).toEqual(shown(line, expected[index]));
  }
  expect(ours.saved()).toEqual(theirs.saved());
}

test('the command prints and does what ipvsadm prints and does', () =>
  compare(
    LINES.map((name) => ({ name, words: wordsOf(name) })),
    RULES,
  ));

/** Another seed and more lines: IPVS_SEED=1 IPVS_LINES=2000. */
const SEED = Number(process.env['IPVS_SEED'] ?? 20261129);
const COUNT = Number(process.env['IPVS_LINES'] ?? 200);

test('the command behaves as ipvsadm with random command lines', () =>
  compare(randomLines(COUNT, SEED).map((name) => ({ name, words: wordsOf(name) }))));

test('the command behaves as ipvsadm with slightly wrong lines', () =>
  compare(
    mutatedLines(COUNT, SEED).map((name) => ({ name, words: wordsOf(name) })),
    RULES,
  ));

test('-R does what ipvsadm does, also after a line that is wrong', () =>
  compare(
    RESTORES.map((input) => ({ name: JSON.stringify(input), words: ['-R'], input })),
    '-A -t 10.0.0.1:80',
  ));
