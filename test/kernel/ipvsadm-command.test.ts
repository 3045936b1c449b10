import { afterAll, beforeAll, expect, test } from 'vitest';
import { runWithCommand, runWithIpvsadm, wordsOf } from './helpers/command-lines.js';
import { LINES, RULES } from './helpers/ipvsadm-lines.js';
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

test('the command prints and does what ipvsadm prints and does', async () => {
  const lines = LINES.map((line) => ({ words: wordsOf(line) }));
  const expected = runWithIpvsadm(theirs, lines, { rules: RULES });
  const actual = await runWithCommand(ours, lines, { rules: RULES });
  for (const [index, line] of LINES.entries()) {
    expect.soft({ line, ...actual[index] }).toEqual({ line, ...expected[index] });
  }
  expect(ours.saved()).toEqual(theirs.saved());
});
