/**
 * A namespace that is director, client and server at once: virtual addresses, addresses of clients
 * and servers, and services between them.
 * @module
 */
import type { DestinationConfig, Ipvs, ServiceConfig } from 'ipvs';
import type { Namespace } from './namespace.js';

export const VIRTUAL = '10.96.0.1';
export const VIRTUAL6 = 'fd96::1';
/** All of 10.0.0.0/8 is the host's own, and so are these. */
export const SERVER = '10.0.0.2';
export const SERVER6 = 'fd02::2';
export const CLIENT6 = 'fd00::7';
/** An address that nothing answers, not even with an ICMP error. */
export const SILENT = '192.168.255.2';
export const SILENT6 = 'fd03::2';
/** The port of all servers. */
export const PORT = 8080;

/** Gives the namespace its addresses. */
export function furnish(namespace: Namespace): void {
  namespace.ip('link', 'add', 'virtual', 'type', 'dummy');
  namespace.ip('link', 'set', 'virtual', 'up');
  for (const address of [VIRTUAL6, SERVER6, CLIENT6]) {
    namespace.ip('address', 'add', `${address}/128`, 'dev', 'virtual', 'nodad');
  }
  namespace.ip('address', 'add', '192.168.255.1/24', 'dev', 'virtual');
  namespace.ip('route', 'add', 'fd03::/64', 'dev', 'virtual');
  namespace.ip('route', 'add', 'local', '10.0.0.0/8', 'dev', 'lo');
}

/** A service and its destinations, masqueraded to unless they say otherwise. */
export type Balanced = readonly [ServiceConfig, ...DestinationConfig[]];

export async function balance(ipvs: Ipvs, services: readonly Balanced[]): Promise<void> {
  const calls = services.flatMap(([service, ...destinations]) => [
    ipvs.addService({ scheduler: 'rr', ...service }),
    ...destinations.map((each) =>
      ipvs.addDestination(service, { forwarding: 'masquerade', ...each }),
    ),
  ]);
  await Promise.all(calls);
}

export async function collect<Item>(items: AsyncIterable<Item>): Promise<Item[]> {
  const all: Item[] = [];
  for await (const item of items) all.push(item);
  return all;
}
