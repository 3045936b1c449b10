/**
 * Measures the library alone, without a kernel, and writes a ProbeReport; prints its progress to
 * stderr:
 *
 *     probe.js FILE quick|full
 *
 * @module
 */
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { performance } from 'node:perf_hooks';
import { fileURLToPath } from 'node:url';
import {
  type ByForm,
  type Cost,
  FORMS,
  type Form,
  type ProbeBlock,
  type ProbeFigure,
  type ProbeReport,
} from './measurements.js';
import {
  probeBlockSize,
  probeBlocks,
  probeCases,
  probeSize,
  quickProbeSize,
} from './probe-cases.js';

const [, , file = '', mode] = process.argv;
const quick = mode === 'quick';
/** Processes are short, and the first run of each is a measurement of its own. */
const ROUNDS = quick ? 1 : 7;
const PROFILES = quick ? 1 : 10;
const WARM_RUNS = quick ? 10 : 100;

const compiled = (name: string) => fileURLToPath(new URL(`programs/${name}`, import.meta.url));

/** Runs Node.js, with a program that prints JSON of a type that the caller knows. */
function outputOf<Output>(...args: readonly (string | number)[]): Output {
  const output = execFileSync(process.execPath, ['--no-warnings', ...args.map(String)], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  return JSON.parse(output) as Output;
}

function run<Output>(measure: string, form: Form, runs: number, flags: readonly string[]): Output {
  const { services, destinations } = quick ? quickProbeSize : probeSize;
  return outputOf(...flags, compiled('probe.js'), measure, form, services, destinations, runs);
}

/** Measures the longest blocks of the event loop. */
function measureBlocks(): ProbeBlock[] {
  const { services, destinations } = quick ? quickProbeSize : probeBlockSize;
  return probeBlocks.map(({ name, measure }) => ({
    name,
    values: Array.from({ length: ROUNDS }, () => {
      const program = compiled('probe-blocks.js');
      const args = ['--expose-gc', program, measure, services, destinations];
      return outputOf<{ readonly value: number }>(...args).value;
    }),
  }));
}

function byForm<Value>(measure: (form: Form) => Value): ByForm<Value> {
  return Object.fromEntries(FORMS.map((form) => [form, measure(form)])) as Record<Form, Value>;
}

function progress<Value>(text: string, act: () => Value): Value {
  const begin = performance.now();
  const value = act();
  console.error(`bench: probe: ${text} (${((performance.now() - begin) / 1000).toFixed(1)} s)`);
  return value;
}

function measureFigures(): ProbeFigure[] {
  const major = Number(process.versions.node.split('.')[0]);
  const measurable = probeCases.filter(({ since = 0 }) => major >= since);
  const runs = measurable.map((each) => ({ ...each, outputs: byForm((): number[][] => []) }));
  for (let round = 0; round < ROUNDS; round++) {
    progress(`round ${round + 1} of ${ROUNDS}`, () => {
      for (const { measure, runs: times, flags, outputs } of runs) {
        for (const form of FORMS) outputs[form].push(run(measure, form, times, flags));
      }
    });
  }
  return runs.flatMap(({ figures, outputs }) =>
    figures.map(({ of, ...figure }) => ({
      ...figure,
      values: byForm((form) => outputs[form].map(of)),
    })),
  );
}

/** Returns the mean of several profiles, each of the first run in a process. */
function coldProfile(form: Form): Cost[] {
  const costs = new Map<string, Cost>();
  for (let process = 0; process < PROFILES; process++) {
    for (const each of run<Cost[]>('profile', form, 1, [])) {
      const key = `${each.module} ${each.name}`;
      const amount = (costs.get(key)?.amount ?? 0) + each.amount / PROFILES;
      costs.set(key, { ...each, amount });
    }
  }
  return [...costs.values()];
}

const figures = measureFigures();
const calls = progress('calls', () => byForm((form) => run<Cost[]>('calls', form, 1, [])));
const total = (costs: readonly Cost[]) => costs.reduce((sum, { amount }) => sum + amount, 0);
const report: ProbeReport = {
  figures: [
    ...figures,
    {
      name: 'calls of functions of the library',
      unit: 'calls',
      limit: null,
      values: byForm((form) => [total(calls[form])]),
    },
  ],
  blocks: progress('blocks of the event loop', measureBlocks),
  calls,
  cold: progress('cold profiles', () => byForm(coldProfile)),
  warm: progress('warm profiles', () =>
    byForm((form) => run<Cost[]>('warm-profile', form, WARM_RUNS, [])),
  ),
};
writeFileSync(file, JSON.stringify(report));
