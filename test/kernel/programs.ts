/**
 * The programs of this folder, which run outside of vitest: in other processes and in worker threads. They import the
 * package by its name, and so what is built of it.
 * @module
 */
import { execFileSync } from 'node:child_process';
import { readdirSync, statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** The folder of the project. */
export const root = fileURLToPath(new URL('../..', import.meta.url));

const newest = (folder: string, end: string) =>
  Math.max(
    0,
    ...readdirSync(`${root}/${folder}`, { encoding: 'utf8', recursive: true })
      .filter((name) => name.endsWith(end))
      .map((name) => statSync(`${root}/${folder}/${name}`).mtimeMs),
  );

/** Builds the package anew, unless nothing of lib/ has changed since. */
export function build(): void {
  const oldest = (() => {
    try {
      return statSync(`${root}/dist/index.js`).mtimeMs;
    } catch {
      return 0;
    }
  })();
  if (newest('lib', '.ts') < oldest) return;
  execFileSync('npm', ['run', '--silent', 'build:package'], { cwd: root });
}

/** The path of a program, once there is a build of the package for it. */
export function program(name: string): string {
  build();
  return fileURLToPath(new URL(`programs/${name}.mjs`, import.meta.url));
}
