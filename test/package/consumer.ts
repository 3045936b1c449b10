/**
 * Users of the package: folders outside this checkout, so that nothing of its node_modules is found, with the tarball that
 * scripts/test-package has packed.
 * @module
 */
import { spawnSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, expect } from 'vitest';

export const root = fileURLToPath(new URL('../..', import.meta.url));
const folder = join(root, 'build-package');

/** The package as it ships. */
export function tarball(): string {
  const found = existsSync(folder)
    ? readdirSync(folder).filter((name) => /^ipvs-.*\.tgz$/.test(name))
    : [];
  if (found[0] === undefined || found.length > 1) {
    throw new Error('there has to be one tarball in build-package/: run scripts/test-package');
  }
  return join(folder, found[0]);
}

export interface Outcome {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  readonly cwd?: string;
  readonly env?: NodeJS.ProcessEnv;
}

export function run(
  command: string,
  args: readonly string[],
  { cwd, env }: RunOptions = {},
): Outcome {
  const { IPVS_PREBUILD: _, ...inherited } = process.env;
  const { status, stdout, stderr, error } = spawnSync(command, args, {
    cwd,
    env: { ...inherited, ...env },
    encoding: 'utf8',
    maxBuffer: 64 << 20,
  });
  if (error !== undefined) throw error;
  return { status, stdout, stderr };
}

/** Runs a command that must succeed, and returns its output. */
export function output(command: string, args: readonly string[], options?: RunOptions): string {
  const { status, stdout, stderr } = run(command, args, options);
  expect(status, `${command} ${args.join(' ')}\n${stdout}\n${stderr}`).toBe(0);
  return stdout;
}

/** Quotes a word for sh. */
const quoted = (word: string) => `'${word.replaceAll("'", "'\\''")}'`;

/**
 * Runs commands on a kernel with IPVS, each in a network namespace of its own and each successful.
 * Returns the objects that they print as lines of JSON.
 */
export function onKernel(commands: readonly (readonly string[])[], cwd: string): unknown[] {
  const script = commands.map((words) => `unshare --net ${words.map(quoted).join(' ')} || exit`);
  const args = ['--', 'sh', '-c', script.join('\n')];
  const lines = output(join(root, 'scripts/kernel'), args, { cwd }).split('\n');
  return lines.filter((line) => line.startsWith('{')).map((line) => JSON.parse(line));
}

const made: string[] = [];

afterAll(() => {
  for (const path of made) rmSync(path, { recursive: true });
});

function scratch(): string {
  const path = realpathSync(mkdtempSync(join(tmpdir(), 'ipvs-package-')));
  made.push(path);
  return path;
}

/** A package that has nothing yet. */
export function consumer(): string {
  const path = scratch();
  writeFileSync(join(path, 'package.json'), JSON.stringify({ name: 'consumer', private: true }));
  cpSync(join(root, 'test/package/programs'), path, { recursive: true });
  return path;
}

/** One that has installed the package; without running scripts, unless that is what is tested. */
export function installed(packed = tarball()): string {
  const path = consumer();
  npm(['install', '--ignore-scripts', packed], { cwd: path });
  return path;
}

/** The package without prebuilds, as it is for a platform that has none. */
export function withoutPrebuilds(): string {
  const path = scratch();
  output('tar', ['-xzf', tarball(), '-C', path]);
  rmSync(join(path, 'package/prebuilds'), { recursive: true });
  const packed = join(path, 'ipvs.tgz');
  output('tar', ['-czf', packed, '-C', path, 'package']);
  return packed;
}

/** A PATH of nothing but Node.js and a shell. */
export function barePath(): string {
  const path = scratch();
  symlinkSync(process.execPath, join(path, 'node'));
  symlinkSync('/bin/sh', join(path, 'sh'));
  return path;
}

/** A file of a package of the registry, which is kept for the next time. */
export function fetched(specification: string, file: string): string {
  const target = join(folder, 'fetched', specification);
  const path = join(target, 'package', file);
  if (!existsSync(path)) {
    mkdirSync(target, { recursive: true });
    const args = ['pack', specification, '--ignore-scripts', '--prefer-offline', '--silent'];
    const packed = output('npm', [...args, '--pack-destination', target]).trim();
    output('tar', ['-xzf', join(target, packed), '-C', target]);
    rmSync(join(target, packed));
  }
  return path;
}

/** The newest of each line. */
export const NODE_VERSIONS = ['20', '22', '24', '26'] as const;
/** The lowest of each line that package.json admits. */
export const LOWEST_NODE_VERSIONS = ['20.19.0', '22.12.0', '23.0.0', '24.0.0', '26.0.0'] as const;
export type NodeVersion = (typeof NODE_VERSIONS)[number] | (typeof LOWEST_NODE_VERSIONS)[number];

/** What `process.version` is with a version, or with the newest of its line. */
export const isVersion = (version: NodeVersion): unknown =>
  expect.stringMatching(new RegExp(`^v${version.replaceAll('.', '\\.')}(\\.|$)`));

export const node = (version: NodeVersion, arch: string = process.arch) =>
  fetched(`node-linux-${arch}@${version}`, 'bin/node');

/** Runs npm 11, or another: not the machine's, which may be any. */
export function runNpm(
  args: readonly string[],
  { command = [process.execPath, fetched('npm@11', 'bin/npm-cli.js')], ...options }: NpmOptions,
): Outcome {
  const [first = '', ...rest] = command;
  return run(first, [...rest, ...args, '--no-audit', '--no-fund', '--prefer-offline'], options);
}

export interface NpmOptions extends RunOptions {
  readonly command?: readonly string[];
}

/** Runs npm, which must succeed. */
export function npm(args: readonly string[], options: NpmOptions): string {
  const { status, stdout, stderr } = runNpm(args, options);
  expect(status, `npm ${args.join(' ')}\n${stdout}\n${stderr}`).toBe(0);
  return stdout;
}

/** The output of programs/probe.mjs. */
export interface Findings {
  readonly node: string;
  readonly arch: string;
  readonly reference: string;
  readonly refusal: string;
  readonly open: string;
  readonly elsewhere: string;
  readonly message: string;
  readonly addons: readonly string[];
}

export function probe(
  cwd: string,
  { command = ['node'], program = 'probe.mjs' }: { command?: string[]; program?: string } = {},
): Findings {
  const [first = '', ...rest] = command;
  return JSON.parse(output(first, [...rest, program], { cwd })) as Findings;
}

/** The findings where the addon works, loaded from a folder of the package. */
export const works = (from: string): unknown =>
  expect.objectContaining({
    reference: 'tcp://[::1]:80',
    refusal: 'ERR_INVALID_ARG_TYPE',
    // A kernel with IPVS and the rights to it is not needed here.
    open: expect.stringMatching(/^(open|EPERM|EPROTONOSUPPORT|ERR_IPVS_UNAVAILABLE)$/),
    // As root, and otherwise: a thread was there, and found that it is no network namespace.
    elsewhere: expect.stringMatching(/^(EINVAL|EPERM)$/),
    addons: [expect.stringContaining(`/node_modules/ipvs/${from}/`)],
  });

/** The program of Bun or Deno. */
export const runtime = (name: 'bun' | 'deno') =>
  output(join(root, 'scripts/with-runtime'), [name, 'sh', '-c', `command -v ${name}`]).trim();
