// What `npm test` prints at its end, from the reports of Vitest.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { root } from '../kernel/helpers/programs.js';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'ipvs-count-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

/** Runs Vitest on these files, and returns its status and its report. */
function vitest(files: Readonly<Record<string, string>>) {
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  const report = join(folder, 'report.jsonl');
  const { status } = spawnSync(
    process.execPath,
    [
      join(root, 'node_modules/vitest/vitest.mjs'),
      ...['run', '--root', folder, '--globals'],
      ...[
        `--reporter=${join(root, 'scripts/lib/test-report.mjs')}`,
        `--outputFile.report=${report}`,
      ],
    ],
    { env: { PATH: process.env['PATH'], HOME: folder } },
  );
  return { status: String(status), report };
}

function count(...args: string[]) {
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    ['scripts/lib/count-tests.mjs', ...args],
    { cwd: root, encoding: 'utf8' },
  );
  expect(stderr).toBe('');
  const lines = stdout.trimEnd().split('\n');
  return { status, lines, failed: lines.filter((line) => line.startsWith('FAILED')) };
}

const PASSES = "test('passes', () => {});\n";

test('of tests that passed, only their number is printed', () => {
  const { status, report } = vitest({ 'a.test.js': PASSES, 'b.test.js': PASSES });
  expect(count(status, report, report)).toMatchObject({
    status: 0,
    lines: ['', '4 passed, 0 failed'],
  });
});

test('each test that failed is named, and each file that did not load', () => {
  const { status, report } = vitest({
    'a.test.js': `${PASSES}test('adds', () => expect(1 + 1).toBe(3));\n`,
    'b.test.js': "throw new Error('no addon');\n",
    'c.test.js': `describe('group', () => {
      beforeAll(() => { throw new Error('no kernel'); });
      ${PASSES}
    });\n`,
  });
  const { status: counted, lines, failed } = count(status, report);
  expect(counted).toBe(1);
  expect(failed.map((line) => line.replace(/ .*\/(?=[abc]\.test)/, ' ')).sort()).toEqual([
    'FAILED a.test.js > adds',
    'FAILED b.test.js',
    'FAILED c.test.js > group',
  ]);
  expect(lines.at(-1)).toBe('1 passed, 3 failed');
  const text = lines.join('\n');
  expect(text).toContain('expected 2 to be 3');
  expect(text).toContain('+ 2');
  expect(text).toContain('no addon');
  expect(text).toContain('no kernel');
});

test('a hook that fails after the tests counts as a failure', () => {
  const { status, report } = vitest({
    'a.test.js': `${PASSES}afterAll(() => { throw new Error('left behind'); });\n`,
  });
  const { lines, failed } = count(status, report);
  expect(failed).toHaveLength(1);
  expect(lines.at(-1)).toBe('1 passed, 1 failed');
  expect(lines.join('\n')).toContain('left behind');
});

test.each([
  ['before its first test', '1', '', 'stopped between two tests'],
  ['with the status of success', '0', '', 'stopped between two tests'],
  [
    'in a test, and in the midst of a line',
    '1',
    '{"event":"start","name":"a"}\n{"event":"start","name":"b"}\n{"event":"passed","name":"a"}\n{"ev',
    'stopped during b',
  ],
])('a run that was killed %s counts as a failure', (_, status, text, message) => {
  const report = join(folder, 'kernel-1.jsonl');
  writeFileSync(report, text);
  const { lines, ...counted } = count(status, report);
  expect(counted).toEqual({ status: 1, failed: ['FAILED kernel-1 tests'] });
  expect(lines).toContain(`  ${message}`);
});

test('an error of Vitest outside the tests counts as a failure', () => {
  const { report } = vitest({ 'a.test.js': PASSES });
  expect(count('1', report)).toMatchObject({ status: 1, failed: ['FAILED vitest'] });
});
