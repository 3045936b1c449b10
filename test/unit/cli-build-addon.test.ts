// `ipvs build-addon` with stand-ins for node-gyp, in a package of its own.
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { afterAll, beforeEach, expect, test, vi } from 'vitest';
import { runProgram } from '../../lib/cli/program.js';
import { build, root as checkout } from '../kernel/helpers/programs.js';

const folder = mkdtempSync(join(tmpdir(), 'ipvs-build-addon-'));
const root = join(folder, 'package');
const installed = join(root, 'build/Release/ipvs.node');
vi.mock('../../lib/package-root.js', () => ({ packageRoot: () => root }));

beforeEach(() => {
  rmSync(root, { recursive: true, force: true });
  for (const each of ['dist', 'csrc', 'build/Release']) {
    mkdirSync(join(root, each), { recursive: true });
  }
  writeFileSync(join(root, 'dist/binding.gyp'), '');
  writeFileSync(installed, 'the addon before');
});
afterAll(() => rmSync(folder, { recursive: true }));

/** Starts the command with a program in the place of node-gyp. */
function start(nodeGyp: string) {
  const script = join(folder, 'node-gyp.cjs');
  writeFileSync(
    script,
    `const { mkdirSync, writeFileSync, copyFileSync } = require('node:fs');
    mkdirSync('build/Release', { recursive: true });
    ${nodeGyp}`,
  );
  let errors = '';
  const context = {
    stdin: process.stdin,
    stdout: new PassThrough().resume(),
    stderr: { write: (text: string) => (errors += text) },
    env: process.env,
  };
  const ended = runProgram(['build-addon', '--node-gyp', script], context as never);
  return { ended, errors: () => errors };
}

/** Expects that the package is as it was. */
function expectUnchanged() {
  expect(readFileSync(installed, 'utf8')).toBe('the addon before');
  expect(readdirSync(root).sort()).toEqual(['build', 'csrc', 'dist']);
}

test('an addon that cannot be loaded is not installed', async () => {
  const { ended, errors } = start(`writeFileSync('build/Release/ipvs.node', 'no addon')`);
  expect(await ended).toBe(1);
  expect(errors()).toMatch(
    /^ipvs build-addon: the addon cannot be loaded \(.+\), and nothing is changed\n$/s,
  );
  expectUnchanged();
});

test('an addon that can be loaded is installed', async () => {
  build();
  const built = join(checkout, 'build/Release/ipvs.node');
  const { ended, errors } = start(
    `copyFileSync(${JSON.stringify(built)}, 'build/Release/ipvs.node')`,
  );
  expect(await ended, errors()).toBe(0);
  expect(readFileSync(installed).equals(readFileSync(built))).toBe(true);
  expect(readdirSync(root).sort()).toEqual(['build', 'csrc', 'dist']);
});

/** Returns false for a process that has ended, also if nobody has waited for it yet. */
function isRunning(pid: number): boolean {
  try {
    return !/\) [ZX] /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return false;
  }
}

test.each(['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT'] as const)(
  '%s ends the compilers, and leaves nothing behind',
  async (name) => {
    const pids = join(folder, 'pids');
    rmSync(pids, { force: true });
    const { ended, errors } = start(`
    const { pid } = require('node:child_process').spawn('sleep', ['1000']);
    writeFileSync(${JSON.stringify(pids)}, [process.pid, pid].join());`);
    const running = await vi.waitFor(() => {
      const found = readFileSync(pids, 'utf8').split(',').map(Number);
      expect(found).toHaveLength(2);
      return found;
    }, 30_000);
    process.emit(name);
    expect(await ended).toBe(1);
    expect(errors()).toBe('ipvs build-addon: interrupted, and nothing is changed\n');
    expectUnchanged();
    for (const pid of running) {
      await vi.waitFor(() => expect(isRunning(pid)).toBe(false), 30_000);
    }
  },
);
