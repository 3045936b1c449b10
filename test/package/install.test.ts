import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import {
  barePath,
  consumer,
  fetched,
  installed,
  node,
  output,
  probe,
  QUIET,
  run,
  tarball,
  withoutPrebuilds,
  works,
} from './consumer.js';

const COMPILED = 'build/Release';
const PREBUILT = 'prebuilds/linux-x64';

describe('with a prebuild', () => {
  test('installs where there is no compiler', () => {
    const cwd = consumer();
    output('npm', ['install', ...QUIET, tarball()], { cwd, env: { PATH: barePath() } });
    expect(probe(cwd)).toEqual(works(PREBUILT));
  });

  test('installs where install scripts are disabled', () => {
    const cwd = consumer();
    const args = ['install', ...QUIET, '--ignore-scripts', tarball()];
    output('npm', args, { cwd, env: { PATH: barePath() } });
    expect(probe(cwd)).toEqual(works(PREBUILT));
  });

  test('brings nothing that its dependencies do not tell', () => {
    const cwd = installed();
    const listed = JSON.parse(output('npm', ['ls', '--all', '--json'], { cwd }));
    expect(Object.keys(listed.dependencies)).toEqual(['ipvs']);
    expect(Object.keys(listed.dependencies.ipvs.dependencies)).toEqual([
      'node-addon-api',
      'node-gyp-build',
    ]);
  });
});

describe('without a prebuild', () => {
  test('compiles, with checks of the buffers that libc fills', () => {
    const cwd = consumer();
    const args = ['install', ...QUIET, '--foreground-scripts', withoutPrebuilds()];
    const { status, stdout, stderr } = run('npm', args, { cwd, env: { V: '1' } });
    expect(status, stderr).toBe(0);
    expect(probe(cwd)).toEqual(works(COMPILED));
    const compilations = stdout.split('\n').filter((line) => / -c .*\.cc(?: |$)/.test(line));
    expect(compilations.length).toBeGreaterThan(10);
    for (const line of compilations) {
      expect(line).toMatch(/ -O[s23] .*-fstack-protector-strong .*-D_FORTIFY_SOURCE=3 /);
    }
  });

  test('does not install where there is no compiler either', () => {
    const args = ['install', ...QUIET, withoutPrebuilds()];
    const { status, stderr } = run('npm', args, { cwd: consumer(), env: { PATH: barePath() } });
    expect(status).not.toBe(0);
    expect(stderr).toContain('gyp ERR!');
  });

  /** What the error tells to type. */
  const remedy = (message: string) =>
    /"npm (rebuild [^"]+)"/.exec(message)?.[1]?.split(' ') ?? expect.unreachable(message);

  test('the error tells what to do where scripts are disabled, and that helps', () => {
    const cwd = installed(withoutPrebuilds());
    const { open, message, addons } = probe(cwd);
    expect({ open, addons }).toEqual({ open: 'ERR_IPVS_NO_ADDON', addons: [] });
    output('npm', remedy(message), { cwd, env: { npm_config_ignore_scripts: 'true' } });
    expect(probe(cwd)).toEqual(works(COMPILED));
  });

  test('the same with npm 12, which blocks the scripts of dependencies', () => {
    const cwd = consumer();
    const npm = [node('26'), fetched('npm@12', 'bin/npm-cli.js')];
    const npm12 = (args: string[]) => output(npm[0] ?? '', [npm[1] ?? '', ...args], { cwd });
    npm12(['install', ...QUIET, withoutPrebuilds()]);
    const { open, message } = probe(cwd);
    expect(open).toBe('ERR_IPVS_NO_ADDON');
    npm12(remedy(message));
    expect(probe(cwd)).toEqual(works(COMPILED));
  });

  test('and with npm 12 and a prebuild there is nothing to do', () => {
    const cwd = consumer();
    const args = [fetched('npm@12', 'bin/npm-cli.js'), 'install', ...QUIET, tarball()];
    output(node('26'), args, { cwd });
    expect(probe(cwd)).toEqual(works(PREBUILT));
  });
});

test('a prebuild that is missing is not replaced by one for another architecture', () => {
  const cwd = installed();
  rmSync(join(cwd, 'node_modules/ipvs', PREBUILT), { recursive: true });
  expect(probe(cwd)).toMatchObject({ open: 'ERR_IPVS_NO_ADDON', addons: [] });
});
