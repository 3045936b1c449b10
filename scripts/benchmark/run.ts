/**
 * Measures in the kernel that it runs in, and writes a KernelReport: `run FILE ROUNDS FILTER [quick]`. Says on standard
 * error how far it has come.
 * @module
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { release } from 'node:os';
import { performance } from 'node:perf_hooks';
import {
  type Case,
  casesWith,
  type Given,
  type ProbeCase,
  probesWith,
  reads,
  smallCase,
  smallProbe,
  warmUps,
} from './cases.js';
import { type KernelReport, LINK, type Measurement, type Probe, type Size } from './model.js';
import { Namespace } from './namespace.js';

const [, , file = '', roundsText, filter = '', mode] = process.argv;
const rounds = Number(roundsText);
const isQuick = mode === 'quick';
/** Until what there is to compile is compiled, and the heap has its size. */
const WARM_UP_MS = isQuick ? 0 : 12_000;

const ofLink = (given: Given) => given === 'link' || given === 'addresses';
const objects = ({ services, destinations }: Size) => services * (1 + destinations);

/** Runs `act` in a fresh namespace that has what is given. */
async function within<Result>(
  given: Given,
  size: Size,
  act: (namespace: Namespace) => Promise<Result> | Result,
): Promise<Result> {
  const namespace = new Namespace();
  try {
    namespace.furnish(given, size);
    return await act(namespace);
  } finally {
    await namespace.delete();
  }
}

/** A case at a size, and the figures that it has so far. */
class Row {
  readonly #case: Case;
  readonly #size: Size;
  readonly #microseconds: number[] = [];
  readonly #cold: number[] = [];
  readonly rounds: number;

  constructor(one: Case, size: Size) {
    this.#case = one;
    this.#size = size;
    this.rounds = Math.min(rounds, one.rounds ?? rounds, objects(size) > 200_000 ? 3 : rounds);
  }

  async measure(): Promise<void> {
    const { party, given, sizes } = this.#case;
    if (party === 'ours') {
      if (this.#size === sizes[0]) this.#cold.push(await this.#run());
      const { services, destinations } = isQuick ? this.#size : warmUps[given];
      const run = (elsewhere: Namespace) =>
        this.#run(
          services,
          destinations,
          elsewhere.path,
          WARM_UP_MS,
          reads.has(given) ? 'twice' : 'once',
        );
      this.#microseconds.push(await within(given, { services, destinations }, run));
    } else {
      this.#microseconds.push(await this.#run());
    }
  }

  /** Microseconds for each operation. Fails unless the program has done the whole of its work. */
  #run(...warmUp: (string | number)[]): Promise<number> {
    const { name, program, load, given } = this.#case;
    return within(given, this.#size, (namespace) => {
      const args = this.#arguments(namespace);
      const { operations, milliseconds } = namespace.start(program, load, ...args, ...warmUp);
      if (operations !== this.#operations) {
        throw new Error(`${name}: ${operations} operations instead of ${this.#operations}`);
      }
      const found = given === 'connections' ? objects(this.#size) : namespace.count(given);
      if (found !== objects(this.#size)) throw new Error(`${name}: there are ${found} objects now`);
      return (milliseconds * 1000) / operations;
    });
  }

  #arguments(namespace: Namespace): (string | number)[] {
    const { program, given } = this.#case;
    const { services, destinations } = this.#size;
    if (program === 'floor' && ofLink(given)) return [LINK, services];
    const named = program === 'ours' || program === 'peers';
    return [services, destinations, ...(named ? [namespace.path] : [])];
  }

  get #operations(): number {
    const { services, destinations } = this.#size;
    const counts = { services, destinations: services * destinations };
    return this.#case.counts === undefined ? objects(this.#size) : counts[this.#case.counts];
  }

  report(): Measurement {
    const { name, party, topic, against } = this.#case;
    return {
      name,
      party,
      topic,
      against: against ?? null,
      size: this.#size,
      operations: this.#operations,
      microseconds: this.#microseconds,
      cold: this.#cold,
    };
  }

  toString(): string {
    return `${this.#case.name}, ${objects(this.#size)}`;
  }
}

/** A probe, likewise. */
class ProbeRow {
  readonly #case: ProbeCase;
  readonly #values: number[] = [];
  readonly rounds = Math.min(rounds, 3);

  constructor(one: ProbeCase) {
    this.#case = one;
  }

  async measure(): Promise<void> {
    const { given, size, load } = this.#case;
    const { services, destinations } = size;
    const { value } = await within(given, size, (namespace) =>
      namespace.start<{ value: number }>('probes', load, services, destinations, namespace.path),
    );
    this.#values.push(value);
  }

  report(): Probe {
    const { name, unit, limit } = this.#case;
    return { name, unit, limit, values: this.#values };
  }

  toString(): string {
    return this.#case.name;
  }
}

/** One round after the other, each of all: what disturbs the machine for a while disturbs all alike. */
async function measureAll(all: readonly (Row | ProbeRow)[]): Promise<void> {
  for (let round = 0; round < rounds; round++) {
    for (const row of all.filter((each) => round < each.rounds)) {
      const begin = performance.now();
      await row.measure();
      const seconds = ((performance.now() - begin) / 1000).toFixed(1);
      console.error(`bench: ${release()}: round ${round + 1} of ${rounds}: ${row} (${seconds} s)`);
    }
  }
}

const cases = isQuick ? casesWith(filter).map(smallCase) : casesWith(filter);
const rows = cases.flatMap((one) => one.sizes.map((size) => new Row(one, size)));
const probes = probesWith(filter).map((one) => new ProbeRow(isQuick ? smallProbe(one) : one));

// The first use of memory is slow in a kernel that was just booted: the largest table that there will be.
const [largest] = cases.flatMap(({ sizes }) => sizes).sort((a, b) => objects(b) - objects(a));
if (largest !== undefined) await within('table', largest, () => undefined);
await measureAll([...rows, ...probes]);

const report: KernelReport = {
  release: release(),
  userMode: readFileSync('/proc/cpuinfo', 'utf8').includes('User Mode Linux'),
  measurements: rows.map((row) => row.report()),
  probes: probes.map((probe) => probe.report()),
};
writeFileSync(file, JSON.stringify(report));
