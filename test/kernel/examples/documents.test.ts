import { join } from 'node:path';
import { expect, test } from 'vitest';
import { compile, programs, vitestOptions } from '../../documents.js';
import { Namespace, run } from '../helpers/namespace.js';

const folder = compile();
const withPurpose = (purpose: string) =>
  programs().filter(({ blocks }) => blocks[0]?.purpose === purpose);
const runnable = withPurpose('');

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

test('the example of README does what it says', () => {
  const first = runnable.find(
    ({ blocks }) => blocks[0]?.file === 'README.md' && blocks[0].heading === 'Example',
  );
  expect(first).toBeDefined();
  const namespace = new Namespace();
  const printed = namespace.run(process.execPath, [join(folder, `${first?.name}.mjs`)]);
  expect(printed).toMatch(/^10\.1\.2\.2 1 0\n10\.1\.1\.2 3 0\n/);
  namespace.delete();
});

interface Report {
  readonly numPassedTests: number;
  readonly numPendingTests: number;
  readonly testResults: readonly {
    readonly message: string;
    readonly assertionResults: readonly { readonly failureMessages: readonly string[] }[];
  }[];
}

/** Runs a program with vitest, behind the words of a wrapper. Returns what the report says. */
function runTests(name: string, ...wrapper: string[]) {
  const command = [...wrapper, process.execPath, ...vitestOptions(name), '--reporter=json'];
  // The report says why a test failed; the exit status does not.
  const printed = run('sh', ['-c', '"$@" || true', 'sh', ...command]);
  const report: Report = JSON.parse(printed);
  const errors = report.testResults.flatMap(({ message, assertionResults }) => [
    ...(message === '' ? [] : [message]),
    ...assertionResults.flatMap(({ failureMessages }) => failureMessages),
  ]);
  return { passed: report.numPassedTests, skipped: report.numPendingTests, errors };
}

test.each(withPurpose('vitest').map(({ name }) => [name]))('%s passes in vitest', (name) => {
  const { passed, ...others } = runTests(name);
  expect(others).toEqual({ skipped: 0, errors: [] });
  expect(passed).toBeGreaterThan(0);
});

test('the tests of docs/testing.md for links pass in a user namespace', () => {
  const names = withPurpose('vitest')
    .filter(({ blocks }) => blocks[0]?.heading === 'Without privileges')
    .map(({ name }) => name);
  expect(names).toHaveLength(1);
  const found = runTests(names[0] ?? '', 'unshare', '--user', '--map-root-user');
  expect(found).toEqual({ passed: 1, skipped: 1, errors: [] });
});
