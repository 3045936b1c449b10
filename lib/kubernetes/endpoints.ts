/**
 * EndpointSlices, read and checked: the endpoints behind the ports of a Service.
 * @module
 */
import { checkInteger, checkName } from '../core/check.js';
import { wrongType, wrongValue } from '../core/input-errors.js';
import type { Config } from './config.js';
import { canonicalAddress, type IPFamily, unusableEndpointKind } from './families.js';
import {
  annotationOf,
  annotationPath,
  checkObject,
  type ErrorPath,
  flagOf,
  ItemPath,
  isOthers,
  listOf,
  NONE,
  objectOf,
  portOf,
  protocolOf,
  type ServiceProtocol,
  textOf,
} from './object-readers.js';
import type { EndpointObject, EndpointSliceObject, ObjectMeta } from './objects.js';
import type { ServicePort } from './service.js';

/** A destination of IPVS. */
interface EndpointDestination {
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
  const labels = objectOf(path, 'metadata.labels', metadata.labels);
  const service = textOf(path, `metadata.labels['${SERVICE_LABEL}']`, labels[SERVICE_LABEL]);
  const { addressType } = slice;
  checkName(`${path}.addressType`, addressType, ADDRESS_TYPES);
  if (service === undefined || service === '' || isOthers(path, metadata)) return undefined;
  if (addressType === 'FQDN') return undefined;
  const weight = weightOf(path, metadata, config);
  const listed = listOf(path, 'endpoints', slice.endpoints);
  const ports: SlicePort[] = [];
  const at = new ItemPath(`${path}.ports`);
  for (const port of listOf(path, 'ports', slice.ports)) {
    checkObject(at, port);
    // Without a number, it is not used.
    if (port.port != null && port.port !== 0) {
      const number = portOf(at, 'port', port.port, 1);
      const endpoints = readEndpoints(`${path}.endpoints`, listed, {
        family: addressType,
        port: number,
        weight,
      });
      ports.push({
        name: textOf(at, 'name', port.name) ?? '',
        protocol: protocolOf(at, port.protocol),
        endpoints,
        isUnique: areUnique(endpoints),
      });
    }
    at.index++;
  }
  return { key, service: `${metadata.namespace}/${service}`, family: addressType, ports };
}

/** The properties that the endpoints of a port have in common. */
interface Common {
  readonly family: IPFamily;
  readonly port: number;
  readonly weight: number;
}

/** Reads the endpoints of a port: those that have an address. */
function readEndpoints(
  list: string,
  listed: readonly EndpointObject[],
  { family, port, weight }: Common,
): PortEndpoint[] {
  const endpoints: PortEndpoint[] = [];
  const at = new ItemPath(list);
  for (; at.index < listed.length; at.index++) {
    const endpoint = listed[at.index];
    checkObject(at, endpoint);
    const { addresses, conditions, hints, nodeName }: EndpointObject = endpoint;
    const text = listOf(at, 'addresses', addresses)[0];
    if (text === undefined) continue;
    const { forNodes, forZones } = objectOf(at, 'hints', hints);
    endpoints.push({
      destination: {
        address: addressOf(at, text, family),
        port,
        forwarding: 'masquerade',
        weight,
      },
      nodeName: textOf(at, 'nodeName', nodeName),
      condition: conditionOf(at, objectOf(at, 'conditions', conditions)),
      nodes: forNodes == null ? NONE : namesOf(at, 'hints.forNodes', forNodes),
      zones: forZones == null ? NONE : namesOf(at, 'hints.forZones', forZones),
    });
  }
  return endpoints;
}

function addressOf(path: ErrorPath, text: unknown, family: IPFamily): string {
  const address = typeof text === 'string' ? canonicalAddress(text, family) : undefined;
  const kind = address && unusableEndpointKind(address);
  if (address !== undefined && kind === undefined) return address;
  const property = `${path}.addresses[0]`;
  if (kind !== undefined) throw wrongValue(property, text, `is ${kind}, which no server has`);
  const rule = `an ${family} address`;
  throw typeof text === 'string'
    ? wrongValue(property, text, `is not ${rule}`)
    : wrongType(property, text, rule);
}

/** Returns the names of hints. */
function namesOf(
  path: ErrorPath,
  name: string,
  hints: readonly { readonly name: string }[],
): readonly string[] {
  return listOf(path, name, hints).map((hint, index) => {
    const at = `${path}.${name}[${index}]`;
    checkObject(at, hint);
    return textOf(at, 'name', hint.name) ?? '';
  });
}

/** Returns the condition. Kubernetes counts what is left out as ready and serving. */
function conditionOf(
  path: ErrorPath,
  { ready, serving, terminating }: NonNullable<EndpointObject['conditions']>,
): Condition {
  if (flagOf(path, 'conditions.ready', ready) ?? true) return 'ready';
  if (!(flagOf(path, 'conditions.serving', serving) ?? true)) return 'down';
  return (flagOf(path, 'conditions.terminating', terminating) ?? false) ? 'terminating' : 'serving';
}

function weightOf(path: string, metadata: ObjectMeta, { weightAnnotation: name }: Config): number {
  const text = annotationOf(path, metadata, name);
  if (name === undefined || text === undefined) return 1;
  const value = /^\d{1,5}$/.test(text) ? Number(text) : text;
  return checkInteger(`${path}.${annotationPath(name)}`, value, 0, MAX_WEIGHT);
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
