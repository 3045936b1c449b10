/**
 * The footprint cases: blocking of the event loop, memory, and import time of the library.
 * @module
 */
import { type Fixture, matches, quickSize, type Selection } from './cases.js';
import type { Footprint, Size } from './measurements.js';
import { MODULES } from './programs/imports.js';

export interface FootprintCase {
  readonly name: string;
  readonly unit: Footprint['unit'];
  readonly limit: number | null;
  /** The function of programs/footprint.ts that measures it. */
  readonly measure: string;
  readonly fixture: Fixture;
  readonly size: Size;
}

const SIZE = { services: 10_000, destinations: 10 };
const SCRAPED = { services: 500, destinations: 10 };

/** A case on the longest time that the event loop is blocked. */
const blocking = (
  name: string,
  measure: string,
  fixture: Fixture,
  limit: number | null = 10,
): FootprintCase => ({
  name: `event loop blocked: ${name}`,
  unit: 'ms',
  limit,
  measure,
  fixture,
  size: SIZE,
});

/** A case on the growth of the process at its peak. */
const growth = (
  name: string,
  measure: string,
  fixture: Fixture = 'nothing',
  limit = 40,
): FootprintCase => ({
  name: `memory: growth of the process by ${name}`,
  unit: 'MiB',
  limit,
  measure,
  fixture,
  size: SIZE,
});

/** The cases on the time of an import. The goal is that of the import that every program has. */
const importing = (module: string): FootprintCase[] => [
  {
    name: `time of import '${module}' over an empty script`,
    unit: 'ms',
    limit: module === 'ipvs' ? 5 : null,
    measure: `import-${module}`,
    fixture: 'nothing',
    size: SIZE,
  },
  {
    name: `time of a script that imports '${module}' over that of an empty one`,
    unit: '×',
    limit: null,
    measure: `import-ratio-${module}`,
    fixture: 'nothing',
    size: SIZE,
  },
];

export const footprintCases: readonly FootprintCase[] = [
  blocking('idle', 'idle', 'nothing', null),
  blocking('110,000 operations, 1,000 per iteration', 'calls', 'nothing'),
  blocking('the same, without garbage collection', 'calls-without-gc', 'nothing'),
  blocking('110,000 operations, each 1,000 awaited', 'calls-in-groups', 'nothing'),
  blocking('batch() of 110,000 operations, 1,000 per iteration', 'batch', 'nothing'),
  blocking('the same batch(), without garbage collection', 'batch-without-gc', 'nothing'),
  blocking('snapshot() of 100,000 destinations', 'snapshot', 'table'),
  blocking('the same snapshot(), without garbage collection', 'snapshot-without-gc', 'table'),
  blocking('reconcile() of 100,000 destinations, nothing to do', 'reconcile', 'table'),
  {
    ...blocking('text() of the metrics of 5,000 destinations', 'scrape', 'table'),
    size: SCRAPED,
  },
  {
    name: 'processor time of text() of the metrics of 5,000 destinations',
    unit: 'ms',
    limit: 50,
    measure: 'scrape-time',
    fixture: 'table',
    size: SCRAPED,
  },
  growth('reconcile() of 100,000 destinations, nothing to do', 'growth-reconcile', 'table', 32),
  growth('Promise.all of 110,000 operations', 'growth-promise-all'),
  growth('110,000 operations, each 1,000 awaited', 'growth-calls-in-groups'),
  growth('batch() of 110,000 operations', 'growth-batch'),
  {
    name: 'memory: snapshot() of 100,000 destinations over the size of the result',
    unit: '×',
    limit: 1.3,
    measure: 'memory',
    fixture: 'table',
    size: SIZE,
  },
  {
    name: 'time of an empty script',
    unit: 'ms',
    limit: null,
    measure: 'empty-script',
    fixture: 'nothing',
    size: SIZE,
  },
  ...MODULES.flatMap(importing),
  {
    name: "time of 'ipvs -Ln' of an empty table over that of node -e ''",
    unit: '×',
    limit: 1.3,
    measure: 'command',
    fixture: 'nothing',
    size: SIZE,
  },
];

export function selectFootprintCases({ filter, quick }: Selection): FootprintCase[] {
  const selected = footprintCases.filter((each) => matches(each, filter));
  return quick ? selected.map((each) => ({ ...each, size: quickSize(each.fixture) })) : selected;
}
