/**
 * What kube-proxy's IPVS mode does, case by case: cases.json. Their sources are files and tests of
 * kubernetes/kubernetes.
 * @module
 */
import { readFileSync } from 'node:fs';
import { formatDestinationReference, formatServiceReference, type State } from 'ipvs';
import type {
  CompileConfig,
  CompileResult,
  EndpointSliceObject,
  HealthCheck,
  NodeDescription,
  ServiceObject,
} from 'ipvs/kubernetes';

/** A virtual server, in the words of the cases. */
export interface VirtualServer {
  readonly address: string;
  readonly port: number;
  readonly protocol: 'TCP' | 'UDP' | 'SCTP';
  readonly scheduler: string;
  readonly flags: readonly ('persistent' | 'mh-port')[];
  readonly timeout: number;
  readonly realServers: readonly RealServer[];
}

/** A real server. The counts are those before a sync. */
export interface RealServer {
  readonly address: string;
  readonly port: number;
  readonly weight: number;
  readonly activeConnections?: number;
  readonly inactiveConnections?: number;
}

/** A case of one sync. */
export interface SyncCase {
  readonly name: string;
  readonly kind: 'sync';
  readonly node: NodeDescription;
  readonly config: CompileConfig;
  readonly services: readonly ServiceObject[];
  readonly endpointSlices: readonly EndpointSliceObject[];
  readonly before?: {
    readonly virtualServers?: readonly VirtualServer[];
    readonly dummyAddresses?: readonly string[];
  };
  readonly expected: {
    readonly virtualServers: readonly VirtualServer[];
    readonly dummyAddresses: readonly string[];
    readonly ipsets: Readonly<Record<string, readonly string[]>>;
    readonly nodeDropRules: readonly string[];
    readonly healthChecks: readonly HealthCheck[];
    readonly noLocalEndpoints: CompileResult['noLocalEndpoints'];
    readonly draining: readonly string[];
  };
}

/** A case of another kind. */
interface OtherCase {
  readonly name: string;
  readonly kind: 'conntrack' | 'drain-poll' | 'gate' | 'sysctls' | 'timeouts';
  readonly node: NodeDescription;
  readonly config: Readonly<Record<string, unknown>>;
  readonly services: readonly ServiceObject[];
  readonly endpointSlices: readonly EndpointSliceObject[];
  readonly before: Readonly<Record<string, unknown>>;
  readonly expected: Readonly<Record<string, unknown>>;
}

const file = new URL('cases.json', import.meta.url);
// The tests notice what is missing.
const cases = JSON.parse(readFileSync(file, 'utf8')) as readonly (SyncCase | OtherCase)[];

/** The cases of one sync. */
export const syncCases = cases.filter((each): each is SyncCase => each.kind === 'sync');

/** Returns the cases of another kind. */
export function casesOf(kind: OtherCase['kind']): readonly OtherCase[] {
  return cases.filter((each): each is OtherCase => each.kind === kind);
}

/** Returns the virtual servers of a state, as lines that can be compared. */
export function linesOf(state: State): string[] {
  return state.services
    .flatMap(({ destinations = [], ...service }) => {
      const name = formatServiceReference(service);
      const flags = service.schedulerFlags?.join() ?? '';
      const timeout = service.persistence?.timeout ?? 0;
      const servers = destinations.map(
        ({ forwarding, weight, ...server }) =>
          `${name} -> ${formatDestinationReference(server)} ${forwarding} ${weight}`,
      );
      return [`${name} ${service.scheduler} [${flags}] ${timeout}`, ...servers];
    })
    .sort();
}

/** Returns virtual servers in the form of a state. */
export function stateOf(servers: readonly VirtualServer[]): State {
  return {
    services: servers.map(
      ({ address, port, protocol, scheduler, flags, timeout, realServers }) => ({
        // The names of the protocols differ by case only.
        protocol: protocol.toLowerCase() as Lowercase<typeof protocol>,
        address,
        port,
        scheduler,
        schedulerFlags: flags.includes('mh-port') ? ['mh-port'] : [],
        persistence: flags.includes('persistent') ? { timeout } : null,
        destinations: realServers.map((server) => ({
          address: server.address,
          port: server.port,
          weight: server.weight,
          forwarding: 'masquerade',
        })),
      }),
    ),
  };
}
