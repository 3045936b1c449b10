/**
 * Connection tracking of UDP: flows that no endpoint answers any more.
 * @module
 */
import { checkArguments } from '../core/arguments.js';
import { readArray } from '../core/check.js';
import { wrongType } from '../core/input-errors.js';
import { registerEntry } from '../core/stack.js';
import type { UdpFrontend } from './result.js';

/** An address and a port. */
export interface FlowPlace {
  /** The address ('10.96.0.10', 'fd00::1'). */
  readonly address: string;
  /** The port: 0 to 65535. */
  readonly port: number;
}

/** A flow of the kernel's connection tracking (`conntrack -L`). */
export interface TrackedFlow {
  /** The protocol ('udp'). */
  readonly protocol: string;
  /** The destination of the original direction. */
  readonly virtual: FlowPlace;
  /** The source of the reply direction. */
  readonly server: FlowPlace;
}

/**
 * Returns the flows of UDP ports whose server is no serving endpoint of the port. As long as the
 * client goes on sending, they would never end, and their packets would be lost. Flows of other
 * protocols are never returned.
 * @param udp the UDP ports of a {@link CompileResult}; those of deleted Services without endpoints
 * @throws TypeError, RangeError bad input
 */
export function staleFlows<Flow extends TrackedFlow>(
  udp: readonly UdpFrontend[],
  flows: readonly Flow[],
): Flow[];
export function staleFlows(...args: readonly unknown[]): TrackedFlow[] {
  return checkArguments('staleFlows', args, 2, (udp, flows) =>
    staleOf(
      readArray('udp', udp, 'an array of UDP ports of a result', readFrontend),
      readArray('flows', flows, 'an array of flows', readFlow),
    ),
  );
}

registerEntry('staleFlows', staleFlows);

function staleOf(udp: readonly UdpFrontend[], flows: readonly TrackedFlow[]): TrackedFlow[] {
  const byPlace = new Map<string, Set<string>>();
  const byNodePort = new Map<number, Set<string>>();
  for (const { addresses, port, nodePort, endpoints } of udp) {
    const servers = endpoints.map(textOf);
    for (const address of addresses) addAll(byPlace, textOf({ address, port }), servers);
    if (nodePort !== 0) addAll(byNodePort, nodePort, servers);
  }
  return flows.filter(({ protocol, virtual, server }) => {
    if (protocol !== 'udp') return false;
    const servers = byPlace.get(textOf(virtual)) ?? byNodePort.get(virtual.port);
    return servers !== undefined && !servers.has(textOf(server));
  });
}

type Unchecked<Value> = { readonly [Name in keyof Value]: unknown };

function readFrontend(value: unknown, index: number): UdpFrontend {
  if (isFrontend(value)) return value;
  throw wrongType(`udp[${index}]`, value, 'a UDP port of a result');
}

function isFrontend(value: unknown): value is UdpFrontend {
  const { addresses, port, nodePort, endpoints } = Object(value) as Unchecked<UdpFrontend>;
  const areNumbers = typeof port === 'number' && typeof nodePort === 'number';
  return areNumbers && Array.isArray(addresses) && Array.isArray(endpoints);
}

function readFlow(value: unknown, index: number): TrackedFlow {
  if (isFlow(value)) return value;
  throw wrongType(`flows[${index}]`, value, 'a flow: { protocol, virtual, server }');
}

function isFlow(value: unknown): value is TrackedFlow {
  const { protocol, virtual, server } = Object(value) as Unchecked<TrackedFlow>;
  return typeof protocol === 'string' && isPlace(virtual) && isPlace(server);
}

function isPlace(value: unknown): value is FlowPlace {
  const { address, port } = Object(value) as Unchecked<FlowPlace>;
  return typeof address === 'string' && typeof port === 'number';
}

const textOf = ({ address, port }: FlowPlace) => `${address},${port}`;

function addAll<Key>(map: Map<Key, Set<string>>, key: Key, values: readonly string[]): void {
  const set = map.get(key) ?? new Set<string>();
  for (const value of values) set.add(value);
  map.set(key, set);
}
