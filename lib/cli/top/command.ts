/**
 * The row of `ipvs top`, and its options.
 * @module
 */
import { defineCommand, JSON_OUTPUT, NETNS, type Options } from '../command.js';
import { COLUMNS, SORT_COLUMNS, sortName } from './columns.js';

/** The options of `ipvs top`. */
export const options = {
  netns: NETNS,
  sort: {
    summary: "sort by this column, the largest number first (default: 'inbps')",
    value: 'COLUMN',
    completes: SORT_COLUMNS.map(sortName),
  },
  reverse: { summary: 'sort in reverse order' },
  filter: {
    summary: 'show only rows that contain this text, in any case',
    value: 'TEXT',
  },
  services: { summary: 'show only services; in a terminal, Enter shows the destinations of one' },
  interval: {
    summary: 'measure rates over this time, 2 seconds or more (default: 2)',
    value: 'SECONDS',
  },
  count: {
    summary: 'end after so many intervals (default: never in a terminal, otherwise after one)',
    value: 'N',
  },
  json: { ...JSON_OUTPUT, summary: 'print one JSON object for each interval' },
} as const satisfies Options;

const MEANINGS = COLUMNS.map(({ title, meaning }) => `${title}: ${meaning}`).join('; ');

/** The row of `ipvs top`. */
export const top = defineCommand({
  name: 'top',
  summary: 'watch the rates of services and destinations',
  description: [
    'Shows services and their destinations with their rates, and keeps the screen up to date. If ' +
      'standard output is no terminal, prints rows of text once.',
    `${MEANINGS}. The columns that fit are shown, and always the one that rows are sorted by. K, ` +
      'M and G are powers of 1000. The numbers of connections of a service, and its weight, are ' +
      'the sums of its destinations.',
    'Keys: arrows, Page Up, Page Down, Home and End move the cursor; < and > choose the column ' +
      'to sort by; r reverses the order; Enter shows or hides the destinations of a service, and ' +
      'a those of all; / begins a filter, which Enter keeps and Escape clears; p pauses; Ctrl-L ' +
      'draws the screen again; q and Ctrl-C quit.',
    'The kernel refreshes the counters of each object every 2 seconds. Rates are increases ' +
      "divided by the time between such refreshes, and unlike the kernel's own rates they are " +
      'not averaged over a longer time.',
    'Colours are used unless NO_COLOR is set.',
  ],
  options,
  examples: [
    { command: 'ipvs top', summary: 'watch the table' },
    { command: 'ipvs top --sort cps --filter 10.96.0.1', summary: 'watch one address' },
    { command: 'ipvs top --services --json', summary: 'print the rates of services once' },
  ],
  load: () => import('./run.js'),
});
