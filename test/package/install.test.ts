import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import {
  barePath,
  consumer,
  fetched,
  installed,
  node,
  npm,
  probe,
  runNpm,
  tarball,
  withoutPrebuilds,
  works,
} from './consumer.js';

const COMPILED = 'build/Release';
const PREBUILT = `prebuilds/linux-${process.arch}`;

const npm12 = () => [node('26'), fetched('npm@12', 'bin/npm-cli.js')];

describe('a package with a prebuild', () => {
  test('installs without a compiler', () => {
    const cwd = consumer();
    npm(['install', tarball()], { cwd, env: { PATH: barePath() } });
    expect(probe(cwd)).toEqual(works(PREBUILT));
  });

  test('installs with disabled install scripts', () => {
    const cwd = consumer();
    npm(['install', '--ignore-scripts', tarball()], { cwd, env: { PATH: barePath() } });
    expect(probe(cwd)).toEqual(works(PREBUILT));
  });

  test('installs with npm 12, which blocks the scripts of dependencies', () => {
    const options = { cwd: consumer(), command: npm12() };
    npm(['install', tarball()], options);
    expect(probe(options.cwd)).toEqual(works(PREBUILT));
  });

  test('installs only its declared dependencies', () => {
    const cwd = installed();
    const listed = JSON.parse(npm(['ls', '--all', '--json'], { cwd }));
    expect(Object.keys(listed.dependencies)).toEqual(['ipvs']);
    expect(Object.keys(listed.dependencies.ipvs.dependencies)).toEqual([
      'node-addon-api',
      'node-gyp-build',
    ]);
  });
});

describe('a package without a prebuild', () => {
  test('compiles with checks of the buffers that libc fills', () => {
    const cwd = consumer();
    const args = ['install', '--foreground-scripts', withoutPrebuilds()];
    const stdout = npm(args, { cwd, env: { V: '1' } });
    expect(probe(cwd)).toEqual(works(COMPILED));
    const compilations = stdout.split('\n').filter((line) => /^\s*g\+\+ .*\.cc .* -c$/.test(line));
    expect(compilations.length).toBeGreaterThan(10);
    for (const line of compilations) {
      expect(line).toMatch(/ -O[s23] .*-fstack-protector-strong .*-D_FORTIFY_SOURCE=3 /);
    }
  });

  test('does not install without a compiler', () => {
    const options = { cwd: consumer(), env: { PATH: barePath() } };
    const { status, stderr } = runNpm(['install', withoutPrebuilds()], options);
    expect(status).not.toBe(0);
    expect(stderr).toContain('gyp ERR!');
  });

  /** The commands that the error recommends; npm 12 needs both. */
  const told = (command: RegExp) => (message: string) =>
    command.exec(message)?.[1]?.split(' ') ?? expect.unreachable(message);
  const remedy = told(/"npm (rebuild [^"]+)"/);
  const approval = told(/"npm (install-scripts [^"]+)"/);

  test('names a remedy that works if install scripts are disabled', () => {
    const cwd = installed(withoutPrebuilds());
    const { open, message, addons } = probe(cwd);
    expect({ open, addons }).toEqual({ open: 'ERR_IPVS_NO_ADDON', addons: [] });
    npm(remedy(message), { cwd, env: { npm_config_ignore_scripts: 'true' } });
    expect(probe(cwd)).toEqual(works(COMPILED));
  });

  test('names a remedy that works with npm 12, which blocks the scripts of dependencies', () => {
    const options = { cwd: consumer(), command: npm12() };
    npm(['install', withoutPrebuilds()], options);
    const { open, message } = probe(options.cwd);
    expect(open).toBe('ERR_IPVS_NO_ADDON');
    npm(approval(message), options);
    npm(remedy(message), options);
    expect(probe(options.cwd)).toEqual(works(COMPILED));
  });
});

test('a missing prebuild is not replaced by one for another architecture', () => {
  const cwd = installed();
  rmSync(join(cwd, 'node_modules/ipvs', PREBUILT), { recursive: true });
  expect(probe(cwd)).toMatchObject({ open: 'ERR_IPVS_NO_ADDON', addons: [] });
});
