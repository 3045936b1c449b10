import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { output, root, run, tarball } from './consumer.js';

const files = output('tar', ['-tzf', tarball()])
  .split('\n')
  .filter((line) => line !== '')
  .map((line) => line.replace(/^package\//, ''));

const content = (file: string) => output('tar', ['-xzOf', tarball(), `package/${file}`]);
const prebuilds = files.filter((file) => file.startsWith('prebuilds/'));

/** The files of the tarball, with the reason for each. */
const KINDS = {
  'what npm shows': /^(package\.json|README\.md|LICENSE)$/,
  'what README links':
    /^((CHANGELOG|CONTRIBUTING|SECURITY)\.md|docs\/.+\.(md|svg)|docs\/grafana\/ipvs\.json|examples\/.+\.ts|deploy\/[A-Za-z.-]+)$/,
  'the facade': /^dist\/([a-z]+\/)*[a-z-]+\.(js|d\.ts)$/,
  'the command': /^dist\/(cli\.cjs|ipvs\.8|state\.schema\.json)$/,
  'the licences of what is bundled': /^dist\/licenses\.txt$/,
  'the addons': /^prebuilds\/linux-(x64|arm64)\/ipvs\.(glibc|musl)\.node$/,
  'what compiles another':
    /^(dist\/binding\.gyp|csrc\/sources\.txt|csrc\/[a-z]+\/[a-z_]+\.(cc|h))$/,
};

describe('the tarball', () => {
  test('contains only files of known kinds', () => {
    const others = files.filter((file) => !Object.values(KINDS).some((kind) => kind.test(file)));
    expect(others).toEqual([]);
    expect(files.filter((file) => /^csrc\/(test|fuzz|build)/.test(file))).toEqual([]);
  });

  test('contains an addon for each architecture', () => {
    expect(prebuilds).toEqual(
      expect.arrayContaining([
        'prebuilds/linux-arm64/ipvs.glibc.node',
        'prebuilds/linux-x64/ipvs.glibc.node',
      ]),
    );
  });

  test('contains each source of the addon and each header that it includes', () => {
    const sources = content('csrc/sources.txt').trim().split('\n');
    expect(files).toEqual(expect.arrayContaining(sources));
    expect(files.filter((file) => file.endsWith('.cc')).sort()).toEqual([...sources].sort());
    const headers = files.filter((file) => file.endsWith('.h'));
    const included = [...sources, ...headers]
      .map((file) => readFileSync(join(root, file), 'utf8'))
      .flatMap((text) =>
        [...text.matchAll(/^#include "(.+)"/gm)].map(([, name]) => `csrc/${name}`),
      );
    expect(headers.sort()).toEqual([...new Set(included)].sort());
  });

  test('contains the code in a few files and the types of the public API', () => {
    const commands = readdirSync(join(root, 'lib/cli'), { encoding: 'utf8' }).filter((name) =>
      existsSync(join(root, 'lib/cli', name, 'command.ts')),
    );
    expect(files.filter((file) => file.endsWith('.js')).sort()).toEqual(
      [
        'changes',
        'cli-common',
        'cli-server',
        'cli-state',
        ...commands.map((name) => `cli-${name}`),
        'debug-log',
        'director-internals',
        'events',
        'index',
        'internals',
        'ipvsadm',
        'ipvsadm-parts',
        'kernel-modules',
        'kubernetes',
        'kubernetes-parts',
        'link-internals',
        'main',
        'metrics',
        'metrics-parts',
        'modprobe',
        'native-errors',
        'order',
        'rules',
        'serve-director',
        'signals',
        'subcommand',
        'yaml',
      ]
        .map((name) => `dist/${name}.js`)
        .sort(),
    );
    const types = files.filter((file) => file.endsWith('.d.ts'));
    expect(types).toContain('dist/index.d.ts');
    expect(types.length).toBeGreaterThan(10);
    // What the addon is given and gives is nobody else's business.
    const inside = ['native', 'records', 'protocol', 'queue/queue'].map(
      (name) => `dist/${name}.d.ts`,
    );
    expect(types.filter((file) => inside.includes(file))).toEqual([]);
    // A module that has gone from lib/ would still lie in a dist/ of before.
    const modules = types.map((file) => file.replace('dist/', 'lib/').replace(/\.d\.ts$/, '.ts'));
    expect(modules.filter((file) => !existsSync(join(root, file)))).toEqual([]);
  });

  test('contains the manual page, the schema of state files and the licences of bundled packages', () => {
    expect(content('dist/ipvs.8')).toMatch(/^\.TH IPVS 8 /);
    expect(JSON.parse(content('dist/state.schema.json'))).toHaveProperty('definitions.service');
    expect(content('dist/licenses.txt')).toMatch(
      /^js-yaml [\d.]+ \(MIT\)\n[\s\S]+Permission is hereby/m,
    );
  });

  test('contains what its documents link', () => {
    const folder = mkdtempSync(join(tmpdir(), 'ipvs-tarball-'));
    try {
      output('tar', ['-xzf', tarball(), '-C', folder]);
      const args = ['scripts/lib/links.mjs', join(folder, 'package')];
      expect(run(process.execPath, args, { cwd: root }).stdout).toBe('');
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  test('is smaller than 870 KB with two addons', () => {
    expect(statSync(tarball()).size).toBeLessThan(870_000 + (prebuilds.length - 2) * 145_000);
  });

  test('runs nothing when it is installed', () => {
    const { scripts, gypfile } = JSON.parse(content('package.json'));
    const own = ['preinstall', 'install', 'postinstall', 'prepare'];
    expect(Object.keys(scripts).filter((name) => own.includes(name))).toEqual([]);
    // npm would take a binding.gyp at the root for a script that compiles it.
    expect(gypfile).toBe(false);
    expect(files).not.toContain('binding.gyp');
  });

  test('has two dependencies, and a peer that only an agent needs', () => {
    const manifest = JSON.parse(content('package.json'));
    expect(Object.keys(manifest.dependencies)).toEqual(['node-addon-api', 'node-gyp-build']);
    expect(manifest).not.toHaveProperty('optionalDependencies');
    expect(Object.keys(manifest.peerDependencies)).toEqual(['@kubernetes/client-node']);
    expect(manifest.peerDependenciesMeta).toEqual({
      '@kubernetes/client-node': { optional: true },
    });
    expect(manifest).not.toHaveProperty('bundleDependencies');
  });

  test('reveals nothing about the machine that built it', () => {
    const path = root.replace(/\/$/, '');
    for (const file of files) expect(content(file), file).not.toContain(path);
  });

  test('passes publint', () => {
    const { status, stdout } = run('node_modules/.bin/publint', ['--strict', tarball()], {
      cwd: root,
    });
    expect(stdout).toContain('All good!');
    expect(status).toBe(0);
  });

  test('passes are-the-types-wrong', () => {
    // It is ESM, which CommonJS can require: test/package/types.test.ts does.
    const args = [tarball(), '--profile', 'esm-only', '--no-definitely-typed', '--no-emoji'];
    const { status, stdout } = run('node_modules/.bin/attw', args, { cwd: root });
    expect(status, stdout).toBe(0);
    expect(stdout).toContain('OK (ESM)');
  });
});

describe('scripts/check-prebuild', () => {
  const check = (...paths: string[]) => run('scripts/check-prebuild', paths, { cwd: root });

  /** Compiles a library, which is like an addon as far as this is looked for. */
  function compile(source: string, ...options: string[]): string {
    const path = join(root, 'build-package', 'checked.node');
    const { status, stderr } = spawnSync(
      'g++',
      ['-shared', '-fPIC', '-O1', '-o', path, '-x', 'c++', '-', ...HARDENED, ...options],
      {
        input: `extern "C" void napi_define_class(); void use() { napi_define_class(); }\n${source}`,
        encoding: 'utf8',
      },
    );
    expect(status, stderr).toBe(0);
    return path;
  }
  const HARDENED = ['-s', '-fstack-protector-all', '-Wl,-z,relro,-z,now'];

  test('accepts the addons that ship', () => {
    expect(check(...prebuilds)).toEqual({ status: 0, stdout: '', stderr: '' });
  });

  test('accepts an addon that needs no new symbols', () => {
    expect(check(compile(''))).toMatchObject({ status: 0, stderr: '' });
  });

  test.each([
    {
      problem: 'a function of a newer glibc',
      source: '#include <pthread.h>\nint f() { return pthread_join(0, 0); }',
      options: [],
      complaint: 'pthread_join needs GLIBC_2.34, but at most GLIBC_2.28 is permitted',
    },
    {
      problem: 'a function of a newer libstdc++',
      source:
        '#include <new>\nnamespace std { void __throw_bad_array_new_length(); } void f() { std::__throw_bad_array_new_length(); }',
      options: [],
      complaint: 'needs GLIBCXX_3.4.29, but at most GLIBCXX_3.4.21 is permitted',
    },
    {
      problem: 'an exception_ptr',
      source:
        '#include <exception>\nvoid f() { auto p = std::current_exception(); auto q = p; throw q; }',
      options: [],
      complaint: 'needs CXXABI_1.3.13, but at most CXXABI_1.3.9 is permitted',
    },
    {
      problem: 'another library',
      source: '',
      options: ['-Wl,--no-as-needed', '-lresolv'],
      complaint: 'needs libresolv.so.2',
    },
    {
      problem: 'lazy binding',
      source: '',
      options: ['-Wl,-z,lazy'],
      complaint: 'lacks RELRO with immediate binding',
    },
    {
      problem: 'no stack protector',
      source: '',
      options: ['-fno-stack-protector'],
      complaint: 'lacks the stack protector',
    },
    {
      problem: 'more than 400,000 bytes',
      source: 'extern const char large[450000] = {1};',
      options: [],
      complaint: /has 4\d{5} bytes, but at most 400000 are permitted/,
    },
    {
      problem: 'an executable stack',
      source: '',
      options: ['-Wl,-z,execstack'],
      complaint: 'has an executable stack',
    },
  ])('refuses an addon with $problem', ({ source, options, complaint }) => {
    const { status, stderr } = check(compile(source, ...options));
    expect(stderr).toMatch(complaint);
    expect(status).toBe(1);
  });

  test('refuses a file that is not stripped or no addon', () => {
    const { status, stderr } = check('build/Release/ipvs.node', 'package.json');
    expect(stderr).toMatch(/Release\/ipvs\.node: is not stripped\n/);
    expect(stderr).toContain('package.json: is not an addon\n');
    expect(status).toBe(1);
  });
});
