/**
 * The text of rows, for the screen and for plain output.
 * @module
 */
import { type Column, widthOf } from './columns.js';
import { scale } from './numbers.js';
import type { Numbers, Row, ServiceRow } from './rows.js';

/** The title of the column of names. */
export const NAME_TITLE = '  Service, destination';

/** The name of the row with the sums of all services. */
export const TOTAL_NAME = '  all services';

/** The characters before the name of a service, and before that of a destination. */
const SERVICE_INDENT = 2;
const DESTINATION_INDENT = 4;

/** Returns a name after the blanks of its kind; `sign` is the first character of a service. */
export function indented(row: Row, name: string, sign = ' '): string {
  return row.kind === 'service'
    ? sign.padEnd(SERVICE_INDENT) + name
    : ' '.repeat(DESTINATION_INDENT) + name;
}

/** Returns the characters that the longest name takes. No destination's name is made for that. */
export function nameWidth(services: readonly ServiceRow[]): number {
  let width = NAME_TITLE.length;
  for (const { key, destinations } of services) {
    width = Math.max(width, SERVICE_INDENT + key.length);
    for (const { destination } of destinations) {
      const { address, port, family } = destination;
      const brackets = family === 'ipv6' ? 2 : 0;
      const digits = port < 10_000 ? String(port).length : 5;
      width = Math.max(width, DESTINATION_INDENT + address.length + brackets + 1 + digits);
    }
  }
  return width;
}

/** Returns the numbers of a row, each after a blank. Those that are not known are '-'. */
export function cells(columns: readonly Column[], numbers: Numbers): string {
  return columns
    .map((column) => {
      const value = column.valueOf(numbers);
      return ` ${(value === null ? '-' : scale(value)).padStart(widthOf(column))}`;
    })
    .join('');
}

/** Returns the titles of columns, each after a blank. */
export function titles(columns: readonly Column[]): string {
  return columns.map((column) => ` ${column.title.padStart(widthOf(column))}`).join('');
}

const count = (number: number, noun: string) => `${number} ${noun}${number === 1 ? '' : 's'}`;

/** Returns the numbers of services and destinations in words. */
export function describeSize(services: readonly ServiceRow[]): string {
  const destinations = services.reduce((sum, each) => sum + each.destinations.length, 0);
  return `${count(services.length, 'service')}, ${count(destinations, 'destination')}`;
}
