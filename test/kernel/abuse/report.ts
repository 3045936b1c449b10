/**
 * The results of scenarios as a table.
 * @module
 */
import type { Counts } from './tally.js';
import type { Vitals } from './vitals.js';

export interface Report extends Counts {
  readonly name: string;
  readonly seconds: number;
  /** By how many MiB the resident memory may grow after the warm-up. */
  readonly room: number;
  /** After the warm-up and at the end; fewer if the scenario did not finish. */
  readonly vitals: readonly Vitals[];
  /** The reason why it did not run. */
  readonly leftOut?: string;
}

const MIB = 2 ** 20;
const count = (value: number) => value.toLocaleString('en');

function resultOf(report: Report): string {
  if (report.leftOut !== undefined) return `left out: ${report.leftOut}`;
  return isRight(report) ? 'right' : 'WRONG';
}

const columns: readonly (readonly [string, (report: Report) => string])[] = [
  ['scenario', ({ name }) => name],
  ['seconds', ({ seconds }) => seconds.toFixed(0)],
  ['operations', ({ operations }) => count(operations)],
  ['descriptors', ({ vitals }) => vitals.map((each) => each.descriptors).join(' → ')],
  ['threads', ({ vitals }) => vitals.map((each) => each.threads).join(' → ')],
  ['RSS, MiB', ({ vitals }) => vitals.map(({ rss }) => (rss / MIB).toFixed(1)).join(' → ')],
  ['may grow by', ({ room }) => String(room)],
  ['result', resultOf],
];

function errorsOf({ errors }: Report): string {
  const named = Object.entries(errors).sort(([, a], [, b]) => b - a);
  return named.map(([code, times]) => `${code} ${count(times)}`).join(', ') || 'none';
}

export const isRight = ({ faults }: Report) => Object.keys(faults).length === 0;

/** Formats a table of all scenarios, the errors of each by code, and the faults in words. */
export function formatReports(reports: readonly Report[]): string {
  const rows = [
    columns.map(([title]) => title),
    ...reports.map((report) => columns.map(([, cell]) => cell(report))),
  ];
  const widths = columns.map((_, index) => Math.max(...rows.map((row) => row[index]?.length ?? 0)));
  const lines = rows.map((row) =>
    row
      .map((cell, index) => cell.padEnd(widths[index] ?? 0))
      .join('  ')
      .trimEnd(),
  );
  const ran = reports.filter(({ leftOut }) => leftOut === undefined);
  const width = Math.max(0, ...ran.map(({ name }) => name.length));
  return [
    ...lines,
    '',
    'errors by code:',
    ...ran.map((report) => `${report.name.padEnd(width)}  ${errorsOf(report)}`),
    ...ran.flatMap(({ name, faults }) =>
      Object.entries(faults).map(
        ([fault, times]) => `WRONG: ${name}, ${times === 1 ? 'once' : `${times} times`}: ${fault}`,
      ),
    ),
  ].join('\n');
}
