import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { API_DOCUMENTS, type Block, blocks, compile } from '../documents.js';
import { root } from '../kernel/helpers/programs.js';

const place = ({ file, line }: Block) => `${file}:${line}`;
const of = (...languages: string[]) =>
  blocks
    .filter(({ language }) => languages.includes(language))
    .map((one) => [place(one), one] as const);

test('each block is of a language that is checked here, or is no code', () => {
  const checked = ['ts', 'sh', 'json', 'yaml'];
  const other = blocks.filter(({ language }) => !checked.includes(language));
  expect(new Set(other.map(({ language }) => language))).toEqual(
    new Set(['ini', 'promql', 'text']),
  );
  expect(of(...checked).length).toBeGreaterThan(20);
});

test('these are compiled and not run, and no others', () => {
  const marked = blocks.filter(({ purpose }) => purpose !== '');
  const notRun = marked.filter(({ purpose }) => purpose === 'no-run');
  expect(notRun.map(({ file, text }) => [file, text.split('\n')[0]])).toEqual([]);
  const shown = marked.filter((block) => !notRun.includes(block));
  expect(new Set(shown.map(({ file, purpose }) => `${file} ${purpose}`))).toEqual(
    new Set([
      'docs/api.md header',
      ...API_DOCUMENTS.flatMap((file) => [`${file} members`, `${file} declaration`]),
      // test/kernel/command/cli-document.test.ts runs them.
      'docs/cli.md run',
      'docs/cli.md state.yaml',
      'docs/testing.md vitest',
    ]),
  );
});

test('each example of the API document is a program of its own, which closes what it opens', () => {
  const examples = of('ts').filter(
    ([, { file, purpose }]) => API_DOCUMENTS.includes(file) && purpose === '',
  );
  expect(examples.length).toBeGreaterThan(15);
  for (const [at, { text }] of examples) {
    expect(text, at).toMatch(/^import .* from 'ipvs(\/\w+)?';$/m);
    expect(text.match(/\.close\(\)/g)?.length, at).toBe(
      text.match(/\.open\(|\bNamespace\.create\(/g)?.length,
    );
  }
});

test('TypeScript compiles, strictly', () => {
  const folder = compile();
  expect(API_DOCUMENTS).toHaveLength(4);
  for (const document of API_DOCUMENTS) {
    expect(existsSync(join(folder, `${basename(document, '.md')}.mjs`))).toBe(true);
  }
});

test.each(of('ts'))('%s has no syntax that the lowest supported Node.js lacks', (_, { text }) => {
  // Explicit resource management came with V8 of Node.js 24. The compiler lowers it; nobody who pastes it does.
  expect(text).not.toMatch(/^\s*(await )?using \w+ =/m);
});

describe('shell', () => {
  test.each(of('sh'))('%s is well-formed', (_, { text }) => {
    execFileSync('bash', ['-n'], { input: text, stdio: ['pipe', 'pipe', 'pipe'] });
  });

  test('calls scripts that there are', () => {
    const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
    const text = of('sh')
      .map(([, block]) => block.text)
      .join('');
    const files = [...text.matchAll(/(?<![\w/.])scripts\/[\w-]+/g)].map(([name]) => name);
    const names = [...text.matchAll(/\bnpm run (?:--silent )?([\w:-]+)/g)].map(([, name]) => name);
    expect(files.length + names.length).toBeGreaterThan(1);
    expect(files.filter((name) => !existsSync(join(root, name)))).toEqual([]);
    expect(names.filter((name) => name === undefined || !Object.hasOwn(scripts, name))).toEqual([]);
  });
});

describe('data', () => {
  test.each(of('json', 'yaml'))('%s is well-formed', (_, { language, text }) => {
    if (language === 'json') expect(() => JSON.parse(text)).not.toThrow();
    else
      for (const { errors, warnings } of parseAllDocuments(text))
        expect([...errors, ...warnings]).toEqual([]);
  });
});
