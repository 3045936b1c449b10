/**
 * Runs one scenario, in this process, and prints a Report: `NAME AMOUNT SEED`.
 * @module
 */
import { performance } from 'node:perf_hooks';
import { ScenarioContext } from './context.js';
import type { Report } from './report.js';
import { scenarios } from './scenarios.js';
import type { Order } from './soak.js';

const MIB = 2 ** 20;
/** A quick run ends before the process is warm. */
const QUICK_ROOM = 64;

// Written by soak.ts.
const { name, amount, quick, seed } = JSON.parse(process.argv[2] ?? '') as Order;
const scenario = scenarios.find((each) => each.name === name);
if (scenario === undefined) throw new Error(`no such scenario: ${name}`);

const begin = performance.now();
const context = new ScenarioContext(name, amount, quick, seed);
const { tally, vitals } = context;
try {
  await scenario.run(context);
} catch (error) {
  tally.fault(error instanceof Error ? `${error.stack}` : String(error));
}
const room = quick ? QUICK_ROOM : scenario.room;
const [before, after] = vitals;
if (before === undefined || after === undefined) {
  tally.fault('it did not come to its end');
} else {
  const more = (what: keyof typeof before) => after[what] - before[what];
  if (more('descriptors') > 0) tally.fault(`${more('descriptors')} descriptors were never closed`);
  if (more('threads') > 0) tally.fault(`${more('threads')} threads never ended`);
  if (more('rss') > room * MIB) {
    tally.fault(`the process grew by more than ${room} MiB after its warm-up`);
  }
}
context.namespace.delete();
const seconds = (performance.now() - begin) / 1000;
const report: Report = { name, seconds, room, vitals, ...tally.take() };
process.stdout.write(JSON.stringify(report));
