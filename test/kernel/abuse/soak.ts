/**
 * Runs scenarios, each in a process of its own, and prints the results: `MINUTES SEED [NAME...]`. With
 * 0 minutes, runs a little of each. Exits with 1 if anything is wrong. `list` shows the scenarios.
 * @module
 */
import { spawnSync } from 'node:child_process';
import { release } from 'node:os';
import { fileURLToPath } from 'node:url';
import { isOwnKernel } from '../helpers/modules.js';
import type { Amount } from './context.js';
import { formatReports, isRight, type Report } from './report.js';
import type { Scenario } from './scenario.js';
import { scenarios } from './scenarios.js';

/** The order for one.ts. */
export interface Order {
  readonly name: string;
  readonly amount: Amount;
  readonly quick: boolean;
  readonly seed: number;
}

/** The seconds of a quick run of a scenario without an end. */
const QUICK_SECONDS = 3;

const [, , minutes, seed, ...names] = process.argv;
const quick = Number(minutes) === 0;
const chosen = scenarios.filter(({ name }) => names.length === 0 || names.includes(name));
const shares = chosen.map(({ length }) => ('share' in length ? length.share : 0));
const whole = shares.reduce((sum, share) => sum + share, 0);

function amountOf({ length }: Scenario): Amount {
  if ('full' in length) return { rounds: quick ? length.quick : length.full };
  return { seconds: quick ? QUICK_SECONDS : (60 * Number(minutes) * length.share) / whole };
}

function runOne(scenario: Scenario): Report {
  const { name, needsOwnKernel = false } = scenario;
  const nothing = {
    name,
    seconds: 0,
    room: scenario.room,
    vitals: [],
    operations: 0,
    errors: {},
    faults: {},
  };
  if (needsOwnKernel && !isOwnKernel) {
    return { ...nothing, leftOut: 'it needs a kernel that was booted for the tests' };
  }
  const order: Order = { name, amount: amountOf(scenario), quick, seed: Number(seed) };
  const program = fileURLToPath(new URL('one.js', import.meta.url));
  const { stdout, status, signal } = spawnSync(process.execPath, [program, JSON.stringify(order)], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
    maxBuffer: 64 * 2 ** 20,
  });
  // Written by one.ts.
  if (status === 0) return JSON.parse(stdout) as Report;
  return { ...nothing, faults: { [`the process ended with ${status ?? signal}`]: 1 } };
}

function main(): number {
  if (minutes === 'list') {
    for (const { name, about } of scenarios) console.log(`${name.padEnd(12)} ${about}`);
    return 0;
  }
  const known = scenarios.map(({ name }) => name);
  const unknown = names.filter((name) => !known.includes(name));
  if (unknown.length > 0) {
    console.error(`soak: no such scenario: ${unknown.join(', ')}`);
    return 2;
  }
  const reports = chosen.map((scenario) => {
    console.error(`soak: ${scenario.name}: ${scenario.about}`);
    return runOne(scenario);
  });
  console.log(`Linux ${release()}, Node.js ${process.version}, seed ${seed}\n`);
  console.log(formatReports(reports));
  return reports.every(isRight) ? 0 : 1;
}

process.exitCode = main();
