/**
 * Services, read and checked: what they ask of a node.
 * @module
 */
import { checkInteger } from '../core/check.js';
import { wrongType, wrongValue } from '../core/input-errors.js';
import { types } from '../core/util.js';
import type { Config } from './config.js';
import { canonicalAddress, familyOf, type IPFamily, unusableKind } from './families.js';
import { type Network, readNetwork } from './networks.js';
import {
  annotationOf,
  annotationPath,
  checkObject,
  ItemPath,
  isOthers,
  listOf,
  NONE,
  objectOf,
  optionOf,
  portOf,
  protocolOf,
  type ServiceProtocol,
  textOf,
} from './object-readers.js';
import type { ObjectMeta, ServiceObject, ServicePortObject } from './objects.js';
import { isSchedulerName, SCHEDULER_RULE } from './scheduler-name.js';

/** A port of a Service. */
export interface ServicePort {
  readonly name: string;
  readonly protocol: ServiceProtocol;
  readonly port: number;
  /** 0: none. */
  readonly nodePort: number;
}

/** The virtual addresses of a Service, of one family. */
export interface ServiceAddresses {
  readonly clusterIP: string;
  readonly externalIPs: readonly string[];
  /** The addresses of load balancers that packets still have when they arrive at a node. */
  readonly ingressIPs: readonly string[];
  /** The networks that may use a load balancer; none: all. */
  readonly sourceRanges: readonly Network[];
}

/** A checked Service that has a cluster IP. */
export interface ServiceSpec {
  /** 'default/web'. */
  readonly key: string;
  /** When it was created, in milliseconds; infinite if that is not known. */
  readonly created: number;
  readonly scheduler: string | undefined;
  readonly ports: readonly ServicePort[];
  /** The seconds of its session affinity; undefined: none. */
  readonly affinity: number | undefined;
  /** True if only local endpoints serve the cluster IP. */
  readonly internalLocal: boolean;
  /** True if only local endpoints serve the other addresses. */
  readonly externalLocal: boolean;
  /** The port on which a load balancer asks for local endpoints. 0: none. */
  readonly healthCheckPort: number;
  readonly IPv4: ServiceAddresses | undefined;
  readonly IPv6: ServiceAddresses | undefined;
}

const POLICIES = ['Cluster', 'Local'] as const;
const AFFINITIES = ['None', 'ClientIP'] as const;
/** The default and the limit of the API, in seconds. */
const DEFAULT_AFFINITY = 10_800;
const MAX_AFFINITY = 86_400;
const ADDRESS = 'an IPv4 or IPv6 address';
const INGRESS = 'status.loadBalancer.ingress';

type Spec = NonNullable<ServiceObject['spec']>;

/**
 * Reads a Service.
 * @param path the place of the Service in errors
 * @param key its key
 * @returns undefined for a Service that asks nothing of a node: headless, ExternalName, without a
 *   cluster IP so far, or served by another program
 * @throws TypeError, RangeError bad input
 */
export function readService(
  path: string,
  key: string,
  service: ServiceObject,
  config: Config,
): ServiceSpec | undefined {
  const metadata = service.metadata ?? {};
  const spec = objectOf(path, 'spec', service.spec);
  const at = `${path}.spec`;
  const clusterIP = textOf(at, 'clusterIP', spec.clusterIP) ?? '';
  const type = textOf(at, 'type', spec.type);
  if (clusterIP === '' || clusterIP === 'None' || type === 'ExternalName') return undefined;
  if (isOthers(path, metadata)) return undefined;
  const isLocal = (name: 'internalTrafficPolicy' | 'externalTrafficPolicy') =>
    optionOf(at, name, spec[name], POLICIES) === 'Local';
  const externalIPs = listOf(at, 'externalIPs', spec.externalIPs);
  const externalLocal =
    isLocal('externalTrafficPolicy') &&
    (type === 'NodePort' || type === 'LoadBalancer' || externalIPs.length > 0);
  const virtual = {
    clusterIP,
    clusterIPs: listOf(at, 'clusterIPs', spec.clusterIPs),
    externalIPs,
    ingressIPs: ingressOf(path, service),
    sourceRanges: rangesOf(at, spec),
  };
  const ofFamily = (family: IPFamily) => addressesOf(path, virtual, family);
  return {
    key,
    created: createdAt(path, metadata),
    scheduler: schedulerOf(path, metadata, config),
    ports: readPorts(`${at}.ports`, listOf(at, 'ports', spec.ports)),
    affinity: affinityOf(at, spec),
    internalLocal: isLocal('internalTrafficPolicy'),
    externalLocal,
    healthCheckPort:
      type === 'LoadBalancer' && externalLocal
        ? portOf(at, 'healthCheckNodePort', spec.healthCheckNodePort ?? 0, 0)
        : 0,
    IPv4: config.families.includes('IPv4') ? ofFamily('IPv4') : undefined,
    IPv6: config.families.includes('IPv6') ? ofFamily('IPv6') : undefined,
  };
}

function readPorts(list: string, ports: readonly ServicePortObject[]): ServicePort[] {
  const at = new ItemPath(list);
  return ports.map((port, index) => {
    at.index = index;
    checkObject(at, port);
    return {
      name: textOf(at, 'name', port.name) ?? '',
      protocol: protocolOf(at, port.protocol),
      port: portOf(at, 'port', port.port, 1),
      nodePort: portOf(at, 'nodePort', port.nodePort ?? 0, 0),
    };
  });
}

/** The virtual addresses of a Service, of both families. */
interface VirtualAddresses extends ServiceAddresses {
  readonly clusterIPs: readonly string[];
}

/** Returns the addresses of a family; undefined if the Service has no cluster IP of it. */
function addressesOf(
  path: string,
  virtual: VirtualAddresses,
  family: IPFamily,
): ServiceAddresses | undefined {
  const { clusterIPs, externalIPs, ingressIPs, sourceRanges } = virtual;
  const clusterIP =
    clusterIPs.length > 0
      ? readAddresses(path, 'spec.clusterIPs', clusterIPs, family)[0]
      : readAddress(path, 'spec.clusterIP', virtual.clusterIP, family);
  if (clusterIP === undefined) return undefined;
  return {
    clusterIP,
    externalIPs: readAddresses(path, 'spec.externalIPs', externalIPs, family),
    ingressIPs: readAddresses(path, INGRESS, ingressIPs, family),
    sourceRanges: sourceRanges.filter((network) => network.family === family),
  };
}

/** Returns the addresses of load balancers that packets still have when they arrive at a node. */
function ingressOf(path: string, service: ServiceObject): readonly string[] {
  const status = objectOf(path, 'status', service.status);
  const balancer = objectOf(path, 'status.loadBalancer', status.loadBalancer);
  const ingress = listOf(path, INGRESS, balancer.ingress);
  if (ingress.length === 0) return NONE;
  return ingress.flatMap((each, index) => {
    const at = `${path}.${INGRESS}[${index}]`;
    checkObject(at, each);
    const ip = textOf(at, 'ip', each.ip) ?? '';
    const mode = textOf(at, 'ipMode', each.ipMode) ?? 'VIP';
    if (ip === '' || mode !== 'VIP') return [];
    if (familyOf(ip) === undefined) throw wrongValue(`${at}.ip`, ip, `is not ${ADDRESS}`);
    checkUsable(() => `${at}.ip`, ip);
    return [ip];
  });
}

/** Returns those addresses that are of the family, each once, in canonical form. */
function readAddresses(
  path: string,
  name: string,
  texts: readonly string[],
  family: IPFamily,
): readonly string[] {
  if (texts.length === 0) return NONE;
  const found: string[] = [];
  for (const [index, text] of texts.entries()) {
    const address = readAddress(path, name, text, family, index);
    if (address !== undefined && !found.includes(address)) found.push(address);
  }
  return found;
}

/**
 * Returns an address in canonical form; undefined if it is of the other family.
 * @param index its place, if the property is an array
 */
function readAddress(
  path: string,
  name: string,
  text: unknown,
  family: IPFamily,
  index?: number,
): string | undefined {
  const at = () => (index === undefined ? `${path}.${name}` : `${path}.${name}[${index}]`);
  const address = typeof text === 'string' ? canonicalAddress(text, family) : undefined;
  if (address !== undefined) {
    checkUsable(at, address);
    return address;
  }
  if (typeof text !== 'string') throw wrongType(at(), text, ADDRESS);
  if (familyOf(text) === undefined) throw wrongValue(at(), text, `is not ${ADDRESS}`);
  return undefined;
}

/** IPVS refuses a state with such an address: one Service must not hold up the others. */
function checkUsable(property: () => string, address: string): void {
  const kind = unusableKind(address);
  if (kind === undefined) return;
  throw wrongValue(property(), address, `is ${kind}: no packet would ever match it`);
}

function rangesOf(path: string, spec: Spec): readonly Network[] {
  const name = 'loadBalancerSourceRanges';
  const texts = listOf(path, name, spec[name]);
  if (texts.length === 0) return NONE;
  return texts.map((text, index) => {
    // The API allows blanks around a network.
    const trimmed = typeof text === 'string' ? text.trim() : text;
    return readNetwork(`${path}.${name}[${index}]`, trimmed);
  });
}

function affinityOf(path: string, spec: Spec): number | undefined {
  const affinity = optionOf(path, 'sessionAffinity', spec.sessionAffinity, AFFINITIES);
  if (affinity !== 'ClientIP') return undefined;
  const config = objectOf(path, 'sessionAffinityConfig', spec.sessionAffinityConfig);
  const clientIP = objectOf(path, 'sessionAffinityConfig.clientIP', config.clientIP);
  const seconds = clientIP.timeoutSeconds ?? DEFAULT_AFFINITY;
  const property = `${path}.sessionAffinityConfig.clientIP.timeoutSeconds`;
  return checkInteger(property, seconds, 1, MAX_AFFINITY, 'seconds');
}

function schedulerOf(
  path: string,
  metadata: ObjectMeta,
  { schedulerAnnotation: name }: Config,
): string | undefined {
  const value = annotationOf(path, metadata, name);
  if (name === undefined || value === undefined) return undefined;
  if (isSchedulerName(value)) return value;
  throw wrongValue(`${path}.${annotationPath(name)}`, value, `is not ${SCHEDULER_RULE}`);
}

function createdAt(path: string, { creationTimestamp }: ObjectMeta): number {
  if (creationTimestamp == null) return Number.POSITIVE_INFINITY;
  const property = `${path}.metadata.creationTimestamp`;
  const rule = "a time such as '2026-01-02T03:04:05Z'";
  if (typeof creationTimestamp !== 'string' && !types.isDate(creationTimestamp)) {
    throw wrongType(property, creationTimestamp, rule);
  }
  const time = new Date(creationTimestamp).getTime();
  if (Number.isNaN(time)) throw wrongValue(property, creationTimestamp, `is not ${rule}`);
  return time;
}
