/**
 * Tables that metrics are made of, without a kernel.
 * @module
 */
import type {
  Destination,
  DirectorEvent,
  DirectorEvents,
  DirectorState,
  Service,
  ServiceWithDestinations,
  Stats,
} from '../../../lib/index.js';
import type { DirectorSource, MetricsSource } from '../../../lib/metrics/index.js';
import { EventHub } from '../../../lib/state/director/events.js';

/** Counters and rates: 0 unless given. */
export const stats = (values: Partial<Stats> = {}): Stats => ({
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
  ...values,
});

const settings = {
  family: 'ipv4',
  scheduler: 'rr',
  schedulerFlags: [],
  persistence: null,
  onePacket: false,
  stats: stats(),
} as const;

/** The service tcp://10.96.0.1:80 with these properties. */
export const web: Extract<Service, { address: string }> = {
  protocol: 'tcp',
  address: '10.96.0.1',
  port: 80,
  ...settings,
};

export const mark = (fwmark: number, family: 'ipv4' | 'ipv6'): Service => ({
  ...settings,
  fwmark,
  family,
});

/** The destination 10.1.1.2:8080 with these properties. */
export const server = (values: Partial<Destination> = {}): Destination => ({
  address: '10.1.1.2',
  port: 8080,
  family: 'ipv4',
  forwarding: 'masquerade',
  weight: 1,
  upperThreshold: 0,
  lowerThreshold: 0,
  tunnel: null,
  activeConnections: 0,
  inactiveConnections: 0,
  persistentConnections: 0,
  stats: stats(),
  ...values,
});

export const withServers = (
  service: Service,
  ...destinations: readonly Destination[]
): ServiceWithDestinations => ({ ...service, destinations });

/** A table of so many services with so many destinations each. */
export function largeTable(services: number, destinations: number): ServiceWithDestinations[] {
  return Array.from({ length: services }, (_, index) =>
    withServers(
      { ...web, address: `10.96.${index >> 8}.${index & 255}` },
      ...Array.from({ length: destinations }, (_, each) =>
        server({ address: `10.${each & 255}.${index >> 8}.${index & 255}` }),
      ),
    ),
  );
}

/** A source of a table, which counts how often it is read. */
class FakeSource {
  reads = 0;
  failure: Error | undefined;
  readonly #services: readonly ServiceWithDestinations[];
  readonly #totals: Stats;

  constructor(services: readonly ServiceWithDestinations[], totals = stats()) {
    this.#services = services;
    this.#totals = totals;
  }

  async snapshot() {
    this.reads++;
    if (this.failure !== undefined) throw this.failure;
    return { services: this.#services };
  }

  async getStats() {
    return this.#totals;
  }

  activity() {
    return {
      calls: 1,
      exchanges: 2,
      requests: 3,
      inFlight: 4,
      waiting: 5,
      repeatedRequests: 6,
      lostReplies: 7,
      repeatedLists: 8,
    };
  }
}

/** A source as the constructor of Metrics takes it. */
export function sourceOf(services: readonly ServiceWithDestinations[], totals?: Stats) {
  const fake = new FakeSource(services, totals);
  // The overloads of a handle also have BigInts, which metrics do not ask for.
  return { fake, source: fake as unknown as MetricsSource };
}

/** A director whose events the test gives. */
export class DirectorDouble implements DirectorSource {
  readonly #hub = new EventHub();
  current: DirectorState = {
    wanted: undefined,
    draining: [],
    refused: [],
    lastSync: undefined,
    steps: { count: 0, failures: 0, duration: 0 },
  };

  events(): DirectorEvents {
    return this.#hub.open(undefined);
  }

  state(): DirectorState {
    return this.current;
  }

  emit(event: DirectorEvent): void {
    this.#hub.emit(event);
  }

  close(): void {
    this.#hub.close();
  }
}
