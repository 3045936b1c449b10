import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { expectInputError, type Kind } from './requests.js';

/** The module, with `modprobe` from `folder` alone. */
async function load() {
  vi.resetModules();
  return import('../../lib/modules.js');
}

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'ipvs-'));
  vi.stubEnv('PATH', `${folder}:${process.env['PATH']}`);
});
afterEach(() => {
  vi.unstubAllEnvs();
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

describe('names', () => {
  const RULE = 'an array of module names of letters, digits, dashes and underscores';
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
    [['ip_vs', '$(id)'], 'value', "'$(id)'", RULE],
  ])('%j is refused, and nothing is run', async (names, kind, value, rule) => {
    pretend(`touch ${join(folder, 'was-run')}`);
    const { loadModules } = await load();
    // The bad ones are what is tested.
    const error: unknown = await loadModules(names as string[]).catch((reason: unknown) => reason);
    expectInputError(error, { kind, property: 'names', value, rule });
    expect(existsSync(join(folder, 'was-run'))).toBe(false);
  });
});
