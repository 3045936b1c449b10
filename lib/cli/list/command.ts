/**
 * The row of `ipvs list`, and its options.
 * @module
 */
import { defineCommand, JSON_OUTPUT, NETNS } from '../command.js';

/** The options of `ipvs list`. */
export const options = {
  stats: { summary: 'show counters since the creation or the last zeroing' },
  rate: { summary: 'show connections, packets and bytes per second' },
  json: JSON_OUTPUT,
  netns: NETNS,
} as const;

/** The row of `ipvs list`. */
export const list = defineCommand({
  name: 'list',
  summary: 'list services and their destinations',
  description: [
    'Lists the services with their destinations, or one service: tcp://10.96.0.1:443, ' +
      'udp://[fd00::1]:53, sctp://10.0.0.1:9999, fwmark://7 or fwmark6://7. Services are sorted; ' +
      'the destinations of a service are in the order of the kernel, the newest first.',
    'With --json, prints the snapshot of the library: an object with the array services.',
  ],
  operands: [{ name: 'SERVICE', summary: 'the only service to list', optional: true }],
  options,
  examples: [
    { command: 'ipvs list', summary: 'list the table' },
    { command: 'ipvs list --stats tcp://10.96.0.1:80', summary: 'list the counters of a service' },
    { command: 'ipvs list --json', summary: 'list the table as JSON' },
  ],
  load: () => import('./run.js'),
});
