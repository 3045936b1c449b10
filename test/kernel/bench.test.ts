import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { cases } from '../../bench/cases.js';
import { footprintCases } from '../../bench/footprint-cases.js';
import type { Report } from '../../bench/measurements.js';
import { root } from './helpers/programs.js';

// Checks that the report is complete. Speed is not tested.
const folder = mkdtempSync(join(tmpdir(), 'ipvs-bench-'));
const file = join(folder, 'figures.json');
let output = '';
let report: Report;

const run = (program: string, ...args: string[]) =>
  execFileSync(program, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] });
/** The part of scripts/bench that prints, once it has built and measured. */
const reporter = (...args: string[]) =>
  run(process.execPath, join(root, 'build/bench/report.js'), ...args);

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
    for (const { implementation, operations, microseconds, cold } of kernel?.measurements ?? []) {
      expect(operations).toBeGreaterThan(0);
      expect(microseconds.length).toBe(1);
      expect(cold.length).toBe(implementation === 'ipvs' ? 1 : 0);
      for (const figure of [...microseconds, ...cold]) expect(figure).toBeGreaterThan(0);
    }
  });

  test('every case of the table is compared with one that there is', () => {
    const names = cases.map(({ name }) => name);
    const bases = cases.map(({ baseline }) => baseline).filter((name) => name !== undefined);
    expect(names).toEqual(expect.arrayContaining(bases));
    for (const { name, implementation, baseline } of cases) {
      if (implementation === 'floor') expect(baseline).toBeUndefined();
      // What nothing is compared with is compared with something.
      else if (baseline === undefined) expect(bases).toContain(name);
    }
  });

  test('every footprint case has found a number', () => {
    const [kernel] = report.kernels;
    expect(kernel?.footprint.map(({ name }) => name)).toEqual(
      footprintCases.map(({ name }) => name),
    );
    for (const { values } of kernel?.footprint ?? []) {
      expect(values.length).toBe(1);
      expect(Number.isFinite(values[0])).toBe(true);
    }
  });

  test('the tables have a line for each', () => {
    for (const { name } of [...cases, ...footprintCases]) expect(output).toContain(`  ${name} `);
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
