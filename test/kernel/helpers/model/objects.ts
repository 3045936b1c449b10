/**
 * Expected results of the library: the object for a configuration, the object after changes, the name
 * of an object. Written from the documentation, without code of lib/.
 * @module
 */
import type {
  Destination,
  DestinationChanges,
  DestinationConfig,
  DestinationReference,
  Family,
  FirewallMark,
  Persistence,
  PersistenceConfig,
  Protocol,
  SchedulerFlag,
  Service,
  ServiceAddress,
  ServiceChanges,
  ServiceConfig,
  ServiceReference,
  Stats,
  Tunnel,
} from 'ipvs';

/** An object with the properties that identify a service. */
export type ServiceName = ServiceAddress | FirewallMark;

export const noStats: Stats = {
  connections: 0,
  inPackets: 0,
  outPackets: 0,
  inBytes: 0,
  outBytes: 0,
  connectionRate: 0,
  inPacketRate: 0,
  outPacketRate: 0,
  inByteRate: 0,
  outByteRate: 0,
};

export function isMark(name: ServiceName): name is FirewallMark {
  return 'fwmark' in name;
}

export function familyOfAddress(address: string): Family {
  return address.includes(':') ? 'ipv6' : 'ipv4';
}

export function familyOf(name: ServiceName): Family {
  return isMark(name) ? (name.family ?? 'ipv4') : familyOfAddress(name.address);
}

export function joinPort(address: string, port: number): string {
  return familyOfAddress(address) === 'ipv6' ? `[${address}]:${port}` : `${address}:${port}`;
}

/** The service as a string reference. */
export function nameOfService(name: ServiceName): string {
  if (!isMark(name)) return `${name.protocol}://${joinPort(name.address, name.port)}`;
  return `fwmark${familyOf(name) === 'ipv6' ? '6' : ''}://${name.fwmark}`;
}

/** The service that a reference names. */
export function parseService(reference: ServiceReference): ServiceName {
  if (typeof reference !== 'string') return reference;
  const [, protocol = '', address = '', port] =
    /^(\w+):\/\/\[?(.*?)\]?(?::(\d+))?$/.exec(reference) ?? [];
  if (port === undefined) {
    return { fwmark: Number(address), family: protocol === 'fwmark6' ? 'ipv6' : 'ipv4' };
  }
  return { protocol: readProtocol(protocol), address, port: Number(port) };
}

function readProtocol(text: string): Protocol {
  if (text === 'tcp' || text === 'udp' || text === 'sctp') return text;
  throw new Error(`${text}: no protocol`);
}

export interface DestinationName {
  readonly address: string;
  readonly port: number;
}

/** The destination of `service` that a reference names. */
export function parseDestination(
  service: ServiceName,
  reference: DestinationReference,
): DestinationName {
  const own = isMark(service) ? 0 : service.port;
  if (typeof reference !== 'string') {
    return { address: reference.address, port: reference.port ?? own };
  }
  const [, ipv6, ipv4, port = own] = /^(?:\[(.+)\]|([\d.]+)):(\d+)$/.exec(reference) ?? [];
  return { address: ipv6 ?? ipv4 ?? reference, port: Number(port) };
}

export function nameOfDestination({ address, port }: DestinationName): string {
  return joinPort(address, port);
}

const flagsOf: Readonly<Record<string, readonly SchedulerFlag[]>> = {
  sh: ['sh-fallback', 'sh-port', 'flag-3'],
  mh: ['mh-fallback', 'mh-port', 'flag-3'],
  other: ['flag-1', 'flag-2', 'flag-3'],
};

/** The flags as the scheduler itself calls them, in the order of their bits. */
function readFlags(flags: readonly SchedulerFlag[], scheduler: string): SchedulerFlag[] {
  const bits = new Set(
    flags.map((flag) =>
      Object.values(flagsOf)
        .find((each) => each.includes(flag))
        ?.indexOf(flag),
    ),
  );
  return (flagsOf[scheduler] ?? flagsOf['other'] ?? []).filter((_, bit) => bits.has(bit));
}

function readNetmask(netmask: string | number, family: Family): string | number {
  if (family === 'ipv6' || typeof netmask === 'string') return netmask;
  const octet = (index: number) => 256 - 2 ** (8 - Math.min(8, Math.max(0, netmask - 8 * index)));
  return [0, 1, 2, 3].map(octet).join('.');
}

/** `changes` laid over `current`, which is null if there was no persistence before. */
function readPersistence(
  current: Persistence | null,
  changes: PersistenceConfig,
  family: Family,
): Persistence {
  const { timeout, netmask, engine } = changes;
  const whole = family === 'ipv6' ? 128 : 32;
  return {
    timeout: timeout ?? current?.timeout ?? 300,
    netmask: readNetmask(netmask ?? current?.netmask ?? whole, family),
    engine: engine === undefined ? (current?.engine ?? null) : engine,
  };
}

/** The service that `config` makes. */
export function makeService(config: ServiceConfig): Service {
  const family = familyOf(config);
  const scheduler = config.scheduler ?? 'wlc';
  const state = {
    family,
    scheduler,
    schedulerFlags: readFlags(config.schedulerFlags ?? [], scheduler),
    persistence: config.persistence ? readPersistence(null, config.persistence, family) : null,
    onePacket: config.onePacket ?? false,
    stats: noStats,
  };
  if (isMark(config)) return { fwmark: config.fwmark, ...state };
  return { protocol: config.protocol, address: config.address, port: config.port, ...state };
}

/** The service that an update of `service` makes. */
export function changeService(service: Service, changes: ServiceChanges): Service {
  const { persistence, onePacket } = changes;
  const scheduler = changes.scheduler ?? service.scheduler;
  const kept = scheduler === service.scheduler ? service.schedulerFlags : [];
  return {
    ...service,
    scheduler,
    schedulerFlags: readFlags(changes.schedulerFlags ?? kept, scheduler),
    onePacket: onePacket ?? service.onePacket,
    persistence:
      persistence === undefined
        ? service.persistence
        : persistence && readPersistence(service.persistence, persistence, service.family),
  };
}

function readTunnel(tunnel: NonNullable<DestinationConfig['tunnel']>): Tunnel {
  const { type } = tunnel;
  const checksum = ('checksum' in tunnel ? tunnel.checksum : undefined) ?? 'none';
  if (type === 'gue') return { type, port: 'port' in tunnel ? tunnel.port : 0, checksum };
  return type === 'gre' ? { type, checksum } : { type };
}

/** The destination that `config` makes behind `service`. */
export function makeDestination(service: ServiceName, config: DestinationConfig): Destination {
  const forwarding = config.forwarding ?? 'direct';
  return {
    address: config.address,
    port: config.port ?? (isMark(service) ? 0 : service.port),
    family: familyOfAddress(config.address),
    forwarding,
    weight: config.weight ?? 1,
    upperThreshold: config.upperThreshold ?? 0,
    lowerThreshold: config.lowerThreshold ?? 0,
    tunnel: forwarding === 'tunnel' ? readTunnel(config.tunnel ?? { type: 'ipip' }) : null,
    activeConnections: 0,
    inactiveConnections: 0,
    persistentConnections: 0,
    stats: noStats,
  };
}

/** The destination that an update of `destination` makes. */
export function changeDestination(
  destination: Destination,
  changes: DestinationChanges,
): Destination {
  const forwarding = changes.forwarding ?? destination.forwarding;
  const { tunnel = destination.tunnel } = changes;
  return {
    ...destination,
    forwarding,
    weight: changes.weight ?? destination.weight,
    upperThreshold: changes.upperThreshold ?? destination.upperThreshold,
    lowerThreshold: changes.lowerThreshold ?? destination.lowerThreshold,
    tunnel: forwarding === 'tunnel' ? readTunnel(tunnel ?? { type: 'ipip' }) : null,
  };
}

/** In the order of their names: the kernel's own means nothing. */
export function sortServices<Named extends ServiceName>(services: readonly Named[]): Named[] {
  return [...services].sort((a, b) => (nameOfService(a) < nameOfService(b) ? -1 : 1));
}
