/**
 * Services, destinations and rows for tests of `ipvs top`.
 * @module
 */
import {
  type Change,
  type Destination,
  parseDestinationReference,
  parseServiceReference,
  type Service,
  type Stats,
} from 'ipvs';
import {
  type DestinationRow,
  destinationRow,
  NO_RATES,
  type Rates,
  type ServiceRow,
  serviceRow,
} from '../../../lib/cli/top/rows.js';

const STATS: Stats = {
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

/** A destination of a sample, by its reference. */
export function destinationOf(
  reference: string,
  settings: Partial<Destination> = {},
  change: Change | null = null,
) {
  const { address, port = 0 } = parseDestinationReference(reference);
  const family = address.includes(':') ? ('ipv6' as const) : ('ipv4' as const);
  return {
    address,
    port,
    family,
    forwarding: 'masquerade' as const,
    weight: 1,
    upperThreshold: 0,
    lowerThreshold: 0,
    tunnel: null,
    activeConnections: 0,
    inactiveConnections: 0,
    persistentConnections: 0,
    stats: STATS,
    ...settings,
    change,
  };
}

/** A service of a sample, by its reference, without destinations. */
export function serviceOf(
  reference: string,
  scheduler: Service['scheduler'] = 'wrr',
  change: Change | null = null,
) {
  return {
    // A key has the family of a mark; that of an address matters to no test.
    family: 'ipv4' as const,
    ...parseServiceReference(reference),
    scheduler,
    schedulerFlags: [],
    persistence: null,
    onePacket: false,
    stats: STATS,
    change,
    destinations: [],
  };
}

/** Rates of which some are not 0. */
export const rates = (some: Partial<Rates>): Rates => ({ ...NO_RATES, ...some });

/** The row of a destination, by its reference. */
export const destination = (
  reference: string,
  some: Partial<Rates> | null = {},
  settings: Partial<Destination> = {},
): DestinationRow =>
  destinationRow(destinationOf(reference, settings), some === null ? null : rates(some));

/** The row of a service, by its reference. */
export const service = (
  reference: string,
  some: Partial<Rates> | null = {},
  destinations: readonly DestinationRow[] = [],
): ServiceRow =>
  serviceRow(serviceOf(reference), reference, some === null ? null : rates(some), destinations);
