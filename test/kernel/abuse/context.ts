/**
 * The context of a scenario: a network namespace, rounds, and a tally of results.
 * @module
 */
import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { Namespace } from '../helpers/namespace.js';
import { Random } from './seeded.js';
import { Tally } from './tally.js';
import { readVitals, type Vitals } from './vitals.js';

/** The length of a run: so many rounds, or as many as fit in so many seconds. */
export type Amount = { readonly rounds: number } | { readonly seconds: number };

/** The share of the run during which memory may grow: caches fill, and code is compiled. */
const WARM_UP = 0.2;
/** The time that other threads have to close files. */
const PATIENCE_MS = 1000;
const PROGRESS_MS = 5000;

export class ScenarioContext {
  readonly namespace = new Namespace();
  readonly tally = new Tally();
  readonly random: Random;
  /** Milliseconds for work without an end of its own. */
  readonly slice: number;
  /** Resources of the process after the warm-up and at the end. */
  readonly vitals: Vitals[] = [];
  readonly #name: string;
  readonly #amount: Amount;

  constructor(name: string, amount: Amount, quick: boolean, seed: number) {
    this.#name = name;
    this.#amount = amount;
    this.slice = quick ? 2000 : 20_000;
    this.random = new Random(seed);
  }

  /** The numbers of the rounds. A round must have closed everything when it requests the next. */
  async *rounds(): AsyncGenerator<number> {
    const begin = performance.now();
    let said = begin;
    for (let round = 0; ; round++) {
      const part = this.#done(round, performance.now() - begin);
      if (this.vitals.length === 0 && part >= WARM_UP) this.vitals.push(await readVitals());
      if (part >= 1) break;
      if (performance.now() - said > PROGRESS_MS) {
        said = performance.now();
        const { operations } = this.tally;
        console.error(
          `soak: ${this.#name}: ${Math.floor(100 * part)} %, ${operations} operations, round ${round}`,
        );
      }
      yield round;
    }
    await this.#end();
  }

  #done(rounds: number, milliseconds: number): number {
    if ('rounds' in this.#amount) return rounds / this.#amount.rounds;
    return rounds === 0 ? 0 : milliseconds / 1000 / this.#amount.seconds;
  }

  async #end(): Promise<void> {
    const [before] = this.vitals;
    const end = performance.now() + PATIENCE_MS;
    let after = await readVitals();
    while (
      before !== undefined &&
      (after.descriptors > before.descriptors || after.threads > before.threads) &&
      performance.now() < end
    ) {
      await sleep(20);
      after = await readVitals();
    }
    this.vitals.push(after);
  }
}
