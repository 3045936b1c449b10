import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { expectInputError } from './helpers/requests.js';

/** The module, with nothing that it remembers. */
async function load() {
  vi.resetModules();
  const { isKnownAbsent, rememberAbsent } = await import('../../lib/native/kernel-modules.js');
  return { ...(await import('../../lib/host/load-modules.js')), isKnownAbsent, rememberAbsent };
}

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'ipvs-'));
  vi.stubEnv('PATH', `${folder}:${process.env['PATH'] ?? ''}`);
});
afterEach(() => {
  vi.unstubAllEnvs();
  vi.restoreAllMocks();
  rmSync(folder, { recursive: true });
});

/** Puts a program of this name before all others. */
function pretend(script: string): void {
  writeFileSync(join(folder, 'modprobe'), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
}

const NAME = 'ipvs_test_no_such_module';

test('loadModules runs modprobe with the name after --', async () => {
  pretend(`[ "$*" = "-- ${NAME}" ] || { echo "$*" >&2; exit 1; }`);
  const { loadModules, isKnownAbsent, rememberAbsent } = await load();
  rememberAbsent(NAME);
  expect(isKnownAbsent(NAME)).toBe(true);
  expect(await loadModules([NAME])).toEqual([{ name: NAME, status: 'loaded' }]);
  expect(isKnownAbsent(NAME)).toBe(false);
});

test('loadModules runs nothing for a module that is loaded', async () => {
  pretend('echo was run >&2; exit 1');
  const { loadModules } = await load();
  expect(await loadModules([])).toEqual([]);
});

test('the error has the output of modprobe', async () => {
  pretend('echo "modprobe: FATAL: Module not found." >&2; exit 1');
  const { loadModules } = await load();
  await expect(loadModules([NAME])).rejects.toMatchObject({
    name: 'IpvsError',
    code: 'ERR_IPVS_MODULE',
    operation: 'loadModules',
    target: NAME,
    message: `loadModules ${NAME}: modprobe: FATAL: Module not found.`,
  });
});

test('the error of a modprobe that fails silently has its exit status', async () => {
  pretend('exit 3');
  const { loadModules } = await load();
  await expect(loadModules([NAME])).rejects.toThrow(new RegExp(`^loadModules ${NAME}: \\S`));
});

describe('the search for modprobe', () => {
  /** A working directory with a program that must not be run. */
  const elsewhere = () => {
    const cwd = mkdtempSync(join(tmpdir(), 'ipvs-cwd-'));
    writeFileSync(join(cwd, 'modprobe'), `#!/bin/sh\ntouch ${join(cwd, 'was-run')}\n`, {
      mode: 0o755,
    });
    mkdirSync(join(cwd, 'bin'));
    copyFileSync(join(cwd, 'modprobe'), join(cwd, 'bin/modprobe'));
    return cwd;
  };
  const before = process.cwd();
  afterEach(() => process.chdir(before));

  test.each([
    { name: 'unset', path: undefined },
    { name: 'empty', path: '' },
    { name: 'a list with an empty element at the front', path: ':/usr/bin' },
    { name: 'a list with an empty element in the middle', path: '/nowhere::/usr/bin' },
    { name: 'a list with an empty element at the end', path: '/nowhere:' },
    { name: 'a list with the working directory', path: '.:/nowhere' },
    { name: 'a list with a relative folder', path: 'bin:/nowhere' },
  ])('runs nothing of the working directory if PATH is $name', async ({ path }) => {
    const cwd = elsewhere();
    try {
      process.chdir(cwd);
      vi.stubEnv('PATH', path);
      const { loadModules } = await load();
      // The modprobe of the system, where there is one, does not know the module either.
      await expect(loadModules([NAME])).rejects.toMatchObject({ code: 'ERR_IPVS_MODULE' });
      expect(existsSync(join(cwd, 'was-run'))).toBe(false);
    } finally {
      process.chdir(before);
      rmSync(cwd, { recursive: true });
    }
  });

  test('passes a PATH without the working directory on to modprobe', async () => {
    const cwd = elsewhere();
    try {
      process.chdir(cwd);
      vi.stubEnv('PATH', `:${folder}:.:bin`);
      pretend('echo "$PATH" >&2; exit 1');
      const { loadModules } = await load();
      await expect(loadModules([NAME])).rejects.toMatchObject({
        message: `loadModules ${NAME}: ${folder}:/usr/sbin:/sbin:/usr/bin:/bin`,
      });
    } finally {
      process.chdir(before);
      rmSync(cwd, { recursive: true });
    }
  });

  test('reads PATH at the call', async () => {
    const { loadModules } = await load();
    pretend('exit 0');
    vi.stubEnv('PATH', '/nowhere');
    await expect(loadModules([NAME])).rejects.toMatchObject({ code: 'ERR_IPVS_MODULE' });
    vi.stubEnv('PATH', folder);
    expect(await loadModules([NAME])).toEqual([{ name: NAME, status: 'loaded' }]);
  });

  test('skips folders and files that cannot be executed', async () => {
    const { loadModules } = await load();
    const [unusable, directory] = ['unusable', 'directory'].map((name) => join(folder, name));
    mkdirSync(unusable ?? '');
    writeFileSync(join(unusable ?? '', 'modprobe'), 'exit 1', { mode: 0o644 });
    mkdirSync(join(directory ?? '', 'modprobe'), { recursive: true });
    pretend('exit 0');
    vi.stubEnv('PATH', `${directory}:${unusable}:${folder}`);
    const loading = loadModules([NAME]);
    // Root may execute no file without an x either.
    expect(await loading).toEqual([{ name: NAME, status: 'loaded' }]);
  });
});

describe('a modprobe that hangs', () => {
  /** Its child keeps the pipes open after it was killed. */
  const hang = () => pretend(`echo $$ > ${join(folder, 'pid')}; sleep 60`);
  const isRunning = () => {
    try {
      process.kill(Number(readFileSync(join(folder, 'pid'), 'utf8')), 0);
      return true;
    } catch {
      return false;
    }
  };

  test('is killed when the timeout expires', async () => {
    hang();
    const { loadModules } = await load();
    const why = 'modprobe had not ended after 300 ms, and was killed (ETIMEDOUT)';
    await expect(loadModules([NAME], { timeout: 300 })).rejects.toMatchObject({
      name: 'IpvsError',
      code: 'ETIMEDOUT',
      syscall: 'modprobe',
      operation: 'loadModules',
      target: NAME,
      message: `loadModules ${NAME}: ${why}`,
    });
    await vi.waitFor(() => expect(isRunning()).toBe(false), 10_000);
  });

  test('is killed when the signal is aborted, and the error is its reason', async () => {
    hang();
    const { loadModules } = await load();
    const controller = new AbortController();
    const loading = loadModules([NAME], { signal: controller.signal });
    await vi.waitFor(() => expect(existsSync(join(folder, 'pid'))).toBe(true), 10_000);
    const reason = new Error('not so long');
    controller.abort(reason);
    await expect(loading).rejects.toBe(reason);
    await vi.waitFor(() => expect(isRunning()).toBe(false), 10_000);
  });

  test('is not started if the signal is already aborted', async () => {
    pretend(`touch ${join(folder, 'was-run')}`);
    const { loadModules } = await load();
    const reason = new Error('not at all');
    const loading = loadModules([NAME], { signal: AbortSignal.abort(reason) });
    await expect(loading).rejects.toBe(reason);
    expect(existsSync(join(folder, 'was-run'))).toBe(false);
  });

  test('is killed when all modules together exceed the timeout', async () => {
    const started = join(folder, 'started');
    pretend(`[ "$2" = first ] || { touch ${started}; sleep 60; }`);
    const { loadModules } = await load();
    const timers = vi.spyOn(globalThis, 'setTimeout');
    const loading = loadModules(['first', NAME], { timeout: 60_000, signal: undefined });
    loading.catch(() => undefined);
    await vi.waitFor(() => expect(existsSync(started)).toBe(true), 60_000);
    // One timer for all: how long a program takes to start is up to the machine.
    for (const [expire, delay] of timers.mock.calls) if (delay === 60_000) expire();
    await expect(loading).rejects.toMatchObject({ code: 'ETIMEDOUT', target: NAME });
  });

  test('but ends in time leaves no timer and no listener', async () => {
    pretend('exit 0');
    const { loadModules } = await load();
    const controller = new AbortController();
    const remove = vi.spyOn(controller.signal, 'removeEventListener');
    const set = vi.spyOn(globalThis, 'setTimeout');
    const clear = vi.spyOn(globalThis, 'clearTimeout');
    const loading = loadModules([NAME], { timeout: 60_000, signal: controller.signal });
    expect(await loading).toEqual([{ name: NAME, status: 'loaded' }]);
    expect(remove).toHaveBeenCalled();
    expect(set).toHaveBeenCalledWith(expect.any(Function), 60_000);
    expect(clear).toHaveBeenCalledWith(set.mock.results[0]?.value);
  });
});

describe('the options', () => {
  const range = 'an integer from 1 to 2147483647 milliseconds';
  test.each([
    { options: null, kind: 'type', property: 'options', value: 'null', rule: 'an object' },
    { options: 5, kind: 'type', property: 'options', value: '5', rule: 'an object' },
    {
      options: { timeout: '5' },
      kind: 'type',
      property: 'options.timeout',
      value: "'5'",
      rule: range,
    },
    {
      options: { timeout: 0 },
      kind: 'range',
      property: 'options.timeout',
      value: '0',
      rule: range,
    },
    {
      options: { timeout: 1.5 },
      kind: 'range',
      property: 'options.timeout',
      value: '1.5',
      rule: range,
    },
    {
      options: { timeout: 2 ** 31 },
      kind: 'range',
      property: 'options.timeout',
      value: '2147483648',
      rule: range,
    },
    {
      options: { signal: 5 },
      kind: 'type',
      property: 'options.signal',
      value: '5',
      rule: 'an AbortSignal',
    },
  ] as const)(
    '$options are refused before anything is run',
    async ({ options, kind, property, value, rule }) => {
      pretend(`touch ${join(folder, 'was-run')}`);
      const { loadModules } = await load();
      // JavaScript may pass anything.
      const error: unknown = await loadModules([NAME], options as object).catch(
        (reason: unknown) => reason,
      );
      expectInputError(error, { subject: 'loadModules', kind, property, value, rule });
      expect(existsSync(join(folder, 'was-run'))).toBe(false);
    },
  );

  test('of another name are refused', async () => {
    const { loadModules } = await load();
    // @ts-expect-error: timeout is spelled otherwise.
    await expect(loadModules([NAME], { timeuot: 5 })).rejects.toThrow(/did you mean timeout/);
  });
});

test('loadModules reads each name once: it loads the names that it has checked', async () => {
  pretend(`echo "$*" >> ${join(folder, 'log')}`);
  const { loadModules } = await load();
  let reads = 0;
  const names = Object.defineProperty([NAME], 0, {
    get: () => (reads++ === 0 ? NAME : '--remove'),
  });
  expect(await loadModules(names)).toEqual([{ name: NAME, status: 'loaded' }]);
  expect(reads).toBe(1);
  expect(readFileSync(join(folder, 'log'), 'utf8')).toBe(`-- ${NAME}\n`);
});

describe('the names', () => {
  const RULE = 'an array of module names of 1 to 55 letters, digits, dashes and underscores';
  test.each([
    { names: undefined, kind: 'type', value: 'undefined' },
    { names: 'ip_vs', kind: 'type', value: "'ip_vs'" },
    { names: new Set(['ip_vs']), kind: 'type', value: "Set(1) { 'ip_vs' }" },
    { names: [5], kind: 'type', value: '5' },
    { names: [''], kind: 'value', value: "''" },
    { names: ['-r'], kind: 'value', value: "'-r'" },
    { names: ['ip_vs; id'], kind: 'value', value: "'ip_vs; id'" },
    { names: ['../ip_vs'], kind: 'value', value: "'../ip_vs'" },
    { names: ['ip_vs\n'], kind: 'value', value: "'ip_vs\\n'" },
    { names: ['x'.repeat(56)], kind: 'value', value: `'${'x'.repeat(56)}'` },
    { names: ['ip_vs', '$(id)'], kind: 'value', value: "'$(id)'" },
  ] as const)('$names are refused before anything is run', async ({ names, kind, value }) => {
    pretend(`touch ${join(folder, 'was-run')}`);
    const { loadModules } = await load();
    // JavaScript may pass anything.
    const error: unknown = await loadModules(names as readonly string[]).catch(
      (reason: unknown) => reason,
    );
    expectInputError(error, { subject: 'loadModules', kind, property: 'names', value, rule: RULE });
    expect(existsSync(join(folder, 'was-run'))).toBe(false);
  });
});
