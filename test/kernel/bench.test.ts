import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { cases, probes } from '../../scripts/benchmark/cases.js';
import type { Report } from '../../scripts/benchmark/model.js';
import { root } from './programs.js';

// Whether it is all there. How fast anything is, is no matter of tests.
const folder = mkdtempSync(join(tmpdir(), 'ipvs-bench-'));
const file = join(folder, 'figures.json');
let output = '';
let report: Report;

const run = (program: string, ...args: string[]) =>
  execFileSync(program, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] });
/** The part of scripts/bench that prints, once it has built and measured. */
const reporter = (...args: string[]) =>
  run(process.execPath, join(root, 'build/benchmark/report.js'), ...args);

beforeAll(() => {
  output = run(join(root, 'scripts/bench'), '--here', '--quick', '--json', file);
  // Written by the line before.
  report = JSON.parse(readFileSync(file, 'utf8')) as Report;
}, 600_000);
afterAll(() => rmSync(folder, { recursive: true }));

describe('npm run bench -- --quick', () => {
  test('every case is measured, also the first time in a process where it is ours', () => {
    const [kernel, ...others] = report.kernels;
    expect(others).toEqual([]);
    expect(kernel?.measurements.map(({ name }) => name)).toEqual(cases.map(({ name }) => name));
    for (const { party, operations, microseconds, cold } of kernel?.measurements ?? []) {
      expect(operations).toBeGreaterThan(0);
      expect(microseconds.length).toBe(1);
      expect(cold.length).toBe(party === 'ours' ? 1 : 0);
      for (const figure of [...microseconds, ...cold]) expect(figure).toBeGreaterThan(0);
    }
  });

  test('every case of the table is compared with one that there is', () => {
    const names = cases.map(({ name }) => name);
    const bases = cases.map(({ against }) => against).filter((name) => name !== undefined);
    expect(names).toEqual(expect.arrayContaining(bases));
    for (const { name, party, against } of cases) {
      if (party === 'floor') expect(against).toBeUndefined();
      // What nothing is compared with is compared with something.
      else if (against === undefined) expect(bases).toContain(name);
    }
  });

  test('every probe has found a number', () => {
    const [kernel] = report.kernels;
    expect(kernel?.probes.map(({ name }) => name)).toEqual(probes.map(({ name }) => name));
    for (const { values } of kernel?.probes ?? []) {
      expect(values.length).toBe(1);
      expect(Number.isFinite(values[0])).toBe(true);
    }
  });

  test('the tables have a line for each', () => {
    for (const { name } of [...cases, ...probes]) expect(output).toContain(`  ${name} `);
  });

  test('it says where, and by which command', () => {
    expect(report).toMatchObject({ quick: true, node: process.version });
    expect(report.command).toBe(`npm run bench -- --here --quick --json ${file}`);
  });

  test('the same figures print the same tables', () => {
    expect(reporter('print', file)).toBe(output);
  });

  test('it draws no charts of what it has not measured', () => {
    expect(() => reporter('document', file)).toThrow();
  });
});
