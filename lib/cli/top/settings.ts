/**
 * The settings of `ipvs top`, from its options.
 * @module
 */
import { integerOf, UsageError } from '../arguments.js';
import type { Values } from '../command.js';
import { SORT_COLUMNS, type SortColumn, sortName } from './columns.js';
import type { options } from './command.js';
import { REFRESH } from './rates.js';

/** The settings of `ipvs top`. */
export interface Settings {
  /** Seconds of an interval. */
  readonly interval: number;
  /** The number of intervals; undefined if there is no end. */
  readonly count: number | undefined;
  readonly sort: SortColumn;
  readonly reversed: boolean;
  readonly filter: string;
  /** False: only services are shown. */
  readonly hasDestinations: boolean;
}

const DEFAULT_SORT = 'inbps';
const MAX_INTERVAL = 86_400;
const MAX_COUNT = 1e9;

/**
 * Returns the settings that the options mean.
 * @throws UsageError
 */
export function settingsOf(values: Values<typeof options>): Settings {
  const sort = values.sort ?? DEFAULT_SORT;
  return {
    interval: intervalOf(values.interval),
    count: integerOf('--count', values.count, [1, MAX_COUNT]),
    // The name is one of them: the row of the option lists them.
    sort: SORT_COLUMNS.find((column) => sortName(column) === sort),
    reversed: values.reverse,
    filter: filterOf(values.filter),
    hasDestinations: !values.services,
  };
}

function intervalOf(text: string | undefined): number {
  if (text === undefined) return REFRESH;
  const seconds = /^\d{1,5}(\.\d{1,3})?$/.test(text) ? Number(text) : Number.NaN;
  if (seconds >= REFRESH && seconds <= MAX_INTERVAL) return seconds;
  throw new UsageError(
    `--interval: '${text}' is not a number of seconds from ${REFRESH} to ${MAX_INTERVAL}: ` +
      `the kernel refreshes its counters every ${REFRESH} seconds`,
  );
}

function filterOf(text = ''): string {
  if (/^[ -~]*$/.test(text)) return text;
  throw new UsageError('--filter: the names of services and destinations are ASCII');
}
