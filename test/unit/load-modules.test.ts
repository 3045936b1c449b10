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
import { expectInputError, type Kind } from './requests.js';

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

test('a module is loaded by modprobe, its name behind --', async () => {
  pretend(`[ "$*" = "-- ${NAME}" ] || { echo "$*" >&2; exit 1; }`);
  const { loadModules, isKnownAbsent, rememberAbsent } = await load();
  rememberAbsent(NAME);
  expect(isKnownAbsent(NAME)).toBe(true);
  expect(await loadModules([NAME])).toEqual([{ name: NAME, status: 'loaded' }]);
  expect(isKnownAbsent(NAME)).toBe(false);
});

test('nothing is run where there is nothing to load', async () => {
  pretend('echo was run >&2; exit 1');
  const { loadModules } = await load();
  expect(await loadModules([])).toEqual([]);
});

test('what modprobe says is the message', async () => {
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

test('a modprobe that fails without a word has a message all the same', async () => {
  pretend('exit 3');
  const { loadModules } = await load();
  await expect(loadModules([NAME])).rejects.toThrow(new RegExp(`^loadModules ${NAME}: \\S`));
});

describe('where modprobe is looked for', () => {
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
    ['unset', undefined],
    ['empty', ''],
    ['with an empty element at the front', ':/usr/bin'],
    ['with an empty element in the middle', '/nowhere::/usr/bin'],
    ['with an empty element at the end', '/nowhere:'],
    ['with the working directory', '.:/nowhere'],
    ['with a relative folder', 'bin:/nowhere'],
  ])('with PATH %s, nothing of the working directory is run', async (_, path) => {
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

  test('a modprobe that starts others starts none of the working directory', async () => {
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

  test('PATH is read at the call', async () => {
    const { loadModules } = await load();
    pretend('exit 0');
    vi.stubEnv('PATH', '/nowhere');
    await expect(loadModules([NAME])).rejects.toMatchObject({ code: 'ERR_IPVS_MODULE' });
    vi.stubEnv('PATH', folder);
    expect(await loadModules([NAME])).toEqual([{ name: NAME, status: 'loaded' }]);
  });

  test('what cannot be executed, or is a folder, is passed over', async () => {
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

  test('is killed when the time is over', async () => {
    hang();
    const { loadModules } = await load();
    await expect(loadModules([NAME], { timeout: 300 })).rejects.toMatchObject({
      name: 'IpvsError',
      code: 'ETIMEDOUT',
      syscall: 'modprobe',
      operation: 'loadModules',
      target: NAME,
      message: `loadModules ${NAME}: modprobe had not ended after 300 ms, and was killed (ETIMEDOUT)`,
    });
    await vi.waitFor(() => expect(isRunning()).toBe(false), 10_000);
  });

  test('is killed when the signal says so, whose reason comes out', async () => {
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

  test('is not started where the signal says so before', async () => {
    pretend(`touch ${join(folder, 'was-run')}`);
    const { loadModules } = await load();
    const reason = new Error('not at all');
    const loading = loadModules([NAME], { signal: AbortSignal.abort(reason) });
    await expect(loading).rejects.toBe(reason);
    expect(existsSync(join(folder, 'was-run'))).toBe(false);
  });

  test('the time is that of all modules together', async () => {
    pretend(`[ "$2" = first ] || sleep 60`);
    const { loadModules } = await load();
    const loading = loadModules(['first', NAME], { timeout: 500, signal: undefined });
    await expect(loading).rejects.toMatchObject({ code: 'ETIMEDOUT', target: NAME });
  });

  test('that ends in time is loaded, and nothing is left behind', async () => {
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

describe('options', () => {
  type Row = readonly [unknown, Kind, string, string, string];
  const range = 'an integer from 1 to 2147483647 milliseconds';
  test.each<Row>([
    [null, 'type', 'options', 'null', 'an object'],
    [5, 'type', 'options', '5', 'an object'],
    [{ timeout: '5' }, 'type', 'options.timeout', "'5'", range],
    [{ timeout: 0 }, 'range', 'options.timeout', '0', range],
    [{ timeout: 1.5 }, 'range', 'options.timeout', '1.5', range],
    [{ timeout: 2 ** 31 }, 'range', 'options.timeout', '2147483648', range],
    [{ signal: 5 }, 'type', 'options.signal', '5', 'an AbortSignal'],
  ])('%j is refused, and nothing is run', async (options, kind, property, value, rule) => {
    pretend(`touch ${join(folder, 'was-run')}`);
    const { loadModules } = await load();
    // The bad ones are what is tested.
    const error: unknown = await loadModules([NAME], options as object).catch(
      (reason: unknown) => reason,
    );
    expectInputError(error, { subject: 'loadModules', kind, property, value, rule });
    expect(existsSync(join(folder, 'was-run'))).toBe(false);
  });

  test('an unknown one is refused', async () => {
    const { loadModules } = await load();
    // @ts-expect-error: timeout is spelled otherwise.
    await expect(loadModules([NAME], { timeuot: 5 })).rejects.toThrow(/did you mean timeout/);
  });
});

test('names are read once: what was checked is what is loaded', async () => {
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

describe('names', () => {
  const RULE = 'an array of module names of 1 to 55 letters, digits, dashes and underscores';
  type Row = readonly [unknown, Kind, string, string];
  test.each<Row>([
    [undefined, 'type', 'undefined', RULE],
    ['ip_vs', 'type', "'ip_vs'", RULE],
    [new Set(['ip_vs']), 'type', "Set(1) { 'ip_vs' }", RULE],
    [[5], 'type', '5', RULE],
    [[''], 'value', "''", RULE],
    [['-r'], 'value', "'-r'", RULE],
    [['ip_vs; id'], 'value', "'ip_vs; id'", RULE],
    [['../ip_vs'], 'value', "'../ip_vs'", RULE],
    [['ip_vs\n'], 'value', "'ip_vs\\n'", RULE],
    [['x'.repeat(56)], 'value', `'${'x'.repeat(56)}'`, RULE],
    [['ip_vs', '$(id)'], 'value', "'$(id)'", RULE],
  ])('%j is refused, and nothing is run', async (names, kind, value, rule) => {
    pretend(`touch ${join(folder, 'was-run')}`);
    const { loadModules } = await load();
    // The bad ones are what is tested.
    const error: unknown = await loadModules(names as string[]).catch((reason: unknown) => reason);
    expectInputError(error, { subject: 'loadModules', kind, property: 'names', value, rule });
    expect(existsSync(join(folder, 'was-run'))).toBe(false);
  });
});
