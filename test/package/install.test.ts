import { existsSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import {
  barePath,
  consumer,
  fetched,
  installed,
  node,
  npm,
  type Outcome,
  output,
  probe,
  run,
  runNpm,
  tarball,
  withoutPrebuilds,
  works,
} from './consumer.js';

const COMPILED = 'build/Release';
const PREBUILT = `prebuilds/linux-${process.arch}`;

const npm12 = () => [node('26'), fetched('npm@12', 'bin/npm-cli.js')];

/** Returns what npm complains about, but for the settings of this machine. */
const complaints = ({ stderr }: Outcome) =>
  stderr.split('\n').filter((line) => !/^$|Unknown (user|env) config/.test(line));

describe('a package with a prebuild', () => {
  test('installs without a compiler, and without a warning', () => {
    const cwd = consumer();
    const outcome = runNpm(['install', tarball()], { cwd, env: { PATH: barePath() } });
    expect([outcome.status, complaints(outcome)]).toEqual([0, []]);
    expect(outcome.stdout).toMatch(/^\nadded 3 packages in .*\n$/);
    expect(probe(cwd)).toEqual(works(PREBUILT));
  });

  test('installs with disabled install scripts', () => {
    const cwd = consumer();
    npm(['install', '--ignore-scripts', tarball()], { cwd, env: { PATH: barePath() } });
    expect(probe(cwd)).toEqual(works(PREBUILT));
  });

  test('installs with npm 12 where a script that is not allowed is an error', () => {
    const options = { cwd: consumer(), command: npm12() };
    const outcome = runNpm(['install', '--strict-allow-scripts', tarball()], options);
    expect([outcome.status, complaints(outcome)]).toEqual([0, []]);
    expect(probe(options.cwd)).toEqual(works(PREBUILT));
  });

  test('installs the command and its manual page, if that is for all', () => {
    const cwd = consumer();
    const prefix = join(cwd, 'prefix');
    npm(['install', '--global', '--prefix', prefix, tarball()], { cwd });
    expect(output(join(prefix, 'bin/ipvs'), ['list', '--help'])).toContain('ipvs list');
    expect(existsSync(join(prefix, 'share/man/man8/ipvs.8'))).toBe(true);
  });

  test('installs only its declared dependencies', () => {
    const cwd = installed();
    const listed = JSON.parse(npm(['ls', '--all', '--json'], { cwd }));
    expect(Object.keys(listed.dependencies)).toEqual(['ipvs']);
    const { dependencies } = listed.dependencies.ipvs;
    // An optional peer that is not installed is listed without a version.
    const present = Object.keys(dependencies).filter((name) => 'version' in dependencies[name]);
    expect(present).toEqual(['node-addon-api', 'node-gyp-build']);
  });
});

describe('a package without a prebuild', () => {
  const CLI = 'node_modules/ipvs/dist/cli.cjs';

  test('installs, and its error names a command that compiles the addon, with checks of buffers', () => {
    const cwd = consumer();
    npm(['install', withoutPrebuilds()], { cwd, env: { PATH: barePath() } });
    const { open, message, addons } = probe(cwd);
    expect({ open, addons }).toEqual({ open: 'ERR_IPVS_NO_ADDON', addons: [] });
    const [, command = ''] = /"npx ([^"]+)"/.exec(message) ?? [];
    const npx = [fetched('npm@11', 'bin/npm-cli.js'), 'exec', '--'];
    const { status, stdout, stderr } = run(process.execPath, [...npx, ...command.split(' ')], {
      cwd,
      env: { V: '1' },
    });
    expect([status, stdout], stderr).toEqual([
      0,
      `built ${join(cwd, 'node_modules/ipvs/build/Release/ipvs.node')}\n`,
    ]);
    expect(probe(cwd)).toEqual(works(COMPILED));
    // What the build needed is gone.
    const left = readdirSync(join(cwd, 'node_modules/ipvs')).filter((name) => /^build/.test(name));
    expect(left).toEqual(['build']);
    const compilations = stderr.split('\n').filter((line) => / -c$/.test(line));
    expect(compilations.length).toBeGreaterThan(10);
    for (const line of compilations) {
      expect(line).toMatch(/ -O[s23] .*-fstack-protector-strong .*-D_FORTIFY_SOURCE=3 /);
    }
  });

  test('says what is missing if there is no compiler, and leaves nothing behind', () => {
    const cwd = installed(withoutPrebuilds());
    const files = () => readdirSync(join(cwd, 'node_modules/ipvs')).sort();
    const before = files();
    const nodeGyp = fetched('npm@11', 'node_modules/node-gyp/bin/node-gyp.js');
    const args = [CLI, 'build-addon', '--node-gyp', nodeGyp];
    const { status, stderr } = run(process.execPath, args, { cwd, env: { PATH: barePath() } });
    expect(status).toBe(1);
    expect(stderr).toContain('gyp ERR! find Python');
    expect(stderr).toMatch(/\nipvs build-addon: node-gyp ended with 1, and nothing is changed\n$/);
    expect(files()).toEqual(before);
  });
});

test('a missing prebuild is not replaced by one for another architecture', () => {
  const cwd = installed();
  rmSync(join(cwd, 'node_modules/ipvs', PREBUILT), { recursive: true });
  expect(probe(cwd)).toMatchObject({ open: 'ERR_IPVS_NO_ADDON', addons: [] });
});
