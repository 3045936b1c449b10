/**
 * The row of `ipvs connections`, and its options.
 * @module
 */
import type { CountBy } from '../../index.js';
import { defineCommand, NETNS } from '../command.js';

/** The columns by which connections can be counted. */
export const COLUMNS = ['service', 'destination', 'state', 'protocol'] as const;
COLUMNS satisfies readonly CountBy[];

/** The options of `ipvs connections`. */
export const options = {
  service: { summary: 'only those of this service (tcp://10.96.0.1:80)', value: 'SERVICE' },
  destination: { summary: 'only those to this destination (10.1.1.2:80)', value: 'DESTINATION' },
  server: {
    summary: 'only those to this address or network of servers, on every port',
    value: 'NETWORK',
  },
  client: { summary: 'only those of this address or network of clients', value: 'NETWORK' },
  protocol: {
    summary: 'only those of this protocol',
    value: 'PROTOCOL',
    completes: ['tcp', 'udp', 'sctp', 'ip', 'icmp', 'icmpv6'],
  },
  state: { summary: 'only those in this state (ESTABLISHED)', value: 'STATE' },
  by: {
    summary: `count them by columns, joined by commas: ${COLUMNS.join(', ')}`,
    value: 'COLUMN,...',
  },
  count: { summary: 'print only their number' },
  json: {
    summary: 'print JSON: an object on a line for each connection; an array of counts with --by',
  },
  netns: NETNS,
} as const;

/** The row of `ipvs connections`. */
export const connections = defineCommand({
  name: 'connections',
  summary: 'list or count connections',
  description: [
    'Lists the connection table of IPVS, in bounded memory whatever its size. All conditions ' +
      'must hold. Templates of persistence are listed too; they carry no traffic. The seconds ' +
      'under EXPIRES are those until the entry goes, unless packets arrive.',
    'An entry does not record its service: --service compares the address and port that the ' +
      'client sends to.',
  ],
  options,
  examples: [
    { command: 'ipvs connections --client 10.0.0.0/8', summary: 'list the connections of clients' },
    {
      command: 'ipvs connections --by destination,state',
      summary: 'count connections by server and state',
    },
    { command: 'ipvs connections --count --state ESTABLISHED', summary: 'print a number' },
  ],
  load: () => import('./run.js'),
});
