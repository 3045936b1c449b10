// Installation with the other package managers, which run no scripts of dependencies either.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { consumer, fetched, probe, run, tarball, works } from './consumer.js';

const PREBUILT = `prebuilds/linux-${process.arch}`;

/** A package manager: how it installs, and how its users run a program. */
interface Manager {
  readonly name: string;
  /** Prepares a folder, and returns the command that installs a package there. */
  install(cwd: string, packed: string): readonly [string, ...string[]];
  /** The command before the name of a program. */
  readonly node: readonly string[];
  /** The lines that it prints for every package that is an ES module. */
  readonly usual?: RegExp;
}

const yarn = fetched('@yarnpkg/cli-dist@4', 'bin/yarn.js');
const bun = {
  x64: '@oven/bun-linux-x64-baseline@1',
  arm64: '@oven/bun-linux-aarch64@1',
}[process.arch as 'x64' | 'arm64'];

const withYarn = (linker: 'node-modules' | 'pnp') => ({
  install(cwd: string, packed: string): readonly [string, ...string[]] {
    const settings = `nodeLinker: ${linker}\nenableGlobalCache: false\nenableTelemetry: false\n`;
    writeFileSync(join(cwd, '.yarnrc.yml'), settings);
    // Otherwise the folder belongs to a project above it, if there is one.
    writeFileSync(join(cwd, 'yarn.lock'), '');
    return [process.execPath, yarn, 'add', `ipvs@file:${packed}`];
  },
});

const managers: readonly Manager[] = [
  {
    name: 'pnpm',
    install: (cwd, packed) => [
      process.execPath,
      fetched('pnpm@10', 'bin/pnpm.cjs'),
      'add',
      packed,
      '--config.strict-dep-builds=true',
      `--store-dir=${join(cwd, 'store')}`,
    ],
    node: [process.execPath],
  },
  { name: 'Yarn with node_modules', ...withYarn('node-modules'), node: [process.execPath] },
  {
    name: "Yarn with Plug'n'Play",
    ...withYarn('pnp'),
    node: [process.execPath, yarn, 'node'],
    usual: /YN0092.*experimental|Done with warnings/,
  },
  {
    name: 'Bun',
    install: (_cwd, packed) => [fetched(bun, 'bin/bun'), 'add', packed],
    node: [process.execPath],
  },
];

describe.each(managers)('$name', ({ install, node, usual }) => {
  test('installs the package without a warning, and its addon loads', () => {
    const cwd = consumer();
    const [command, ...args] = install(cwd, tarball());
    const env = { npm_config_nodedir: undefined, BUN_INSTALL_CACHE_DIR: join(cwd, 'cache') };
    const { status, stdout, stderr } = run(command, args, { cwd, env });
    expect(status, `${stdout}\n${stderr}`).toBe(0);
    const lines = `${stdout}\n${stderr}`.split('\n').filter((line) => usual?.test(line) !== true);
    expect(lines.filter((line) => /\bwarn|\bscripts?\b/i.test(line))).toEqual([]);
    expect(probe(cwd, { command: [...node] })).toEqual(works(PREBUILT));
  });
});

test('Bun itself loads the addon', () => {
  const cwd = consumer();
  const program = fetched(bun, 'bin/bun');
  const env = { BUN_INSTALL_CACHE_DIR: join(cwd, 'cache') };
  expect(run(program, ['add', tarball()], { cwd, env }).status).toBe(0);
  const { open } = probe(cwd, { command: [program] });
  expect(open).toMatch(/^(open|EPERM|EPROTONOSUPPORT|ERR_IPVS_UNAVAILABLE)$/);
});
