/**
 * Arbitrary valid addresses, services and destinations, and the values that the kernel gets for each.
 * @module
 */
import { isIPv6 } from 'node:net';
import fc from 'fast-check';
import type {
  DestinationConfig,
  Family,
  Forwarding,
  PersistenceConfig,
  Scheduler,
  SchedulerFlag,
  ServiceConfig,
  TunnelConfig,
} from '../../../lib/index.js';

const octet = fc.oneof(fc.nat(255), fc.constantFrom(0, 1, 9, 10, 99, 100, 255));
const MAX_INT = 2 ** 31 - 1;

/** The four bytes of an IPv4 address. */
export const ipv4Bytes: fc.Arbitrary<number[]> = fc.tuple(octet, octet, octet, octet);

/** The sixteen bytes of an IPv6 address, with many zeros among them. */
export const ipv6Bytes: fc.Arbitrary<number[]> = fc
  .array(
    fc.oneof(
      { weight: 2, arbitrary: fc.constant([0, 0]) },
      { weight: 1, arbitrary: fc.tuple(octet, octet) },
      { weight: 1, arbitrary: fc.constant([0xff, 0xff]) },
    ),
    { minLength: 8, maxLength: 8 },
  )
  .map((groups) => groups.flat());

export function groupsOf(bytes: readonly number[]): number[] {
  return Array.from(
    { length: 8 },
    (_, index) => (bytes[2 * index] ?? 0) * 256 + (bytes[2 * index + 1] ?? 0),
  );
}

/** Formats an address by RFC 5952, through the URL standard, which knows no dotted tail. */
export function canonicalIpv6(bytes: readonly number[]): string {
  const groups = groupsOf(bytes);
  if (groups.slice(0, 5).every((group) => group === 0) && groups[5] === 0xffff) {
    return `::ffff:${bytes.slice(12).join('.')}`;
  }
  const text = groups.map((group) => group.toString(16)).join(':');
  return new URL(`http://[${text}]`).hostname.slice(1, -1);
}

/** An address in text, in a form that is not always the canonical one. */
export const ipv4 = ipv4Bytes.map((bytes) => bytes.join('.'));
export const ipv6 = fc.tuple(ipv6Bytes, fc.boolean()).map(([bytes, plain]) =>
  plain
    ? groupsOf(bytes)
        .map((group) => group.toString(16).toUpperCase())
        .join(':')
    : canonicalIpv6(bytes),
);
const addressOf = (family: Family) => (family === 'ipv4' ? ipv4 : ipv6);

/** The canonical form of a valid address. */
export function canonical(address: string): string {
  if (!isIPv6(address)) return address;
  const hostname = new URL(`http://[${address}]`).hostname.slice(1, -1);
  const mapped = /^::ffff:([\da-f]+):([\da-f]+)$/.exec(hostname);
  if (mapped === null) return hostname;
  const tail = [mapped[1], mapped[2]].map((group) => Number.parseInt(group ?? '', 16));
  return `::ffff:${tail.flatMap((group) => [group >> 8, group & 0xff]).join('.')}`;
}

/** True if an address can be a service's. ::ffff:a.b.c.d can, but cannot be a destination's. */
function isMatchable(address: string): boolean {
  const text = canonical(address);
  if (isIPv6(text)) return text !== '::' && !/^ff..:/.test(text);
  const first = Number(text.split('.')[0]);
  return text !== '0.0.0.0' && text !== '255.255.255.255' && (first < 224 || first > 239);
}

const isUnicast = (address: string) =>
  isMatchable(address) && !/^::ffff:\d+\./.test(canonical(address));

const family = fc.constantFrom<Family>('ipv4', 'ipv6');
const port = fc.oneof(fc.nat(65535), fc.constantFrom(0, 1, 65535));
const orAbsent = <Value>(value: fc.Arbitrary<Value>) => fc.option(value, { nil: undefined });
const moduleName = (maxLength: number) =>
  fc.string({
    unit: fc.constantFrom(...'abcxyzABCXYZ0189_.-'.split('')),
    minLength: 1,
    maxLength,
    size: 'max',
  });

const scheduler: fc.Arbitrary<Scheduler> = fc.oneof(
  fc.constantFrom('rr', 'wlc', 'sh', 'mh', 'none'),
  moduleName(15),
);
const FLAGS_OF: Readonly<Record<string, readonly SchedulerFlag[]>> = {
  sh: ['sh-fallback', 'sh-port'],
  mh: ['mh-fallback', 'mh-port'],
};
const COMMON_FLAGS: readonly SchedulerFlag[] = ['flag-1', 'flag-2', 'flag-3'];

function persistence(of: Family): fc.Arbitrary<PersistenceConfig> {
  const mask = ipv4Bytes.map((bytes) => bytes.join('.'));
  const netmask = of === 'ipv4' ? fc.oneof(fc.nat(32), mask) : fc.integer({ min: 1, max: 128 });
  return fc.record(
    {
      timeout: orAbsent(
        fc.oneof(fc.integer({ min: 1, max: 2678400 }), fc.constantFrom(1, 2678400)),
      ),
      netmask: orAbsent<string | number>(netmask),
      engine: fc.option(orAbsent(moduleName(16)), { nil: null }),
    },
    { requiredKeys: [] },
  );
}

/** Arbitrary services that can be added. */
export const serviceConfig: fc.Arbitrary<ServiceConfig> = fc
  .tuple(family, fc.boolean(), orAbsent(scheduler))
  .chain(([of, marked, named]): fc.Arbitrary<ServiceConfig> => {
    const own = FLAGS_OF[named ?? ''] ?? [];
    const settings = {
      scheduler: fc.constant(named),
      schedulerFlags: orAbsent(
        fc.array(fc.constantFrom(...own, ...COMMON_FLAGS), { maxLength: 4 }),
      ),
      persistence: fc.option(orAbsent(persistence(of)), { nil: null }),
      onePacket: orAbsent(fc.boolean()),
    };
    // The others may be left out altogether; the rest above depends on these.
    const requiredKeys = ['scheduler', 'persistence', 'onePacket'] as const;
    if (marked) {
      const fwmark = fc.oneof(
        fc.integer({ min: 1, max: 2 ** 32 - 1 }),
        fc.constantFrom(1, 2 ** 32 - 1),
      );
      const families = of === 'ipv4' ? orAbsent(fc.constant(of)) : fc.constant(of);
      return fc.record(
        { fwmark, family: families, ...settings },
        { requiredKeys: ['fwmark', 'family', ...requiredKeys] },
      );
    }
    const protocol = fc.constantFrom('tcp' as const, 'udp' as const, 'sctp' as const);
    return fc
      .record(
        {
          protocol,
          address: addressOf(of).filter(isMatchable),
          port,
          family: orAbsent(fc.constant(of)),
          ...settings,
        },
        { requiredKeys: ['protocol', 'address', 'port', ...requiredKeys] },
      )
      .map((config) => ({
        ...config,
        onePacket: config.protocol === 'udp' ? config.onePacket : undefined,
        persistence: config.port === 0 ? (config.persistence ?? {}) : config.persistence,
      }));
  });

/** The family of a service. */
export function familyOf(config: ServiceConfig): Family {
  if ('fwmark' in config) return config.family ?? 'ipv4';
  return isIPv6(config.address) ? 'ipv6' : 'ipv4';
}

function dotted(mask: number): string {
  return [24, 16, 8, 0].map((shift) => (mask >>> shift) & 0xff).join('.');
}

function netmaskOf(netmask: string | number | undefined, of: Family): string | number {
  if (of === 'ipv6') return netmask ?? 128;
  if (typeof netmask === 'string') return netmask;
  const bits = netmask ?? 32;
  return dotted(bits === 0 ? 0 : 2 ** 32 - 2 ** (32 - bits));
}

/** Returns the service that adding `config` creates, without its counters. */
export function normalService(config: ServiceConfig) {
  const of = familyOf(config);
  const name = config.scheduler ?? 'wlc';
  const numbers: readonly number[] = (config.schedulerFlags ?? []).map((flag) =>
    /fallback|1/.test(flag) ? 0 : /port|2/.test(flag) ? 1 : 2,
  );
  const [fallback, byPort] = FLAGS_OF[name] ?? [];
  const flags = [fallback ?? 'flag-1', byPort ?? 'flag-2', 'flag-3'];
  const { persistence: persistent } = config;
  return {
    ...('fwmark' in config
      ? { fwmark: config.fwmark }
      : { protocol: config.protocol, address: canonical(config.address), port: config.port }),
    family: of,
    scheduler: name,
    schedulerFlags: flags.filter((_, bit) => numbers.includes(bit)),
    persistence:
      persistent === null || persistent === undefined
        ? null
        : {
            timeout: persistent.timeout ?? 300,
            netmask: netmaskOf(persistent.netmask, of),
            engine: persistent.engine ?? null,
          },
    onePacket: config.onePacket ?? false,
  };
}

const tunnel: fc.Arbitrary<TunnelConfig> = fc.oneof(
  fc.constant({ type: 'ipip' } as const),
  fc.record(
    {
      type: fc.constant('gue' as const),
      port: fc.integer({ min: 1, max: 65535 }),
      checksum: orAbsent(
        fc.constantFrom('none' as const, 'checksum' as const, 'remote-checksum' as const),
      ),
    },
    { requiredKeys: ['type', 'port'] },
  ),
  fc.record(
    {
      type: fc.constant('gre' as const),
      checksum: orAbsent(fc.constantFrom('none' as const, 'checksum' as const)),
    },
    { requiredKeys: ['type'] },
  ),
);

/** Arbitrary services, each with a destination that can be added to it. */
export const serviceAndDestination: fc.Arbitrary<readonly [ServiceConfig, DestinationConfig]> = fc
  .tuple(
    serviceConfig,
    orAbsent(fc.constantFrom<Forwarding>('masquerade', 'direct', 'tunnel', 'local', 'bypass')),
    fc.boolean(),
  )
  .chain(([service, forwarding, crosses]) => {
    const own = familyOf(service);
    const other = own === 'ipv4' ? 'ipv6' : 'ipv4';
    const translates = forwarding === 'masquerade' || 'fwmark' in service;
    const threshold = orAbsent(fc.oneof(fc.nat(MAX_INT), fc.constantFrom(0, 1, MAX_INT)));
    const destination = fc
      .record(
        {
          address: addressOf(crosses && forwarding === 'tunnel' ? other : own).filter(isUnicast),
          port: orAbsent(translates ? port : fc.constant('port' in service ? service.port : 0)),
          forwarding: fc.constant(forwarding),
          weight: orAbsent(fc.oneof(fc.nat(MAX_INT), fc.constantFrom(0, MAX_INT))),
          upperThreshold: threshold,
          lowerThreshold: threshold,
          tunnel: fc.option(forwarding === 'tunnel' ? orAbsent(tunnel) : fc.constant(undefined), {
            nil: null,
          }),
        },
        { requiredKeys: ['address', 'forwarding'] },
      )
      .filter(
        ({ upperThreshold, lowerThreshold }) => (lowerThreshold ?? 0) <= (upperThreshold ?? 0),
      );
    return fc.tuple(fc.constant(service), destination);
  });

function normalTunnel(config: NonNullable<DestinationConfig['tunnel']>) {
  const checksum = ('checksum' in config ? config.checksum : undefined) ?? 'none';
  if (config.type === 'gue')
    return { type: 'gue', port: 'port' in config && config.port, checksum };
  return config.type === 'gre' ? { type: 'gre', checksum } : { type: config.type };
}

/** Returns the destination that adding `config` to `service` creates, without its counters. */
export function normalDestination(service: ServiceConfig, config: DestinationConfig) {
  const { forwarding = 'direct' } = config;
  return {
    address: canonical(config.address),
    port: config.port ?? ('port' in service ? service.port : 0),
    family: isIPv6(config.address) ? 'ipv6' : 'ipv4',
    forwarding,
    weight: config.weight ?? 1,
    upperThreshold: config.upperThreshold ?? 0,
    lowerThreshold: config.lowerThreshold ?? 0,
    tunnel: forwarding === 'tunnel' ? normalTunnel(config.tunnel ?? { type: 'ipip' }) : null,
  };
}
