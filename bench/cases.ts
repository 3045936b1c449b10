/**
 * The benchmark cases: which program does what, on how many objects, compared with which other.
 * @module
 */

import type { Implementation, Size } from './measurements.js';
import { DELETED } from './objects.js';

/** The content of a network namespace before the measurement starts. */
export type Fixture = 'nothing' | 'table' | 'connections' | 'link' | 'addresses';

/** The measured programs; namespace.ts has their commands. */
export type Program =
  | 'floor'
  | 'library'
  /** The library, with V8 compiling on the thread that runs it. */
  | 'library-on-one-thread'
  | 'process'
  | 'commands'
  | 'ipvsadm'
  /** The command of this package, with ipvsadm's grammar. */
  | 'command'
  | 'genetlink'
  | 'pyroute2';

export const implementations: Readonly<Record<Program, Implementation>> = {
  floor: 'floor',
  library: 'ipvs',
  'library-on-one-thread': 'ipvs',
  process: 'ipvs',
  commands: 'alternative',
  ipvsadm: 'alternative',
  command: 'ipvs',
  genetlink: 'alternative',
  pyroute2: 'alternative',
};

/** The tables of the report, with their titles. */
export const topics = {
  load: 'Load the whole table',
  process: 'Whole processes, from start to end',
  each: 'One operation after the other',
  read: 'Read the table',
  state: 'Reach a desired state',
  connections: 'Read the connection table',
  addresses: 'Addresses of a dummy link',
  growth: 'Growing costs',
} as const;
type Topic = keyof typeof topics;

interface Row {
  readonly name: string;
  readonly program: Program;
  /** The workload of the program. */
  readonly workload: string;
  /** Default: the sizes of the comparison. */
  readonly sizes?: readonly Size[];
  /** The maximum number of rounds, for slow cases. */
  readonly rounds?: number;
}

/** Cases that do the same, each compared with the baseline at the same size. */
interface Comparison {
  readonly topic: Topic;
  readonly fixture: Fixture;
  readonly sizes: readonly Size[];
  /** The objects that are counted as operations. Default: all. */
  readonly counts?: 'services' | 'destinations';
  /** True to measure from the start of a process to its end, once in each process. */
  readonly wholeProcess?: boolean;
  readonly baseline: Row;
  readonly others: readonly Row[];
}

export interface Case
  extends Row,
    Pick<Comparison, 'topic' | 'fixture' | 'counts' | 'wholeProcess'> {
  readonly implementation: Implementation;
  readonly sizes: readonly Size[];
  /** The name of the case that it is compared with. */
  readonly baseline?: string;
}

const by10 = (services: number): Size => ({ services, destinations: 10 });
const only = (services: number): Size => ({ services, destinations: 0 });

const BOTH = [by10(1_000), by10(10_000)];
const FIRST = BOTH.slice(0, 1);
const LARGE = BOTH.slice(1);
/** For cases that take milliseconds per operation. */
const SAMPLE = [by10(5)];

const comparisons: readonly Comparison[] = [
  {
    topic: 'load',
    fixture: 'nothing',
    sizes: BOTH,
    baseline: { name: 'C, batched', program: 'floor', workload: 'load' },
    others: [
      { name: 'Promise.all', program: 'library', workload: 'promise-all' },
      { name: 'batch()', program: 'library', workload: 'batch' },
      {
        name: 'batch(), node --no-concurrent-recompilation',
        program: 'library-on-one-thread',
        workload: 'batch',
        sizes: FIRST,
      },
      {
        name: 'ipvsadm -R',
        program: 'commands',
        workload: 'restore',
        sizes: FIRST,
        rounds: 2,
      },
    ],
  },
  {
    topic: 'process',
    fixture: 'nothing',
    sizes: FIRST,
    wholeProcess: true,
    baseline: { name: 'C, batched, a process', program: 'floor', workload: 'load' },
    others: [
      { name: 'Promise.all, a process', program: 'process', workload: 'promise-all' },
      { name: 'batch(), a process', program: 'process', workload: 'batch' },
      { name: 'ipvs -R, a process', program: 'command', workload: 'restore' },
      { name: 'ipvsadm -R, a process', program: 'ipvsadm', workload: 'restore', rounds: 2 },
    ],
  },
  {
    topic: 'process',
    fixture: 'table',
    sizes: FIRST,
    wholeProcess: true,
    baseline: { name: 'C, undecoded, a process', program: 'floor', workload: 'list' },
    others: [
      { name: 'snapshot(), a process', program: 'process', workload: 'snapshot' },
      { name: 'ipvs -Ln, a process', program: 'command', workload: 'list' },
      { name: 'ipvsadm -Ln, a process', program: 'ipvsadm', workload: 'list', rounds: 3 },
    ],
  },
  {
    topic: 'each',
    fixture: 'nothing',
    sizes: FIRST,
    baseline: { name: 'C, one by one', program: 'floor', workload: 'each' },
    others: [
      { name: 'sync', program: 'library', workload: 'sync' },
      { name: 'await', program: 'library', workload: 'awaited', sizes: [by10(100)] },
      { name: 'Go, genetlink', program: 'genetlink', workload: 'load' },
      { name: 'pyroute2', program: 'pyroute2', workload: 'load', rounds: 2 },
      {
        name: 'execFile ipvsadm',
        program: 'commands',
        workload: 'execFile',
        sizes: SAMPLE,
        rounds: 3,
      },
    ],
  },
  {
    topic: 'read',
    fixture: 'table',
    sizes: BOTH,
    baseline: { name: 'C, undecoded', program: 'floor', workload: 'list' },
    others: [
      { name: 'snapshot()', program: 'library', workload: 'snapshot' },
      {
        name: 'ipvsadm -Ln',
        program: 'commands',
        workload: 'list',
        sizes: FIRST,
        rounds: 3,
      },
      {
        name: 'Go, genetlink dumps',
        program: 'genetlink',
        workload: 'list',
        sizes: FIRST,
      },
      {
        name: 'pyroute2 dumps',
        program: 'pyroute2',
        workload: 'list',
        sizes: FIRST,
        rounds: 3,
      },
    ],
  },
  {
    topic: 'read',
    fixture: 'table',
    counts: 'services',
    sizes: BOTH,
    baseline: { name: 'C, services', program: 'floor', workload: 'services' },
    others: [{ name: 'listServices()', program: 'library', workload: 'list-services' }],
  },
  {
    topic: 'read',
    fixture: 'table',
    counts: 'destinations',
    sizes: BOTH,
    baseline: { name: 'C, destinations', program: 'floor', workload: 'destinations' },
    others: [{ name: 'listDestinations()', program: 'library', workload: 'list-destinations' }],
  },
  {
    topic: 'state',
    fixture: 'table',
    sizes: LARGE,
    baseline: { name: 'C, undecoded dump', program: 'floor', workload: 'list' },
    others: [
      { name: 'reconcile(), nothing to do', program: 'library', workload: 'reconcile-state' },
      { name: 'reconcile(), 1 % changed', program: 'library', workload: 'reconcile-one-percent' },
      {
        name: 'snapshot() and comparison in JavaScript',
        program: 'library',
        workload: 'snapshot-and-compare',
      },
    ],
  },
  {
    topic: 'state',
    fixture: 'nothing',
    sizes: LARGE,
    baseline: { name: 'batch() into an empty table', program: 'library', workload: 'batch' },
    others: [
      { name: 'reconcile(), from empty', program: 'library', workload: 'reconcile-from-empty' },
    ],
  },
  {
    topic: 'connections',
    fixture: 'connections',
    sizes: [only(20_000)],
    baseline: { name: 'C, read loop', program: 'floor', workload: 'connections', rounds: 3 },
    others: [
      { name: 'countConnections()', program: 'library', workload: 'count-connections', rounds: 3 },
      { name: 'connections()', program: 'library', workload: 'connections', rounds: 3 },
      { name: 'ipvsadm -Lcn', program: 'commands', workload: 'count-connections', rounds: 3 },
    ],
  },
  {
    topic: 'addresses',
    fixture: 'link',
    sizes: [only(10_000)],
    baseline: { name: 'C, addresses batched', program: 'floor', workload: 'addresses' },
    others: [
      { name: 'reconcileAddresses(), all new', program: 'library', workload: 'reconcile' },
      { name: 'ip -batch', program: 'commands', workload: 'ip-batch', rounds: 3 },
    ],
  },
  {
    topic: 'addresses',
    fixture: 'addresses',
    sizes: [only(10_000)],
    baseline: { name: 'C, one dump', program: 'floor', workload: 'dump' },
    others: [
      { name: 'reconcileAddresses(), nothing to do', program: 'library', workload: 'reconcile' },
    ],
  },
  {
    topic: 'addresses',
    fixture: 'addresses',
    sizes: [only(10_000)],
    baseline: { name: 'C, dump and changes', program: 'floor', workload: 'change' },
    others: [
      {
        name: 'reconcileAddresses(), 100 changed',
        program: 'library',
        workload: 'reconcile-changed',
      },
    ],
  },
  {
    topic: 'growth',
    fixture: 'nothing',
    sizes: [{ services: 1, destinations: 1_000 }],
    baseline: { name: '1,000 destinations, rr', program: 'library', workload: 'batch' },
    others: [
      { name: 'the same, mh', program: 'library', workload: 'batch-mh' },
      {
        name: 'the same, mh after they were added',
        program: 'library',
        workload: 'batch-then-mh',
      },
      {
        name: `the same, rr, after ${DELETED.toLocaleString('en')} others were deleted`,
        program: 'library',
        workload: 'batch-after-deletions',
      },
    ],
  },
  {
    topic: 'growth',
    fixture: 'nothing',
    sizes: [{ services: 1, destinations: 4_096 }],
    baseline: { name: '4,096 destinations of one service', program: 'library', workload: 'batch' },
    others: [
      {
        name: '256 destinations of each of 16 services',
        program: 'library',
        workload: 'batch',
        sizes: [{ services: 16, destinations: 256 }],
      },
    ],
  },
];

function casesOf({ baseline, others, ...common }: Comparison): Case[] {
  return [baseline, ...others].map((row) => ({
    ...common,
    ...row,
    implementation: implementations[row.program],
    ...(row !== baseline && { baseline: baseline.name }),
  }));
}

export const cases: readonly Case[] = comparisons.flatMap(casesOf);

/** The goals of a case: the highest ratios to the baseline, at the first size of the case. */
interface Limits {
  readonly warm: number;
  readonly cold?: number;
}

export const limits: Readonly<Record<string, Limits>> = {
  'Promise.all': { warm: 2, cold: 8 },
  'batch()': { warm: 2 },
  sync: { warm: 1.2 },
  'snapshot()': { warm: 1.1, cold: 2.5 },
  'reconcile(), nothing to do': { warm: 1.3 },
  'reconcile(), 1 % changed': { warm: 1.5 },
  'reconcile(), from empty': { warm: 1.2 },
};

/** The fixtures that their workloads do not change. */
export const unchangedFixtures: ReadonlySet<Fixture> = new Set<Fixture>(['table', 'connections']);

/** The size of a warm-up run, by fixture. */
export const warmUpSizes: Readonly<Record<Fixture, Size>> = {
  nothing: by10(1_000),
  table: by10(1_000),
  connections: only(2_000),
  link: only(1_000),
  addresses: only(1_000),
};

/** The sizes of a quick run, which only shows that everything works. */
const quickSizes: Readonly<Record<Fixture, Size>> = {
  nothing: { services: 4, destinations: 2 },
  table: { services: 4, destinations: 2 },
  connections: only(50),
  link: only(200),
  addresses: only(200),
};

export interface Selection {
  /** Selects the cases with this text in their names. Their baselines are selected, too. */
  readonly filter: string;
  /** Reduces the cases to the sizes of a quick run. */
  readonly quick: boolean;
}

export const matches = ({ name }: { readonly name: string }, filter: string) =>
  name.toLowerCase().includes(filter.toLowerCase());

export const quickSize = (fixture: Fixture): Size => quickSizes[fixture];

export function selectCases({ filter, quick }: Selection): Case[] {
  const matching = cases.filter((each) => matches(each, filter));
  const baselines = new Set(matching.map(({ baseline }) => baseline));
  const selected = cases.filter((each) => matching.includes(each) || baselines.has(each.name));
  return quick ? selected.map((each) => ({ ...each, sizes: [quickSize(each.fixture)] })) : selected;
}
