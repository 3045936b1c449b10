/**
 * Measures what a scrape of metrics costs the event loop. With `kernel`, of a table in a network
 * namespace of its own; with `memory`, of a table that need not be read, without a kernel:
 *
 *     scripts/kernel -- node build/bench/programs/scrape.js kernel [SERVICES DESTINATIONS RUNS]
 *     node build/bench/programs/scrape.js memory [SERVICES DESTINATIONS RUNS]
 *
 * @module
 */
import { Ipvs, Namespace, normalizeDestination, normalizeService, type Stats } from 'ipvs';
import { Metrics, type MetricsLevel, type MetricsSource, type TextFormat } from 'ipvs/metrics';
import { type ServiceEntry, serviceTable, stateOf } from '../objects.js';
import { median } from '../summary.js';
import { busyTime, mean, repeat } from './processor-time.js';

const [, , from = '', ...sizes] = process.argv;
const [services = 500, destinations = 10, runs = 40] = sizes.map(Number);
const table = serviceTable({ services, destinations });

const stats: Stats = {
  connections: 123_456,
  inPackets: 12_345_678,
  outPackets: 23_456_789,
  inBytes: 12_345_678_901,
  outBytes: 23_456_789_012,
  connectionRate: 1,
  inPacketRate: 1,
  outPacketRate: 1,
  inByteRate: 1,
  outByteRate: 1,
};

/** A table that is read at once. */
function memorySource(entries: readonly ServiceEntry[]): MetricsSource {
  const counted = {
    stats,
    activeConnections: 12,
    inactiveConnections: 3,
    persistentConnections: 0,
  };
  const snapshot = {
    services: entries.map(([service, servers]) => ({
      ...normalizeService(service),
      stats,
      destinations: servers.map((each) => ({ ...normalizeDestination(service, each), ...counted })),
    })),
  };
  const source = { snapshot: async () => snapshot, getStats: async () => stats };
  // The overloads with BigInts are not used.
  return source as unknown as MetricsSource;
}

async function kernelSource(): Promise<Ipvs> {
  const ipvs = await Ipvs.open({ netns: await Namespace.create() });
  await ipvs.reconcile(stateOf(table));
  return ipvs;
}

/** Measures the longest time between two turns of the event loop, in milliseconds. */
class LongestTurn {
  #value = 0;
  #last = performance.now();
  #isRunning = true;

  constructor() {
    const turn = () => {
      const now = performance.now();
      this.#value = Math.max(this.#value, now - this.#last);
      this.#last = now;
      if (this.#isRunning) setImmediate(turn);
    };
    setImmediate(turn);
  }

  stop(): number {
    this.#isRunning = false;
    return this.#value;
  }
}

async function longestTurn(scrape: () => Promise<unknown>): Promise<number> {
  const longest = new LongestTurn();
  await scrape();
  return longest.stop();
}

const ms = (value: number) => value.toFixed(1);

async function measure(source: MetricsSource, level: MetricsLevel, format: TextFormat) {
  const metrics = new Metrics(source, { level });
  const scrape = () => metrics.text({ format });
  const [first = Number.NaN, ...busy] = await repeat(runs, () => busyTime(scrape));
  const turns = await repeat(runs, () => longestTurn(scrape));
  const { length } = await scrape();
  console.log(`level ${level}, ${format}, ${length} characters`);
  console.log(`  processor time: ${ms(first)} ms at first, then ${ms(mean(busy))} ms on average`);
  console.log(`  longest turn of the event loop: ${ms(median(turns))} ms (median)`);
}

if (from !== 'kernel' && from !== 'memory') throw new Error('scrape.js kernel|memory');
const source = from === 'kernel' ? await kernelSource() : memorySource(table);
console.log(`Node.js ${process.version}: ${services} services, ${destinations} destinations each`);
await measure(source, 'destination', 'openmetrics');
await measure(source, 'destination', 'prometheus');
await measure(source, 'service', 'openmetrics');
process.exit();
