/**
 * The programs of test/kernel/programs, which run outside vitest: in processes of their own and in
 * worker threads. They import the package by its name, and so its build.
 * @module
 */
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** The folder of the project. */
export const root = fileURLToPath(new URL('../../..', import.meta.url));

/** Debian's Python. Another one that comes first on the PATH may take seconds to start. */
export const PYTHON = existsSync('/usr/bin/python3') ? '/usr/bin/python3' : 'python3';

const newest = (folder: string, end: string) =>
  Math.max(
    0,
    ...readdirSync(`${root}/${folder}`, { encoding: 'utf8', recursive: true })
      .filter((name) => name.endsWith(end))
      .map((name) => statSync(`${root}/${folder}/${name}`).mtimeMs),
  );

function isBuilt(): boolean {
  const built = statSync(`${root}/dist/index.js`, { throwIfNoEntry: false });
  return built !== undefined && newest('lib', '.ts') < built.mtimeMs;
}

let hasBuilt = false;

/** Builds the package, unless the build is newer than lib/. */
export function build(): void {
  if (hasBuilt) return;
  if (!isBuilt()) execFileSync('npm', ['run', '--silent', 'build:package'], { cwd: root });
  hasBuilt = true;
}

let hasBuiltExamples = false;

/** Builds the package and the examples, once. Returns the folder of the examples. */
export function buildExamples(): string {
  build();
  if (!hasBuiltExamples) {
    const compiler = `${root}/node_modules/.bin/tsc`;
    execFileSync(compiler, ['--project', 'examples/tsconfig.json'], { cwd: root });
    hasBuiltExamples = true;
  }
  return `${root}/build/examples`;
}

/** The path of a program: a file name of test/kernel/programs. Builds the package for it. */
export function programPath(file: string): string {
  if (file.endsWith('.mjs')) build();
  return fileURLToPath(new URL(`../programs/${file}`, import.meta.url));
}
