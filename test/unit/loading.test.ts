// What the package loads, and when. Each program is a process of its own.
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { build, root } from '../kernel/helpers/programs.js';

beforeAll(build, 120_000);

const ipvs = JSON.stringify(pathToFileURL(join(root, 'dist/index.js')));
const folder = mkdtempSync(join(tmpdir(), 'ipvs-loading-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** Writes a program, and returns its path. */
function written(program: string): string {
  const path = join(folder, 'program.mjs');
  writeFileSync(path, program);
  return path;
}

test('the import loads no module of Node.js', () => {
  const program = `
    const before = new Set(process.moduleLoadList);
    await import(${ipvs});
    console.log(JSON.stringify(process.moduleLoadList.filter((name) => !before.has(name))));`;
  const printed = execFileSync(process.execPath, [written(program)], { encoding: 'utf8' });
  expect(JSON.parse(printed)).toEqual([]);
});

test.each([
  'Ipvs.open()',
  'Links.open()',
  'Director.open()',
  'diagnose()',
  "loadModules(['ip_vs'])",
])('%s names the reason if no file of the package can be opened', (call) => {
  const program = `
      import { openSync, writeSync } from 'node:fs';
      import { diagnose, Director, Ipvs, Links, loadModules } from ${ipvs};
      try {
        for (;;) openSync('/dev/null');
      } catch {}
      const { name, code, errno, syscall, operation, message } = await ${call}.catch((error) => error);
      writeSync(1, JSON.stringify({ name, code, errno, syscall, operation, message }));`;
  const limited = ['-c', 'ulimit -n 100; exec "$@"', 'sh', process.execPath, written(program)];
  const { stdout, stderr } = spawnSync('sh', limited, { encoding: 'utf8' });
  expect(stderr).toBe('');
  const operation = /\w+(?=\()/.exec(call)?.[0];
  expect(JSON.parse(stdout)).toEqual({
    name: 'IpvsError',
    code: 'EMFILE',
    errno: -24,
    syscall: 'open',
    operation,
    message: expect.stringMatching(
      `^${operation}: a file of the package cannot be loaded: EMFILE: too many open files, open '.+/dist/`,
    ),
  });
});
