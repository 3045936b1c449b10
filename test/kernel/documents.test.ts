import { join } from 'node:path';
import { expect, test } from 'vitest';
import { compile, programs } from '../documents.js';
import { Namespace } from './helpers/namespace.js';

const folder = compile();
const runnable = programs().filter(({ blocks }) => blocks[0]?.purpose === '');

test.each(runnable.map((program) => [program.name, program] as const))(
  '%s runs, and prints what its comments say',
  (name, { source }) => {
    const namespace = new Namespace();
    try {
      const printed = namespace.run(process.execPath, [join(folder, `${name}.mjs`)]).split('\n');
      const promised = [...source.matchAll(/console\.log\(.*\); \/\/ (.*)$/gm)].map(
        ([, text]) => text,
      );
      expect(printed.filter((line) => promised.includes(line))).toEqual(promised);
    } finally {
      namespace.delete();
    }
  },
);

test('the first example of README does what it says', () => {
  const first = runnable.find(({ blocks }) => blocks[0]?.file === 'README.md');
  expect(first).toBeDefined();
  const namespace = new Namespace();
  const printed = namespace.run(process.execPath, [join(folder, `${first?.name}.mjs`)]);
  expect(printed).toMatch(/^10\.1\.2\.2 1 0\n10\.1\.1\.2 3 0\n/);
  namespace.delete();
});
