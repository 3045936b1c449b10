/**
 * Measures what a scrape of metrics costs the event loop, with 5,000 destinations in a network
 * namespace of its own. Prints a line for each level and format:
 *
 *     scripts/kernel -- node build/bench/programs/scrape.js [SERVICES [DESTINATIONS [RUNS]]]
 *
 * @module
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { Ipvs, Namespace } from 'ipvs';
import { Metrics, type MetricsLevel, type TextFormat } from 'ipvs/metrics';
import { serviceTable, stateOf } from '../objects.js';
import { median } from '../summary.js';

const [services = 500, destinations = 10, runs = 20] = process.argv.slice(2).map(Number);
/** Lets the garbage collector and the compiler rest, as between two scrapes. */
const PAUSE = 20;

const namespace = await Namespace.create();
const ipvs = await Ipvs.open({ netns: namespace });
await ipvs.reconcile(stateOf(serviceTable({ services, destinations })));

const ms = (value: number) => value.toFixed(1);

/** Measures the longest time between two turns of the event loop, in milliseconds. */
class LongestTurn {
  value = 0;
  #last = performance.now();
  #isRunning = true;

  constructor() {
    const turn = () => {
      const now = performance.now();
      this.value = Math.max(this.value, now - this.#last);
      this.#last = now;
      if (this.#isRunning) setImmediate(turn);
    };
    setImmediate(turn);
  }

  stop(): number {
    this.#isRunning = false;
    return this.value;
  }
}

/** Returns the milliseconds for which a scrape keeps the event loop busy. */
async function busyTime(scrape: () => Promise<unknown>): Promise<number> {
  const before = performance.eventLoopUtilization();
  await scrape();
  return performance.eventLoopUtilization(before).active;
}

async function longestTurn(scrape: () => Promise<unknown>): Promise<number> {
  const longest = new LongestTurn();
  await scrape();
  return longest.stop();
}

/** Measures a scrape so many times. */
async function repeat(measureOne: () => Promise<number>): Promise<number[]> {
  const values: number[] = [];
  for (let run = 0; run < runs; run++) {
    values.push(await measureOne());
    await sleep(PAUSE);
  }
  return values;
}

/** Returns the median and the smallest of some milliseconds. */
const summary = (values: readonly number[]) =>
  `${ms(median(values))} ms (fastest ${ms(Math.min(...values))} ms)`;

async function measure(level: MetricsLevel, format: TextFormat): Promise<void> {
  const metrics = new Metrics(ipvs, { level });
  const scrape = () => metrics.text({ format });
  const [first = Number.NaN, ...busy] = await repeat(() => busyTime(scrape));
  const turns = await repeat(() => longestTurn(scrape));
  const { length } = await scrape();
  console.log(`level ${level}, ${format}, ${length} characters:`);
  console.log(`  event loop busy for ${ms(first)} ms at first, then ${summary(busy)}`);
  console.log(`  longest turn ${summary(turns)}`);
}

console.log(`Node.js ${process.version}: ${services} services, ${destinations} destinations each`);
await measure('destination', 'openmetrics');
await measure('destination', 'prometheus');
await measure('service', 'openmetrics');
await ipvs.close();
namespace.close();
