/**
 * The objects of the library that command lines stand for.
 * @module
 */
import type { DestinationConfig } from '../../ipvs/destination.js';
import { isHostMask, type Persistence } from '../../ipvs/persistence.js';
import type { FirewallMark, ServiceAddress } from '../../ipvs/reference-types.js';
import type { ServiceConfig } from '../../ipvs/service.js';
import type { SyncDaemonConfig } from '../../ipvs/sync-daemon.js';
import type { Topic } from '../grammar/grammar.js';
import type { GivenDestination, GivenService, Invocation } from '../grammar/invocation.js';
import { NO_NAME } from '../print-endpoint.js';

/** The key of a service. */
export type Key =
  | (ServiceAddress & { readonly fwmark?: undefined })
  | (FirewallMark & { readonly protocol?: undefined });

/** Returns the key of the service of a command line. */
export function keyOf({ protocol, address, port, fwmark, family }: GivenService): Key {
  // Without a mark there is a protocol: -t, -u or --sctp-service is mandatory.
  return fwmark === 0 ? { protocol: protocol ?? 'tcp', address, port } : { fwmark, family };
}

/** Returns the service of `-A` and `-E`. */
export function serviceOf(
  service: GivenService,
): ServiceConfig & { readonly inactivePersistence?: Persistence } {
  const { scheduler, schedulerFlags, persistent, timeout, netmask, engine, onePacket } = service;
  const name = scheduler === '' || scheduler === NO_NAME ? 'wlc' : scheduler;
  const given = { timeout, netmask, engine: engine === '' ? null : engine };
  return {
    ...keyOf(service),
    scheduler: name,
    schedulerFlags,
    persistence: persistent ? given : null,
    // They change nothing, but the kernel keeps them.
    ...(persistent || (isHostMask(netmask) && engine === '') ? {} : { inactivePersistence: given }),
    onePacket,
  };
}

/** Returns the destination of `-a` and `-e`. */
export function destinationOf(destination: GivenDestination): DestinationConfig {
  const { address, port, forwarding, weight, upperThreshold, lowerThreshold } = destination;
  return {
    address,
    port,
    forwarding,
    weight,
    upperThreshold,
    lowerThreshold,
    tunnel: forwarding === 'tunnel' ? tunnelOf(destination) : null,
  };
}

function tunnelOf({ tunnelType: type, tunnelPort: port, tunnelChecksum }: GivenDestination) {
  if (type === 'gue') return { type, port, checksum: tunnelChecksum };
  if (type === 'ipip') return { type };
  // ipvsadm refuses the third checksum for it.
  return { type, checksum: tunnelChecksum === 'checksum' ? tunnelChecksum : 'none' } as const;
}

/** The numbers of a daemon, by the topics of their options. */
const NUMBERS = [
  ['syncid', 'syncId'],
  ['sync-maxlen', 'maxLength'],
  ['mcast-group', 'group'],
  ['mcast-port', 'port'],
  ['mcast-ttl', 'ttl'],
] as const satisfies readonly (readonly [Topic, keyof SyncDaemonConfig])[];

/** Returns the daemon of `--start-daemon`, with what is given. */
export function daemonOf({ daemon, given }: Invocation): SyncDaemonConfig {
  const { role, interface: link } = daemon;
  const numbers = NUMBERS.filter(([topic]) => given.has(topic));
  const settings = Object.fromEntries(numbers.map(([, name]) => [name, daemon[name]]));
  return { role, interface: link, ...settings };
}
