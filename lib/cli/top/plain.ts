/**
 * The forms of `ipvs top` that are no live view: rows of text, and JSON.
 * @module
 */
import { COLUMNS } from './columns.js';
import {
  cells,
  describeSize,
  indented,
  NAME_TITLE,
  nameWidth,
  TOTAL_NAME,
  titles,
} from './lines.js';
import { Listing } from './listing.js';
import type { Period } from './periods.js';
import { methodOf, type Numbers, nameOf, totalOf } from './rows.js';
import type { Settings } from './settings.js';

type Selection = Pick<Settings, 'sort' | 'reversed' | 'filter' | 'hasDestinations'>;

/** Returns the rows of a table as lines, with titles and the sums of all services above. */
export function textOf({ services, time }: Period, selection: Selection): readonly string[] {
  const listing = new Listing(services, selection, selection.filter);
  const rows = listing.rows(() => selection.hasDestinations, 0, Number.POSITIVE_INFINITY);
  const names = rows.map((row) => `${indented(row, nameOf(row))} ${methodOf(row)}`);
  const width = names.reduce((most, { length }) => Math.max(most, length), nameWidth(services));
  return [
    `${time.toISOString()}  ${describeSize(services)}`,
    NAME_TITLE.padEnd(width) + titles(COLUMNS),
    TOTAL_NAME.padEnd(width) + cells(COLUMNS, totalOf(services)),
    ...rows.map((row, index) => (names[index] ?? '').padEnd(width) + cells(COLUMNS, row)),
  ];
}

/** Returns a table as a line of JSON. */
export function jsonOf(
  { services, time, elapsed }: Period,
  selection: Selection,
): readonly string[] {
  const listing = new Listing(services, selection, selection.filter);
  const document = {
    time,
    elapsed,
    services: listing.services.map(({ row, destinations }) => ({
      service: row.key,
      scheduler: row.service.scheduler,
      ...numbersOf(row),
      ...(selection.hasDestinations && {
        destinations: destinations.map((each) => ({
          destination: nameOf(each),
          forwarding: each.destination.forwarding,
          ...numbersOf(each),
        })),
      }),
    })),
  };
  return [JSON.stringify(document)];
}

const numbersOf = ({ weight, activeConnections, inactiveConnections, rates }: Numbers) => ({
  weight,
  activeConnections,
  inactiveConnections,
  rates,
});
