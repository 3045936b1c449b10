/**
 * Arbitrary states: all that the kernel can have, also what only other programs than this package and
 * ipvsadm set.
 * @module
 */
import fc from 'fast-check';
import {
  formatAddress,
  normalizeDestination,
  normalizeService,
  type ServiceConfig,
  type State,
} from 'ipvs';
import { ipv4, ipv6 } from './arbitraries.js';

const MAX_U32 = 2 ** 32 - 1;
const u32 = fc.oneof(fc.nat(3), fc.nat(65536), fc.nat(MAX_U32), fc.constant(MAX_U32));
const port = fc.oneof(fc.constantFrom(0, 53, 80), fc.nat(65535));
const name = fc.stringMatching(/^[\w.-]{1,15}$/);
/** Returns true for an address that a real server may have. */
const isReal = (address: string) =>
  !/^(?:0\.0\.0\.0|22[4-9]|2[3-5]\d\.)|^ff|^::$|^::ffff:\d+\./.test(formatAddress(address));

const persistence = (family: 'ipv4' | 'ipv6') =>
  fc.record({
    timeout: u32,
    netmask: family === 'ipv4' ? ipv4 : fc.integer({ min: 1, max: 128 }),
    engine: fc.oneof(fc.constant(null), fc.constant('sip'), name),
  });

const key = fc.oneof(
  fc.record({
    protocol: fc.constantFrom('tcp', 'udp', 'sctp', 'unknown-47'),
    address: fc.oneof(ipv4, ipv6),
    port,
  }),
  fc.record({
    fwmark: fc.oneof(fc.integer({ min: 1, max: 9 }), fc.integer({ min: 1, max: MAX_U32 })),
    family: fc.constantFrom('ipv4', 'ipv6'),
  }),
);

const stats = normalizedStats();

/** Counters: they mark objects as the kernel's. */
function normalizedStats() {
  const names = ['connections', 'inPackets', 'outPackets', 'inBytes', 'outBytes'];
  const rates = ['connectionRate', 'inPacketRate', 'outPacketRate', 'inByteRate', 'outByteRate'];
  return Object.fromEntries([...names, ...rates].map((each) => [each, 0]));
}

const familyOf = (config: { readonly family?: string; readonly address?: string }) =>
  (config.family ?? (config.address?.includes(':') === true ? 'ipv6' : 'ipv4')) as 'ipv4' | 'ipv6';

/** A service as the kernel may have it. */
const service = key.chain((config) => {
  const family = familyOf(config);
  const settings = {
    scheduler: fc.oneof(fc.constantFrom('rr', 'wlc', 'sh', 'mh', 'none'), name),
    schedulerFlags: fc
      .array(
        fc.oneof(
          fc.constantFrom('flag-1', 'flag-2', 'flag-3'),
          fc.integer({ min: 6, max: 31 }).map((bit) => `unknown-${2 ** bit}`),
        ),
        { maxLength: 2 },
      )
      .map((flags) => [...new Set(flags)]),
    persistence: fc.option(persistence(family), { freq: 2 }),
    inactivePersistence: fc.option(persistence(family), { freq: 2 }),
    onePacket: fc.boolean(),
  };
  return fc.record(settings).map(({ inactivePersistence, ...rest }) => {
    const inactive =
      rest.persistence === null && inactivePersistence !== null ? { inactivePersistence } : {};
    // The arbitraries make what the kernel may have, which is more than the types of a config.
    return { ...config, ...rest, ...inactive, stats } as unknown as ServiceConfig;
  });
});

const tunnel = fc.record({
  type: fc.constantFrom('ipip', 'gue', 'gre', 'unknown-9'),
  port,
  checksum: fc.constantFrom('none', 'checksum', 'remote-checksum', 'unknown-8'),
});

const destinationOf = (family: 'ipv4' | 'ipv6', mark: boolean, servicePort: number) =>
  fc
    .record({
      forwarding: fc.constantFrom('masquerade', 'direct', 'tunnel', 'local', 'bypass', 'unknown-6'),
      ipv4: ipv4.filter(isReal),
      ipv6: ipv6.filter(isReal),
      crosses: fc.boolean(),
      samePort: fc.boolean(),
      port,
      weight: u32,
      thresholds: fc.tuple(fc.constantFrom(0, 1), u32, u32),
      tunnel: fc.option(tunnel, { freq: 2 }),
    })
    .map(({ ipv4: v4, ipv6: v6, crosses, samePort, thresholds: [limited, a, b], ...rest }) => {
      const isIpv6 = (family === 'ipv6') !== (crosses && rest.forwarding === 'tunnel');
      const port = samePort && !mark ? servicePort : rest.port;
      return {
        ...rest,
        address: isIpv6 ? v6 : v4,
        port,
        upperThreshold: limited * Math.max(a, b),
        lowerThreshold: limited * Math.min(a, b),
        stats,
      };
    });

/** A state in canonical form, each object marked as the kernel's. */
export const ruleState: fc.Arbitrary<State> = fc
  .uniqueArray(
    service.chain((config) => {
      const { port = 0, fwmark } = config as { port?: number; fwmark?: number };
      const family = familyOf(config as { family?: string; address?: string });
      const destinations = fc.uniqueArray(destinationOf(family, fwmark !== undefined, port), {
        maxLength: 4,
        selector: ({ address, port }) => canonicalDestination(config, address, port),
      });
      return fc.option(destinations, { freq: 9, nil: undefined }).map((list) => ({
        ...normalizeService(config),
        stats,
        ...(list === undefined
          ? {}
          : {
              destinations: list.map((each) => ({
                // As above.
                ...normalizeDestination(config, each as never),
                stats,
              })),
            }),
      }));
    }),
    {
      maxLength: 4,
      selector: ({ protocol, address, port, fwmark, family }) =>
        JSON.stringify([protocol, address, port, fwmark, family]),
    },
  )
  .map((services) => ({ services }) as State);

function canonicalDestination(config: ServiceConfig, address: string, port: number): string {
  const forwarding = 'tunnel';
  const key = normalizeDestination(config, { address, port, forwarding, stats } as never);
  return `${key.address} ${key.port}`;
}

/** Returns a state without the marks. */
export function withoutStats({ services }: Pick<State, 'services'>) {
  return services.map((each) => {
    const { stats: _, destinations, ...service } = { stats: 0, ...each };
    if (destinations === undefined) return service;
    return {
      ...service,
      destinations: destinations.map((destination) => {
        const { stats: __, ...settings } = { stats: 0, ...destination };
        return settings;
      }),
    };
  });
}
