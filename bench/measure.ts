/**
 * Measures on the running kernel, and writes a KernelReport; prints its progress to stderr:
 *
 *     measure.js FILE ROUNDS FILTER quick|full
 *
 * @module
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { release } from 'node:os';
import { performance } from 'node:perf_hooks';
import { type Case, type Fixture, selectCases, unchangedFixtures, warmUpSizes } from './cases.js';
import { type FootprintCase, selectFootprintCases } from './footprint-cases.js';
import type { Footprint, KernelReport, Measurement, Run, Size } from './measurements.js';
import { isOnLink, Namespace } from './namespace.js';
import { LINK } from './objects.js';

const [, , file = '', roundsText, filter = '', mode] = process.argv;
const rounds = Number(roundsText);
const quick = mode === 'quick';
/** The time in which V8 compiles the code, and the heap reaches its size. */
const WARM_UP_MS = quick ? 0 : 10_000;

const objectsOf = ({ services, destinations }: Size) => services * (1 + destinations);

/** Runs `act` in a new namespace with the fixture. */
async function inNamespace<T>(
  fixture: Fixture,
  size: Size,
  act: (namespace: Namespace) => Promise<T> | T,
): Promise<T> {
  const namespace = new Namespace();
  try {
    namespace.addFixture(fixture, size);
    return await act(namespace);
  } finally {
    await namespace.delete();
  }
}

/** A case at one size, and its figures so far. */
class CaseRun {
  readonly #case: Case;
  readonly #size: Size;
  readonly #microseconds: number[] = [];
  readonly #cold: number[] = [];
  readonly rounds: number;

  constructor(benchmarkCase: Case, size: Size) {
    this.#case = benchmarkCase;
    this.#size = size;
    const { rounds: limit = rounds } = benchmarkCase;
    this.rounds = Math.min(rounds, limit);
  }

  async measure(): Promise<void> {
    const { implementation, fixture, sizes, wholeProcess } = this.#case;
    if (implementation !== 'ipvs' || wholeProcess) {
      this.#microseconds.push(await this.#run());
      return;
    }
    if (this.#size === sizes[0]) this.#cold.push(await this.#run());
    const size = quick ? this.#size : warmUpSizes[fixture];
    const times = unchangedFixtures.has(fixture) ? 'twice' : 'once';
    const warm = await inNamespace(fixture, size, ({ path }) =>
      this.#run(size.services, size.destinations, path, WARM_UP_MS, times),
    );
    this.#microseconds.push(warm);
  }

  /** Returns the microseconds per operation. Throws if the program did not do all of its work. */
  #run(...warmUp: (string | number)[]): Promise<number> {
    const { name, fixture, wholeProcess } = this.#case;
    return inNamespace(fixture, this.#size, (namespace) => {
      const begin = performance.now();
      const run = this.#start(namespace, warmUp);
      const milliseconds = wholeProcess ? performance.now() - begin : run.milliseconds;
      if (run.operations !== this.#operations) {
        throw new Error(`${name}: ${run.operations} operations, expected ${this.#operations}`);
      }
      const expected = objectsOf(this.#size);
      const found = fixture === 'connections' ? expected : namespace.count(fixture);
      if (found !== expected) throw new Error(`${name}: ${found} objects, expected ${expected}`);
      return (milliseconds * 1000) / run.operations;
    });
  }

  #start(namespace: Namespace, warmUp: readonly (string | number)[]): Run {
    const { program, workload } = this.#case;
    if (program === 'ipvsadm' || program === 'command') {
      return namespace.startIpvsadm(program, workload, this.#size);
    }
    return namespace.start(program, workload, ...this.#arguments(namespace), ...warmUp);
  }

  #arguments(namespace: Namespace): (string | number)[] {
    const { program, implementation, fixture } = this.#case;
    const { services, destinations } = this.#size;
    if (program === 'floor' && isOnLink(fixture)) return [LINK, services];
    const takesPath = implementation === 'ipvs' || program === 'commands';
    return [services, destinations, ...(takesPath ? [namespace.path] : [])];
  }

  get #operations(): number {
    const { services, destinations } = this.#size;
    const counts = { services, destinations: services * destinations };
    return this.#case.counts === undefined ? objectsOf(this.#size) : counts[this.#case.counts];
  }

  report(): Measurement {
    const { name, implementation, topic, baseline } = this.#case;
    return {
      name,
      implementation,
      topic,
      baseline: baseline ?? null,
      size: this.#size,
      operations: this.#operations,
      microseconds: this.#microseconds,
      cold: this.#cold,
    };
  }

  toString(): string {
    return `${this.#case.name}, ${objectsOf(this.#size)}`;
  }
}

/** A footprint case, and its values so far. */
class FootprintRun {
  readonly #case: FootprintCase;
  readonly #values: number[] = [];
  readonly rounds = Math.min(rounds, 3);

  constructor(footprintCase: FootprintCase) {
    this.#case = footprintCase;
  }

  async measure(): Promise<void> {
    const { fixture, size, measure } = this.#case;
    const { services, destinations } = size;
    const { value } = await inNamespace(fixture, size, (namespace) =>
      namespace.start<{ value: number }>(
        'footprint',
        measure,
        services,
        destinations,
        namespace.path,
      ),
    );
    this.#values.push(value);
  }

  report(): Footprint {
    const { name, unit, limit } = this.#case;
    return { name, unit, limit, values: this.#values };
  }

  toString(): string {
    return this.#case.name;
  }
}

/** Measures round by round, all cases in each: a disturbance of the machine then affects all. */
async function measureAll(runs: readonly (CaseRun | FootprintRun)[]): Promise<void> {
  for (let round = 0; round < rounds; round++) {
    for (const run of runs.filter((each) => round < each.rounds)) {
      const begin = performance.now();
      await run.measure();
      const seconds = ((performance.now() - begin) / 1000).toFixed(1);
      console.error(`bench: ${release()}: round ${round + 1} of ${rounds}: ${run} (${seconds} s)`);
    }
  }
}

const cases = selectCases({ filter, quick });
const caseRuns = cases.flatMap((each) => each.sizes.map((size) => new CaseRun(each, size)));
const footprintCases = selectFootprintCases({ filter, quick });
const footprintRuns = footprintCases.map((each) => new FootprintRun(each));

// The first use of memory is slow in a kernel that has just booted, so the largest table is loaded
// once before anything is measured.
const [largest] = cases.flatMap(({ sizes }) => sizes).sort((a, b) => objectsOf(b) - objectsOf(a));
if (largest !== undefined) await inNamespace('table', largest, () => undefined);
await measureAll([...caseRuns, ...footprintRuns]);

const report: KernelReport = {
  release: release(),
  userMode: readFileSync('/proc/cpuinfo', 'utf8').includes('User Mode Linux'),
  measurements: caseRuns.map((run) => run.report()),
  footprint: footprintRuns.map((run) => run.report()),
};
writeFileSync(file, JSON.stringify(report));
