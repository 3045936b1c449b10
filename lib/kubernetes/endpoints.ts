/**
 * EndpointSlices, read and checked: the endpoints behind the ports of a Service.
 * @module
 */
import { checkInteger, checkName } from '../core/check.js';
import { wrongType, wrongValue } from '../core/input-errors.js';
import type { Config } from './config.js';
import { canonicalAddress, type IPFamily } from './families.js';
import {
  isOthers,
  listOf,
  NONE,
  portOf,
  protocolOf,
  type ServiceProtocol,
} from './object-readers.js';
import type { EndpointObject, EndpointSliceObject, ObjectMeta } from './objects.js';
import type { ServicePort } from './service.js';

/** A destination of IPVS. */
export interface EndpointDestination {
  readonly address: string;
  readonly port: number;
  readonly forwarding: 'masquerade';
  readonly weight: number;
}

/** An endpoint of a port. */
export interface PortEndpoint {
  readonly destination: EndpointDestination;
  readonly nodeName: string | undefined;
  readonly condition: Condition;
  /** The names of the nodes and of the zones that it is meant for. */
  readonly nodes: readonly string[];
  readonly zones: readonly string[];
}

/**
 * The condition of an endpoint:
 * - `ready`: it gets connections
 * - `terminating`: it still serves, and gets connections if none is ready
 * - `serving`: it gets no connections, and answers those that it has
 * - `down`: none of this
 */
export type Condition = 'ready' | 'terminating' | 'serving' | 'down';

/** A port of a slice, with the endpoints. */
interface SlicePort {
  readonly name: string;
  readonly protocol: ServiceProtocol;
  readonly endpoints: readonly PortEndpoint[];
  /** True if no two of them have the same address. */
  readonly isUnique: boolean;
}

/** A checked EndpointSlice. */
export interface Slice {
  /** Its own key: 'default/web-1'. */
  readonly key: string;
  /** The key of its Service: 'default/web'. */
  readonly service: string;
  readonly family: IPFamily;
  readonly ports: readonly SlicePort[];
}

const SERVICE_LABEL = 'kubernetes.io/service-name';
const ADDRESS_TYPES = ['IPv4', 'IPv6', 'FQDN'] as const;
const MAX_WEIGHT = 65_535;

/**
 * Reads an EndpointSlice.
 * @param path the place of the slice in errors
 * @param key its key
 * @returns undefined for a slice that no Service of a node uses
 * @throws TypeError, RangeError bad input
 */
export function readSlice(
  path: string,
  key: string,
  slice: EndpointSliceObject,
  config: Config,
): Slice | undefined {
  const metadata = slice.metadata ?? {};
  const service = metadata.labels?.[SERVICE_LABEL];
  const { addressType } = slice;
  checkName(`${path}.addressType`, addressType, ADDRESS_TYPES);
  if (service == null || service === '' || isOthers(metadata)) return undefined;
  if (addressType === 'FQDN') return undefined;
  const weight = weightOf(path, metadata, config);
  const listed = listOf(path, 'endpoints', slice.endpoints);
  const ports: SlicePort[] = [];
  for (const [index, { name, protocol, port }] of listOf(path, 'ports', slice.ports).entries()) {
    if (port == null || port === 0) continue;
    const at = `${path}.ports[${index}]`;
    const number = portOf(at, 'port', port, 1);
    const endpoints: PortEndpoint[] = [];
    for (let place = 0; place < listed.length; place++) {
      const address = addressOf(path, place, listed[place], addressType);
      if (address === undefined) continue;
      endpoints.push(endpointOf(listed[place] ?? {}, { address, port: number, weight }));
    }
    ports.push({
      name: name ?? '',
      protocol: protocolOf(at, protocol),
      endpoints,
      isUnique: areUnique(endpoints),
    });
  }
  return { key, service: `${metadata.namespace}/${service}`, family: addressType, ports };
}

/** Returns the address of an endpoint; undefined if it has none. */
function addressOf(
  path: string,
  place: number,
  endpoint: EndpointObject | undefined,
  family: IPFamily,
): string | undefined {
  const text = endpoint?.addresses?.[0];
  if (text === undefined) return undefined;
  const address = typeof text === 'string' ? canonicalAddress(text, family) : undefined;
  if (address !== undefined) return address;
  const property = `${path}.endpoints[${place}].addresses[0]`;
  const rule = `an ${family} address`;
  throw typeof text === 'string'
    ? wrongValue(property, text, `is not ${rule}`)
    : wrongType(property, text, rule);
}

function endpointOf(
  { conditions, hints, nodeName }: EndpointObject,
  { address, port, weight }: Omit<EndpointDestination, 'forwarding'>,
): PortEndpoint {
  return {
    destination: { address, port, forwarding: 'masquerade', weight },
    nodeName: nodeName ?? undefined,
    condition: conditionOf(conditions),
    nodes: hints?.forNodes == null ? NONE : hints.forNodes.map(({ name }) => name),
    zones: hints?.forZones == null ? NONE : hints.forZones.map(({ name }) => name),
  };
}

/** Returns the condition. Kubernetes counts what is left out as ready and serving. */
function conditionOf(conditions: EndpointObject['conditions']): Condition {
  if (conditions?.ready ?? true) return 'ready';
  if (!(conditions?.serving ?? true)) return 'down';
  return (conditions?.terminating ?? false) ? 'terminating' : 'serving';
}

function weightOf(
  path: string,
  { annotations }: ObjectMeta,
  { weightAnnotation: name }: Config,
): number {
  const value = name === undefined ? undefined : annotations?.[name];
  if (value === undefined) return 1;
  const number = /^\d{1,5}$/.test(value) ? Number(value) : value;
  return checkInteger(`${path}.metadata.annotations['${name}']`, number, 0, MAX_WEIGHT);
}

/** Returns the endpoints of a port of a Service, each once: by address and port. */
export function endpointsOf(
  { name, protocol }: ServicePort,
  slices: readonly Slice[],
  family: IPFamily,
  nodeName: string,
): readonly PortEndpoint[] {
  const found: SlicePort[] = [];
  for (const slice of slices) {
    if (slice.family !== family) continue;
    for (const port of slice.ports) {
      if (port.name === name && port.protocol === protocol) found.push(port);
    }
  }
  const [first] = found;
  if (found.length === 1 && first?.isUnique) return first.endpoints;
  return withoutDuplicates(
    found.flatMap(({ endpoints }) => endpoints),
    nodeName,
  );
}

/**
 * Returns the endpoints, those with the same address and port once. Among these, the first one of
 * the node prevails, or else the first one.
 */
function withoutDuplicates(
  endpoints: readonly PortEndpoint[],
  nodeName: string,
): readonly PortEndpoint[] {
  const found = new Map<string, PortEndpoint>();
  for (const endpoint of endpoints) {
    const { address, port } = endpoint.destination;
    const key = `${address},${port}`;
    const other = found.get(key);
    const isBetter = endpoint.nodeName === nodeName && other?.nodeName !== nodeName;
    if (other === undefined || isBetter) found.set(key, endpoint);
  }
  return [...found.values()];
}

/** The number of endpoints from which on a set is faster than comparing each with each. */
const MANY = 16;

/** Returns true if no two endpoints of a port have the same address. */
function areUnique(endpoints: readonly PortEndpoint[]): boolean {
  const { length } = endpoints;
  if (length >= MANY) {
    return new Set(endpoints.map(({ destination }) => destination.address)).size === length;
  }
  for (let place = 1; place < length; place++) {
    const address = endpoints[place]?.destination.address;
    for (let before = 0; before < place; before++) {
      if (endpoints[before]?.destination.address === address) return false;
    }
  }
  return true;
}
