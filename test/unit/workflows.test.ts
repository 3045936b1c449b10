import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { root } from '../kernel/helpers/programs.js';

const folder = join(root, '.github/workflows');
const files = readdirSync(folder);
const read = (file: string) => readFileSync(join(folder, file), 'utf8');

test('these are the workflows', () => {
  expect(files.sort()).toEqual(['ci.yml', 'release.yml', 'site.yml']);
});

describe.each(files)('%s', (file) => {
  test('uses actions by commit, with the version in words', () => {
    const used = read(file)
      .split('\n')
      .filter((line) => /^\s*(- )?uses:/.test(line));
    expect(used).not.toEqual([]);
    for (const line of used) expect(line).toMatch(/uses: [\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/);
  });

  test('calls scripts that there are', () => {
    const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
    const called = [...read(file).matchAll(/(?<![\w./-])scripts\/[\w-]+/g)].map(([name]) => name);
    const run = [...read(file).matchAll(/npm (?:run )?(test[\w:]*|(?<=run )[\w:-]+)/g)];
    expect(called).not.toEqual([]);
    expect(called.filter((name) => !existsSync(join(root, name)))).toEqual([]);
    expect(run.map(([, name = '']) => name).filter((name) => !(name in scripts))).toEqual([]);
  });

  test('has no rights but to read, unless a job says which', () => {
    expect(parse(read(file)).permissions).toEqual({ contents: 'read' });
  });
});

test('only the job that publishes may speak for the repository', () => {
  const { jobs } = parse(read('release.yml'));
  const entitled = Object.keys(jobs).filter((name) => jobs[name].permissions !== undefined);
  expect(entitled).toEqual(['publish']);
});
