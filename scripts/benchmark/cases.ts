/**
 * The cases: who does what, where, how much of it, and what it is compared with.
 * @module
 */
import { DELETED, type Party, type Probe, type Size } from './model.js';

/** What a namespace has before the time runs. */
export type Given = 'nothing' | 'table' | 'connections' | 'link' | 'addresses';

/** The programs, by the command that starts them; the load and its size follow. */
export type Program = 'floor' | 'ours' | 'peers' | 'pyroute2';

export interface Case {
  readonly name: string;
  readonly party: Party;
  readonly topic: Topic;
  readonly program: Program;
  readonly load: string;
  readonly given: Given;
  readonly sizes: readonly Size[];
  /** The name of another case, of the same sizes unless this is a sample. */
  readonly against?: string;
  /** What of the table it goes through. Default: all. */
  readonly counts?: 'services' | 'destinations';
  /** For what takes long: rounds at most. */
  readonly rounds?: number;
}

/** The tables of the report, by title. */
export const topics = {
  load: 'Load the whole table',
  each: 'One operation after the other',
  read: 'Read the table',
  connections: 'Read the connection table',
  addresses: 'Addresses of a dummy link',
  growth: 'What grows',
} as const;
export type Topic = keyof typeof topics;

const by10 = (services: number): Size => ({ services, destinations: 10 });
const only = (services: number): Size => ({ services, destinations: 0 });

const ALL = [by10(1_000), by10(10_000), by10(50_000)];
const FIRST = ALL.slice(0, 1);
const FIRST_TWO = ALL.slice(0, 2);
/** Of what takes milliseconds an operation. */
const SAMPLE = [by10(20)];
const ONE = [{ services: 1, destinations: 1_000 }];
const CONNECTIONS = [only(20_000)];
const ADDRESSES = [only(10_000)];

/** What the rows of a topic have in common. */
const rows = (topic: Topic, given: Given, list: readonly Omit<Case, 'topic' | 'given'>[]): Case[] =>
  list.map((each) => ({ topic, given, ...each }));

// biome-ignore format: a table
export const cases: readonly Case[] = [
  ...rows('load', 'nothing', [
    { name: 'C, batched', party: 'floor', program: 'floor', load: 'load', sizes: ALL },
    { name: 'Promise.all', party: 'ours', program: 'ours', load: 'promise-all', sizes: ALL, against: 'C, batched' },
    { name: 'batch()', party: 'ours', program: 'ours', load: 'batch', sizes: ALL, against: 'C, batched' },
    { name: 'ipvsadm -R', party: 'peer', program: 'peers', load: 'restore', sizes: FIRST_TWO, against: 'C, batched', rounds: 2 },
  ]),
  ...rows('each', 'nothing', [
    { name: 'C, one by one', party: 'floor', program: 'floor', load: 'each', sizes: FIRST },
    { name: 'sync', party: 'ours', program: 'ours', load: 'sync', sizes: FIRST, against: 'C, one by one' },
    { name: 'await', party: 'ours', program: 'ours', load: 'awaited', sizes: FIRST, against: 'C, one by one' },
    { name: 'pyroute2', party: 'peer', program: 'pyroute2', load: 'load', sizes: FIRST, against: 'C, one by one', rounds: 2 },
    { name: 'execFile ipvsadm', party: 'peer', program: 'peers', load: 'execFile', sizes: SAMPLE, against: 'C, one by one', rounds: 3 },
  ]),
  ...rows('read', 'table', [
    { name: 'C, undecoded', party: 'floor', program: 'floor', load: 'list', sizes: ALL },
    { name: 'snapshot()', party: 'ours', program: 'ours', load: 'snapshot', sizes: ALL, against: 'C, undecoded' },
    { name: 'C, services', party: 'floor', program: 'floor', load: 'services', counts: 'services', sizes: FIRST_TWO },
    { name: 'listServices()', party: 'ours', program: 'ours', load: 'list-services', counts: 'services', sizes: FIRST_TWO, against: 'C, services' },
    { name: 'C, destinations', party: 'floor', program: 'floor', load: 'destinations', counts: 'destinations', sizes: FIRST_TWO },
    { name: 'listDestinations()', party: 'ours', program: 'ours', load: 'list-destinations', counts: 'destinations', sizes: FIRST_TWO, against: 'C, destinations' },
    { name: 'ipvsadm -Ln', party: 'peer', program: 'peers', load: 'list', sizes: FIRST_TWO, against: 'C, undecoded', rounds: 3 },
    { name: 'pyroute2 dumps', party: 'peer', program: 'pyroute2', load: 'list', sizes: FIRST, against: 'C, undecoded', rounds: 3 },
  ]),
  ...rows('connections', 'connections', [
    { name: 'C, read loop', party: 'floor', program: 'floor', load: 'connections', sizes: CONNECTIONS, rounds: 3 },
    { name: 'countConnections()', party: 'ours', program: 'ours', load: 'count-connections', sizes: CONNECTIONS, against: 'C, read loop', rounds: 3 },
    { name: 'connections()', party: 'ours', program: 'ours', load: 'connections', sizes: CONNECTIONS, against: 'C, read loop', rounds: 3 },
    { name: 'ipvsadm -Lcn', party: 'peer', program: 'peers', load: 'count-connections', sizes: CONNECTIONS, against: 'C, read loop', rounds: 3 },
  ]),
  ...rows('addresses', 'link', [
    { name: 'C, addresses batched', party: 'floor', program: 'floor', load: 'addresses', sizes: ADDRESSES },
    { name: 'reconcileAddresses(), all new', party: 'ours', program: 'ours', load: 'reconcile', sizes: ADDRESSES, against: 'C, addresses batched' },
    { name: 'ip -batch', party: 'peer', program: 'peers', load: 'ip-batch', sizes: ADDRESSES, against: 'C, addresses batched', rounds: 3 },
  ]),
  ...rows('addresses', 'addresses', [
    { name: 'C, one dump', party: 'floor', program: 'floor', load: 'dump', sizes: ADDRESSES },
    { name: 'reconcileAddresses(), nothing to do', party: 'ours', program: 'ours', load: 'reconcile', sizes: ADDRESSES, against: 'C, one dump' },
    { name: 'C, dump and changes', party: 'floor', program: 'floor', load: 'change', sizes: ADDRESSES },
    { name: 'reconcileAddresses(), 100 changed', party: 'ours', program: 'ours', load: 'reconcile-changed', sizes: ADDRESSES, against: 'C, dump and changes' },
  ]),
  ...rows('growth', 'nothing', [
    { name: '1,000 destinations, rr', party: 'ours', program: 'ours', load: 'batch', sizes: ONE },
    { name: 'the same, mh', party: 'ours', program: 'ours', load: 'batch-mh', sizes: ONE, against: '1,000 destinations, rr' },
    { name: 'the same, mh after they were added', party: 'ours', program: 'ours', load: 'batch-then-mh', sizes: ONE, against: '1,000 destinations, rr' },
    { name: `the same, rr, after ${DELETED.toLocaleString('en')} others were deleted`, party: 'ours', program: 'ours', load: 'batch-after-deletions', sizes: ONE, against: '1,000 destinations, rr' },
    { name: '4,096 destinations of one service', party: 'ours', program: 'ours', load: 'batch', sizes: [{ services: 1, destinations: 4_096 }] },
    { name: '256 destinations of each of 16 services', party: 'ours', program: 'ours', load: 'batch', sizes: [{ services: 16, destinations: 256 }], against: '4,096 destinations of one service' },
  ]),
];

/** Where loads change nothing. */
export const reads: ReadonlySet<Given> = new Set<Given>(['table', 'connections']);

/** How much of each there is in a warm-up. */
export const warmUps: Readonly<Record<Given, Size>> = {
  nothing: by10(1_000),
  table: by10(1_000),
  connections: only(2_000),
  link: only(1_000),
  addresses: only(1_000),
};

/** A property of the library that is no time for each operation. */
export interface ProbeCase {
  readonly name: string;
  readonly unit: Probe['unit'];
  readonly limit: number | null;
  readonly load: string;
  readonly given: Given;
  readonly size: Size;
}

const MANY = by10(10_000);

// biome-ignore format: a table
export const probes: readonly ProbeCase[] = [
  { name: 'event loop blocked: idle', unit: 'ms', limit: null, load: 'idle', given: 'nothing', size: MANY },
  { name: 'event loop blocked: 110,000 operations, 1,000 a turn', unit: 'ms', limit: 5, load: 'calls', given: 'nothing', size: MANY },
  { name: 'the operations, but for garbage collection', unit: 'ms', limit: 5, load: 'calls-ours', given: 'nothing', size: MANY },
  { name: 'event loop blocked: 110,000 operations, one batch(), built 1,000 a turn', unit: 'ms', limit: 5, load: 'batch', given: 'nothing', size: MANY },
  { name: 'the batch, but for garbage collection', unit: 'ms', limit: 5, load: 'batch-ours', given: 'nothing', size: MANY },
  { name: 'event loop blocked: 100,000 destinations, snapshot()', unit: 'ms', limit: 5, load: 'snapshot', given: 'table', size: MANY },
  { name: 'the snapshot, but for garbage collection', unit: 'ms', limit: 5, load: 'snapshot-ours', given: 'table', size: MANY },
  { name: 'memory: snapshot() of 100,000 destinations over the bare objects', unit: '×', limit: 2, load: 'memory', given: 'table', size: MANY },
  { name: "import 'ipvs' over an empty script", unit: 'ms', limit: 15, load: 'import', given: 'nothing', size: MANY },
];

/** What the library is to reach: no more than so many times what the case is compared with, at its first size. */
export const limits: Readonly<Record<string, number>> = {
  'Promise.all': 2.5,
  'batch()': 2.5,
  sync: 1.3,
  'snapshot()': 1.3,
};

/** Few of everything, to see that it runs. */
const SMALL: Readonly<Record<Given, Size>> = {
  nothing: { services: 4, destinations: 2 },
  table: { services: 4, destinations: 2 },
  connections: only(50),
  link: only(200),
  addresses: only(200),
};

/** The same with little to do. */
export const smallCase = (one: Case): Case => ({ ...one, sizes: [SMALL[one.given]] });
export const smallProbe = (one: ProbeCase): ProbeCase => ({ ...one, size: SMALL[one.given] });

const has = ({ name }: { readonly name: string }, text: string) =>
  name.toLowerCase().includes(text.toLowerCase());

/** The cases whose name has the text in it, and those that they are compared with. */
export function casesWith(text: string): Case[] {
  const floors = new Set(cases.filter((one) => has(one, text)).map(({ against }) => against));
  return cases.filter((one) => has(one, text) || floors.has(one.name));
}

export const probesWith = (text: string) => probes.filter((one) => has(one, text));
