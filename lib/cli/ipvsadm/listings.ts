/**
 * The output of the command: listings of the table, saved rules, timeouts, daemons.
 * @module
 */
import type { ServiceWithDestinations } from '../../ipvs/service.js';
import type { Counter } from '../../ipvs/stats.js';
import type { SyncDaemon } from '../../ipvs/sync-daemon.js';
import type { Topic } from '../../ipvsadm/grammar/grammar.js';
import type { Invocation } from '../../ipvsadm/grammar/invocation.js';
import { type Names, NUMERIC } from '../../ipvsadm/print-endpoint.js';
import {
  destinationLine,
  type LineStyle,
  selectorOf,
  serviceLine,
} from '../../ipvsadm/rules/rule-lines.js';
import { printedDestinations, printedServices } from '../../ipvsadm/sort.js';
import { tableLines, tableSettings } from '../../ipvsadm/tables/format-table.js';
import type { HostProcess } from './host-process.js';
import type { Kernel } from './kernel.js';
import { namesOf } from './name-lookup.js';

type Rows = readonly ServiceWithDestinations<Counter>[];

/** The most characters that are written at once. */
const PIECE = 64 * 1024;

/** Writes lines, many at a time. */
export function writeLines(lines: Iterable<string>, write: (text: string) => void): void {
  let text = '';
  for (const line of lines) {
    text += `${line}\n`;
    if (text.length < PIECE) continue;
    write(text);
    text = '';
  }
  if (text !== '') write(text);
}

/** Returns the names to print: none with `-n`. */
async function namesFor(rows: Rows, given: ReadonlyMap<Topic, number>): Promise<Names> {
  if (given.has('numeric')) return NUMERIC;
  const addresses = rows.flatMap(({ address, destinations }) => [
    ...(address === undefined ? [] : [address]),
    ...destinations.map((destination) => destination.address),
  ]);
  return namesOf(addresses);
}

/**
 * Prints the table, or one service.
 * @throws KernelError
 */
export async function listTable(
  invocation: Invocation,
  kernel: Kernel,
  { out, compat }: HostProcess,
): Promise<void> {
  const { given } = invocation;
  const has = (topic: Topic) => given.has(topic);
  const counters = has('stats') || has('rate');
  const isSingle = has('service-address');
  const info = isSingle ? undefined : kernel.getInfo();
  const rows = isSingle ? kernel.getRow(invocation, counters) : kernel.listTable(counters);
  const settings = tableSettings({
    stats: has('stats'),
    rate: has('rate'),
    thresholds: has('thresholds'),
    persistentConnections: has('persistent-conn'),
    tunnels: has('tun-info'),
    exact: has('exact'),
    sort: !has('nosort'),
    info,
    names: await namesFor(rows, given),
    compat,
  });
  writeLines(tableLines(rows, settings), out);
}

/**
 * Prints the commands that make the table.
 * @throws KernelError
 */
export async function saveTable(
  { given }: Invocation,
  kernel: Kernel,
  { out, compat }: HostProcess,
): Promise<void> {
  const rows = kernel.listTable(false);
  const names = await namesFor(rows, given);
  writeLines(savedLines(rows, { names, thresholds: !compat, compat }), out);
}

function* savedLines(rows: Rows, style: LineStyle): Generator<string> {
  for (const service of printedServices(rows, style.compat)) {
    yield serviceLine(service, style);
    const selector = selectorOf(service, style);
    for (const destination of printedDestinations(service.destinations, style.compat)) {
      yield destinationLine(service, selector, destination, style);
    }
  }
}

/** Prints the timeouts. */
export function listTimeouts(kernel: Kernel, { out }: HostProcess): void {
  const { tcp, tcpFin, udp } = kernel.getTimeouts();
  out(`Timeout (tcp tcpfin udp): ${tcp} ${tcpFin} ${udp}\n`);
}

/** Prints the sync daemons. */
export function listDaemons(kernel: Kernel, { out }: HostProcess): void {
  writeLines(kernel.listSyncDaemons().map(describeDaemon), out);
}

function describeDaemon({ role, ...daemon }: SyncDaemon): string {
  const { interface: link, syncId, maxLength, group, port, ttl } = daemon;
  const reported = `, maxlen=${maxLength}, group=${group}, port=${port}, ttl=${ttl}`;
  return `${role} sync daemon (mcast=${link}, syncid=${syncId}${maxLength === 0 ? '' : reported})`;
}
