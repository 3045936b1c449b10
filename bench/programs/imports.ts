/**
 * Measures what the imports of the package cost, from the start of a process to its end.
 * @module
 */
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { performance } from 'node:perf_hooks';
import { fileURLToPath } from 'node:url';
import { median } from '../summary.js';

const RUNS = 5;

/** Returns the milliseconds from the start to the end of a Node.js process. */
export function lifetime(...args: readonly string[]): number {
  const begin = performance.now();
  execFileSync(process.execPath, args);
  return performance.now() - begin;
}

/** Returns the lifetimes of two processes, which take turns. */
export function lifetimes(
  one: readonly string[],
  other: readonly string[],
): readonly [one: number, other: number] {
  const times: [number[], number[]] = [[], []];
  for (let run = 0; run < RUNS; run++) {
    times[0].push(lifetime(...one));
    times[1].push(lifetime(...other));
  }
  return [median(times[0]), median(times[1])];
}

/** Writes a script to this folder, where it can import the package. */
function script(name: string, source: string): string {
  const path = fileURLToPath(new URL(name, import.meta.url));
  writeFileSync(path, source);
  return path;
}

/** Returns the lifetimes of an empty script, and of one that imports a module. */
function importTimes(module: string): readonly [empty: number, importing: number] {
  const file = `import-${module.replace('/', '-')}.mjs`;
  return lifetimes(
    [script('empty.mjs', '')],
    [script(file, `import ${JSON.stringify(module)};\n`)],
  );
}

/** What users import. */
export const MODULES = ['ipvs', 'ipvs/ipvsadm', 'ipvs/metrics', 'ipvs/kubernetes'] as const;

/** The measurements by name: milliseconds over an empty script, and the ratio to it. */
export const imports: Readonly<Record<string, () => Promise<number>>> = {
  'empty-script': async () => importTimes('ipvs')[0],
  ...Object.fromEntries(
    MODULES.flatMap((module) => [
      [
        `import-${module}`,
        async () => {
          const [empty, importing] = importTimes(module);
          return importing - empty;
        },
      ],
      [
        `import-ratio-${module}`,
        async () => {
          const [empty, importing] = importTimes(module);
          return importing / empty;
        },
      ],
    ]),
  ),
};
