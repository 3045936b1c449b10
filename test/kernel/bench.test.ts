import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { cases } from '../../bench/cases.js';
import { footprintCases } from '../../bench/footprint-cases.js';
import { FORMS, type Report } from '../../bench/measurements.js';
import { probeCases } from '../../bench/probe-cases.js';
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
  output = run(join(root, 'scripts/bench'), '--here', '--probe', '--quick', '--json', file);
  // Written by the line before.
  report = JSON.parse(readFileSync(file, 'utf8')) as Report;
}, 2_400_000);
afterAll(() => rmSync(folder, { recursive: true }));

describe('npm run bench -- --quick', () => {
  test('measures every case, and those in a warm process of this library also on their first run', () => {
    const [kernel, ...others] = report.kernels;
    expect(others).toEqual([]);
    expect(kernel?.measurements.map(({ name }) => name)).toEqual(cases.map(({ name }) => name));
    for (const { name, operations, microseconds, cold } of kernel?.measurements ?? []) {
      const { implementation, wholeProcess = false } =
        cases.find((each) => each.name === name) ?? {};
      expect(operations).toBeGreaterThan(0);
      expect(microseconds.length).toBe(1);
      expect(cold.length).toBe(implementation === 'ipvs' && !wholeProcess ? 1 : 0);
      for (const figure of [...microseconds, ...cold]) expect(figure).toBeGreaterThan(0);
    }
  });

  test('compares every case of the table with an existing one', () => {
    const names = cases.map(({ name }) => name);
    const bases = cases.map(({ baseline }) => baseline).filter((name) => name !== undefined);
    expect(names).toEqual(expect.arrayContaining(bases));
    for (const { name, implementation, baseline } of cases) {
      if (implementation === 'floor') expect(baseline).toBeUndefined();
      // A case without a baseline is the baseline of another.
      else if (baseline === undefined) expect(bases).toContain(name);
    }
  });

  test('has a number for every footprint case', () => {
    const [kernel] = report.kernels;
    expect(kernel?.footprint.map(({ name }) => name)).toEqual(
      footprintCases.map(({ name }) => name),
    );
    for (const { values } of kernel?.footprint ?? []) {
      expect(values.length).toBe(1);
      expect(Number.isFinite(values[0])).toBe(true);
    }
  });

  test('has numbers for every figure of the probe, and for each form of calls', () => {
    const { probe } = report;
    const names = probeCases.flatMap(({ figures }) => figures.map(({ name }) => name));
    expect(probe?.figures.map(({ name }) => name)).toEqual(expect.arrayContaining(names));
    for (const { values } of probe?.figures ?? []) {
      for (const form of FORMS) expect(Number.isFinite(values[form][0])).toBe(true);
    }
    for (const form of FORMS) {
      expect(probe?.calls[form].length).toBeGreaterThan(0);
      // A profile of so few operations may have no sample.
      for (const { amount } of [...(probe?.cold[form] ?? []), ...(probe?.warm[form] ?? [])]) {
        expect(Number.isFinite(amount)).toBe(true);
      }
    }
  });

  test('knows the module of each function of the library, and counts its calls', () => {
    for (const form of FORMS) {
      const calls = report.probe?.calls[form] ?? [];
      const amountOf = (name: string) => calls.find((each) => each.name === name)?.amount;
      // Each service has ten destinations.
      expect(amountOf('addService')).toBeCloseTo(1 / 11);
      expect(amountOf('addDestination')).toBeCloseTo(10 / 11);
      const names = calls.map(({ module }) => module);
      expect(names.filter((name) => !/^lib\/.+\.ts$/.test(name))).toEqual([]);
    }
  });

  test('prints a line for each case', () => {
    for (const { name } of [...cases, ...footprintCases]) expect(output).toContain(`  ${name} `);
  });

  test('reports the machine and the command', () => {
    expect(report).toMatchObject({ quick: true, node: expect.stringMatching(/^v24\./) });
    expect(report.command).toBe(`npm run bench -- --here --probe --quick --json ${file}`);
  });

  test('prints the same tables for the same figures', () => {
    expect(reporter('print', file)).toBe(output);
  });

  test('draws no charts without measurements', () => {
    expect(() => reporter('document', file)).toThrow();
  });
});
