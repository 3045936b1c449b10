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

const CALLS = [
  'Ipvs.open()',
  'Links.open()',
  'Director.open({ owns: { ports: [80, 80] } })',
  'Namespace.create()',
  'diagnose()',
  "loadModules(['ip_vs'])",
];

/** Runs a program, of which `call` is a part, that may have 100 descriptors. Returns what it prints. */
function runLimited(program: string): unknown {
  const path = written(`
    import { closeSync, openSync, writeSync } from 'node:fs';
    import { diagnose, Director, Ipvs, Links, loadModules, Namespace } from ${ipvs};
    const taken = [];
    try {
      for (;;) taken.push(openSync('/dev/null'));
    } catch {}
    const print = (value) => writeSync(1, JSON.stringify(value));
    ${program}
    process.exit();`);
  const limited = ['-c', 'ulimit -n 100; exec "$@"', 'sh', process.execPath, path];
  const { stdout, stderr } = spawnSync('sh', limited, { encoding: 'utf8' });
  expect(stderr).toBe('');
  return JSON.parse(stdout);
}

test.each(CALLS)('%s names the reason if no file of the package can be opened', (call) => {
  const printed = runLimited(`
    const { name, code, errno, syscall, operation, message } = await ${call}.catch((error) => error);
    print({ name, code, errno, syscall, operation, message });`);
  const operation = /\w+(?=\()/.exec(call)?.[0];
  expect(printed).toEqual({
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

// A module that Node.js could not open is never opened again on Node.js 20 and 22.
test.each(CALLS)('%s works after a lack of descriptors', (call) => {
  for (const free of [0, 1, 2, 4, 6, 9, 13, 18]) {
    const printed = runLimited(`
      for (let count = 0; count < ${free}; count++) closeSync(taken.pop());
      const codeOf = () => ${call}.then(() => 'works', ({ code }) => code);
      await codeOf();
      for (const descriptor of taken) closeSync(descriptor);
      print([await codeOf(), await Links.open().then(() => 'works', ({ code }) => code)]);`);
    // Ipvs.open() needs a kernel with IPVS, loadModules() needs the module.
    expect(printed, `${free} free descriptors`).toEqual([
      expect.stringMatching(/^(works|ERR_IPVS_UNAVAILABLE|ERR_IPVS_MODULE|EPERM)$/),
      'works',
    ]);
  }
});

// Handles take descriptors, while Node.js reads the files of what they need.
test.each([20, 40, 60])('handles that are opened at once with %d descriptors', (free) => {
  const printed = runLimited(`
    for (let count = 0; count < ${free}; count++) closeSync(taken.pop());
    const results = await Promise.allSettled(Array.from({ length: 100 }, () => Links.open()));
    const codes = results.map(({ reason }) => reason?.code ?? 'works');
    for (const { value } of results) await value?.close();
    for (const descriptor of taken) closeSync(descriptor);
    const later = await Links.open().then(() => 'works', ({ code }) => code);
    print({ codes: [...new Set(codes)].sort(), later });`);
  // Some work, and the others lack descriptors.
  expect(printed).toEqual({ codes: ['EMFILE', 'works'], later: 'works' });
});
