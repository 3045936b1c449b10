/**
 * The rows of `ipvs top`: services and destinations with their rates.
 * @module
 */
import type {
  CounterName,
  Destination,
  Service,
  WatchedDestination,
  WatchedService,
} from '../../index.js';
import { formatDestinationKey } from '../../ipvs/keys.js';

/** Increases per second. */
export type Rates = Readonly<Record<CounterName, number>>;

/** The rates of an object whose counters stand still. */
export const NO_RATES: Rates = {
  connections: 0,
  inPackets: 0,
  outPackets: 0,
  inBytes: 0,
  outBytes: 0,
};

/** Returns the sums of two rates. */
export const addRates = (a: Rates, b: Rates): Rates => ({
  connections: a.connections + b.connections,
  inPackets: a.inPackets + b.inPackets,
  outPackets: a.outPackets + b.outPackets,
  inBytes: a.inBytes + b.inBytes,
  outBytes: a.outBytes + b.outBytes,
});

/** Returns rates multiplied by a factor. */
export const scaleRates = (rates: Rates, factor: number): Rates => ({
  connections: rates.connections * factor,
  inPackets: rates.inPackets * factor,
  outPackets: rates.outPackets * factor,
  inBytes: rates.inBytes * factor,
  outBytes: rates.outBytes * factor,
});

/** The numbers of a row. */
export interface Numbers {
  /** The weight; for a service, the sum of its destinations' weights. */
  readonly weight: number;
  readonly activeConnections: number;
  readonly inactiveConnections: number;
  /** Null if they are not known yet, because the object is new. */
  readonly rates: Rates | null;
}

/** A destination. */
export interface DestinationRow extends Numbers {
  readonly kind: 'destination';
  readonly destination: Destination;
}

/** A service with its destinations. */
export interface ServiceRow extends Numbers {
  readonly kind: 'service';
  readonly service: Service;
  /** The text of its reference, which identifies it. */
  readonly key: string;
  readonly destinations: readonly DestinationRow[];
}

/** A service or a destination. */
export type Row = ServiceRow | DestinationRow;

/** Returns the row of a destination. */
export function destinationRow(
  destination: WatchedDestination,
  rates: Rates | null,
): DestinationRow {
  const { weight, activeConnections, inactiveConnections } = destination;
  return {
    kind: 'destination',
    destination,
    weight,
    activeConnections,
    inactiveConnections,
    rates,
  };
}

/** Returns the row of a service. */
export function serviceRow(
  service: WatchedService,
  key: string,
  rates: Rates | null,
  destinations: readonly DestinationRow[],
): ServiceRow {
  return { kind: 'service', service, key, destinations, ...sumOf(destinations), rates };
}

/** Returns the sums of the numbers of rows that are no rates. */
function sumOf(rows: readonly Numbers[]): Omit<Numbers, 'rates'> {
  let weight = 0;
  let activeConnections = 0;
  let inactiveConnections = 0;
  for (const row of rows) {
    weight += row.weight;
    activeConnections += row.activeConnections;
    inactiveConnections += row.inactiveConnections;
  }
  return { weight, activeConnections, inactiveConnections };
}

/** Returns the sums over all services. Rates that are not known do not count. */
export function totalOf(services: readonly ServiceRow[]): Numbers {
  const known = services.flatMap(({ rates }) => rates ?? []);
  const rates = known.length === 0 ? null : known.reduce(addRates, NO_RATES);
  return { ...sumOf(services), rates };
}

/** Returns the name of a service or destination: the text of its reference. */
export function nameOf(row: Row): string {
  return row.kind === 'service' ? row.key : formatDestinationKey(row.destination);
}

/** Returns the scheduler of a service, or the forwarding method of a destination. */
export function methodOf(row: Row): string {
  return row.kind === 'service' ? row.service.scheduler : row.destination.forwarding;
}
