// Addons of other versions: copies of the addon in which a name is another one.
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { root } from '../kernel/helpers/programs.js';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'ipvs-'));
  mkdirSync(join(folder, 'build/Release'), { recursive: true });
  vi.stubEnv('IPVS_PREBUILD', folder);
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true });
});

/** Loads a copy of the addon in which `name` is called `other`, a name of the same length. */
async function load(name: string, other: string) {
  const addon = readFileSync(join(root, 'build/Release/ipvs.node'), 'latin1');
  const changed = addon.replaceAll(`\0${name}\0`, `\0${other}\0`);
  if (name !== other) expect(changed).not.toBe(addon);
  writeFileSync(join(folder, 'build/Release/ipvs.node'), changed, 'latin1');
  vi.resetModules();
  const { loadNative } = await import('../../lib/native/load.js');
  return loadNative('open');
}

test('an unchanged copy of the addon is loaded', async () => {
  const native = await load('recoveries', 'recoveries');
  expect(native.Handle.prototype).toHaveProperty('recoveries');
});

test.each([
  ['a method of Handle', 'recoveries', 'reconnects'],
  ['a method of Plan', 'readDestinations', 'listDestinations'],
  ['a method of Cursor', 'count', 'tally'],
  ['a method of Watcher', 'unref', 'defer'],
  ['a class', 'Cursor', 'Reader'],
  ['a function', 'keepAddresses', 'dropAddresses'],
])('an addon in which %s has another name is refused', async (_what, name, other) => {
  const error = await load(name, other).catch((reason: unknown) => reason);
  expect(error).toMatchObject({
    name: 'IpvsError',
    code: 'ERR_IPVS_NO_ADDON',
    operation: 'open',
    message: expect.stringContaining(
      'the native addon of ipvs cannot be loaded: it is of another version of ipvs: build it again',
    ),
  });
});
