/**
 * The cases of the probe: the cost of an operation in the library alone.
 * @module
 */
import type { ProbeFigure, Size } from './measurements.js';
import { median } from './summary.js';

interface ProbeCase {
  /** The function of programs/probe.ts that measures it. */
  readonly measure: string;
  readonly flags: readonly string[];
  /** The number of times that the table is added in a process. */
  readonly runs: number;
  /** The oldest version of Node.js that can measure it. */
  readonly since?: number;
  /** What is computed from the numbers that the program prints, one for each run. */
  readonly figures: readonly (Pick<ProbeFigure, 'name' | 'unit' | 'limit'> & {
    readonly of: (values: readonly number[]) => number;
  })[];
}

/** The longest blocks of the event loop: names, and measures of programs/blocks.ts. */
export const probeBlocks = [
  { name: 'idle', measure: 'idle' },
  { name: '110,000 operations, 1,000 per iteration', measure: 'calls' },
  { name: 'the same, without garbage collection', measure: 'calls-without-gc' },
  { name: '110,000 operations, each 1,000 awaited', measure: 'calls-in-groups' },
  { name: 'batch() of 110,000 operations, 1,000 per iteration', measure: 'batch' },
  { name: 'the same batch(), without garbage collection', measure: 'batch-without-gc' },
] as const;

export const probeBlockSize: Size = { services: 10_000, destinations: 10 };

export const probeSize: Size = { services: 1000, destinations: 10 };
export const quickProbeSize: Size = { services: 20, destinations: 10 };

const nth = (index: number) => (values: readonly number[]) => values[index] ?? Number.NaN;
const lateMedian = (values: readonly number[]) => median(values.slice(values.length >> 1));
const fastest = (values: readonly number[]) => Math.min(...values);

/** V8 has one thread, and room for all that a run allocates: it then does the same in each run. */
const STEADY_HEAP = [
  '--expose-gc',
  '--single-threaded',
  '--min-semi-space-size=64',
  '--max-semi-space-size=64',
];

export const probeCases: readonly ProbeCase[] = [
  {
    measure: 'time',
    flags: [],
    runs: 60,
    figures: [
      { name: 'processor time, first run', unit: 'µs', limit: 4, of: nth(0) },
      { name: 'second run', unit: 'µs', limit: null, of: nth(1) },
      { name: 'tenth run', unit: 'µs', limit: null, of: nth(9) },
      { name: 'median after 30 runs', unit: 'µs', limit: 0.6, of: lateMedian },
      { name: 'fastest run', unit: 'µs', limit: null, of: fastest },
    ],
  },
  {
    measure: 'thread-time',
    flags: [],
    runs: 1,
    since: 24,
    figures: [{ name: 'first run, main thread alone', unit: 'µs', limit: null, of: nth(0) }],
  },
  {
    measure: 'system-time',
    flags: [],
    runs: 1,
    figures: [{ name: 'first run, in the kernel alone', unit: 'µs', limit: null, of: nth(0) }],
  },
  {
    measure: 'page-faults',
    flags: [],
    runs: 1,
    figures: [{ name: 'page faults, first run', unit: 'faults', limit: null, of: nth(0) }],
  },
  {
    measure: 'time',
    flags: ['--jitless'],
    runs: 8,
    figures: [
      { name: 'interpreter only, first run', unit: 'µs', limit: null, of: nth(0) },
      { name: 'interpreter only, median after 4 runs', unit: 'µs', limit: null, of: lateMedian },
    ],
  },
  {
    measure: 'allocation',
    flags: STEADY_HEAP,
    runs: 8,
    figures: [
      { name: 'allocated, first run', unit: 'bytes', limit: null, of: nth(0) },
      { name: 'allocated, median after 4 runs', unit: 'bytes', limit: null, of: lateMedian },
    ],
  },
  {
    measure: 'pending',
    flags: ['--expose-gc'],
    runs: 1,
    figures: [{ name: 'held while pending', unit: 'bytes', limit: null, of: nth(0) }],
  },
];
