// docs/cli.md: its commands are run, one block after the other, and print what the document shows.
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { blocks } from '../../documents.js';
import { ipvsCommand } from '../helpers/command.js';
import { Namespace } from '../helpers/namespace.js';

const document = blocks.filter(({ file }) => file === 'docs/cli.md');
const folder = mkdtempSync(join(tmpdir(), 'ipvs-cli-document-'));
let namespace: Namespace;

beforeAll(() => {
  namespace = new Namespace();
  const program = join(folder, 'ipvs');
  const words = ipvsCommand().map((word) => `'${word}'`);
  writeFileSync(program, `#!/bin/sh\nexec ${words.join(' ')} "$@"\n`);
  chmodSync(program, 0o755);
  for (const { language, purpose, text } of document) {
    if (language === 'yaml' && purpose !== '') writeFileSync(join(folder, purpose), text);
  }
});
afterAll(() => {
  namespace.delete();
  rmSync(folder, { recursive: true });
});

const runs = document.flatMap((block, index) =>
  block.language === 'sh' && block.purpose === 'run'
    ? [[block.line, block, document[index + 1]] as const]
    : [],
);

test('there are commands with their output', () => {
  expect(runs.length).toBeGreaterThan(5);
});

test.each(runs)('the commands at line %d print what the next block shows', (_, block, shown) => {
  const script = `cd "$1"; PATH=$1:$PATH\n${block.text}`;
  expect(shown?.language).toBe('text');
  expect(namespace.run('sh', ['-ec', script, 'sh', folder])).toBe(shown?.text);
});
