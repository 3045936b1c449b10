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

/** Returns the processor time of this thread in milliseconds: of all threads before Node.js 24. */
function processorTime(): number {
  const { threadCpuUsage } = process as { readonly threadCpuUsage?: typeof process.cpuUsage };
  const { user, system } = threadCpuUsage?.() ?? process.cpuUsage();
  return (user + system) / 1000;
}

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

async function measure(level: MetricsLevel, format: TextFormat): Promise<void> {
  const metrics = new Metrics(ipvs, { level });
  const busy: number[] = [];
  let length = 0;
  for (let run = 0; run < runs; run++) {
    const before = processorTime();
    length = (await metrics.text({ format })).length;
    busy.push(processorTime() - before);
    await sleep(PAUSE);
  }
  const blocks: number[] = [];
  for (let run = 0; run < runs; run++) {
    const longest = new LongestTurn();
    await metrics.text({ format });
    blocks.push(longest.stop());
    await sleep(PAUSE);
  }
  const [first = Number.NaN, ...others] = busy;
  console.log(
    `${level}, ${format}: processor time ${ms(first)} ms at first, then ${ms(median(others))} ms; ` +
      `longest turn ${ms(median(blocks))} ms; ${length} characters`,
  );
}

console.log(`Node.js ${process.version}: ${services} services, ${destinations} destinations each`);
await measure('destination', 'openmetrics');
await measure('destination', 'prometheus');
await measure('service', 'openmetrics');
await ipvs.close();
namespace.close();
