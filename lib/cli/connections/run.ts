/**
 * `ipvs connections`.
 * @module
 */
import { typoHint } from '../../core/typos.js';
import type {
  Connection,
  ConnectionCount,
  ConnectionFilter,
  ConnectionState,
  CountBy,
  Ipvs,
} from '../../index.js';
import { formatDestinationKey, formatServiceKey } from '../../ipvs/keys.js';
import { UsageError } from '../arguments.js';
import type { Context, Run, Values } from '../command.js';
import { withIpvs } from '../netns.js';
import { printJson, printLines } from '../output.js';
import { type Column, tableOf } from '../table.js';
import { COLUMNS, type options } from './command.js';

/** Lists or counts connections. */
export const run: Run<typeof options> = async ({ values }, context) => {
  const { by, count, json, netns } = values;
  if (by !== undefined && count) throw new UsageError('--by does not go with --count');
  const filter = filterOf(values);
  const columns = columnsOf(by);
  await withIpvs(netns, async (ipvs) => {
    if (count) await printCount(ipvs, filter, context);
    else if (columns !== undefined) await printCounts(ipvs, filter, columns, json, context);
    else await printConnections(ipvs, filter, json, context);
  });
  return 0;
};

function filterOf(values: Values<typeof options>): ConnectionFilter {
  const { service, destination, server, client, protocol, state } = values;
  return {
    service,
    destination,
    server,
    client,
    protocol,
    // The library checks the name.
    state: state as ConnectionState | undefined,
  };
}

function columnsOf(by: string | undefined): readonly CountBy[] | undefined {
  return by?.split(',').map((name, place, names) => {
    if (names.indexOf(name) < place) throw new UsageError(`--by: '${name}' is given twice`);
    const column = COLUMNS.find((each) => each === name);
    if (column !== undefined) return column;
    const hint = typoHint(name, COLUMNS);
    throw new UsageError(`--by: '${name}' is not one of ${COLUMNS.join(', ')}${hint}`);
  });
}

async function printCount(
  ipvs: Ipvs,
  filter: ConnectionFilter,
  { stdout }: Context,
): Promise<void> {
  const [{ count } = { count: 0 }] = await ipvs.countConnections(filter);
  await printLines(stdout, [String(count)]);
}

async function printCounts(
  ipvs: Ipvs,
  filter: ConnectionFilter,
  by: readonly CountBy[],
  json: boolean,
  { stdout }: Context,
): Promise<void> {
  const counts = [...(await ipvs.countConnections({ ...filter, by }))];
  counts.sort((a, b) => b.count - a.count);
  if (json) {
    await printJson(stdout, counts);
    return;
  }
  const titles: Column[] = by.map((column) => ({ title: column.toUpperCase() }));
  const rows = counts.map((each) => [...by.map((column) => cellOf(each, column)), `${each.count}`]);
  await printLines(stdout, tableOf([...titles, { title: 'COUNT', align: 'right' }], rows));
}

function cellOf(count: ConnectionCount, column: CountBy): string {
  const { service, destination, state = '', protocol = '' } = count;
  switch (column) {
    case 'service':
      return service === undefined ? '' : formatServiceKey(service);
    case 'destination':
      return destination === undefined ? '' : formatDestinationKey(destination);
    case 'state':
      return state;
    case 'protocol':
      return protocol;
  }
}

/** The columns of a listing. Their widths are fixed, since the table is not held in memory. */
const WIDTHS = { protocol: 8, state: 11, expires: 7, client: 21, virtual: 21 } as const;
/** The number of connections that are written together. */
const CHUNK = 256;

async function printConnections(
  ipvs: Ipvs,
  filter: ConnectionFilter,
  json: boolean,
  { stdout }: Context,
): Promise<void> {
  const format = json ? (each: Connection) => JSON.stringify(each) : formatConnection;
  let lines = json ? [] : [HEADER];
  for await (const connection of ipvs.connections(filter)) {
    lines.push(format(connection));
    if (lines.length < CHUNK) continue;
    await printLines(stdout, lines);
    lines = [];
  }
  await printLines(stdout, lines);
}

const HEADER = joinCells('PROTOCOL', 'STATE', 'EXPIRES', 'CLIENT', 'VIRTUAL', 'DESTINATION');

function formatConnection(connection: Connection): string {
  const { protocol, state, expires, client, virtual, destination, template } = connection;
  const { fwmark, family } = connection;
  const cells = joinCells(
    protocol,
    state,
    String(expires),
    formatDestinationKey(client),
    fwmark === null ? formatDestinationKey(virtual) : formatServiceKey({ fwmark, family }),
    formatDestinationKey(destination),
  );
  return template ? `${cells} (template)` : cells;
}

function joinCells(
  protocol: string,
  state: string,
  expires: string,
  client: string,
  virtual: string,
  destination: string,
): string {
  return [
    protocol.padEnd(WIDTHS.protocol),
    state.padEnd(WIDTHS.state),
    expires.padStart(WIDTHS.expires),
    client.padEnd(WIDTHS.client),
    virtual.padEnd(WIDTHS.virtual),
    destination,
  ].join('  ');
}
