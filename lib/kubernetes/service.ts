/**
 * Services, read and checked: what they ask of a node.
 * @module
 */
import { checkInteger } from '../core/check.js';
import { wrongType, wrongValue } from '../core/input-errors.js';
import type { Config } from './config.js';
import { canonicalAddress, familyOf, type IPFamily } from './families.js';
import { type Network, readNetwork } from './networks.js';
import {
  isOthers,
  listOf,
  NONE,
  optionOf,
  portOf,
  protocolOf,
  type ServiceProtocol,
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
  const spec = service.spec ?? {};
  const { clusterIP } = spec;
  if (clusterIP == null || clusterIP === '' || clusterIP === 'None') return undefined;
  if (spec.type === 'ExternalName' || isOthers(metadata)) return undefined;
  const at = `${path}.spec`;
  const isLocal = (name: 'internalTrafficPolicy' | 'externalTrafficPolicy') =>
    optionOf(at, name, spec[name], POLICIES) === 'Local';
  const externalIPs = listOf(at, 'externalIPs', spec.externalIPs);
  const externalLocal =
    isLocal('externalTrafficPolicy') &&
    (spec.type === 'NodePort' || spec.type === 'LoadBalancer' || externalIPs.length > 0);
  const ofFamily = (family: IPFamily) => addressesOf(path, service, externalIPs, family);
  return {
    key,
    created: createdAt(metadata),
    scheduler: schedulerOf(path, metadata, config),
    ports: listOf(at, 'ports', spec.ports).map((port, index) =>
      readPort(`${at}.ports[${index}]`, port),
    ),
    affinity: affinityOf(at, spec),
    internalLocal: isLocal('internalTrafficPolicy'),
    externalLocal,
    healthCheckPort:
      spec.type === 'LoadBalancer' && externalLocal
        ? portOf(at, 'healthCheckNodePort', spec.healthCheckNodePort ?? 0, 0)
        : 0,
    IPv4: config.families.includes('IPv4') ? ofFamily('IPv4') : undefined,
    IPv6: config.families.includes('IPv6') ? ofFamily('IPv6') : undefined,
  };
}

function readPort(path: string, port: ServicePortObject): ServicePort {
  return {
    name: port.name ?? '',
    protocol: protocolOf(path, port.protocol),
    port: portOf(path, 'port', port.port, 1),
    nodePort: portOf(path, 'nodePort', port.nodePort ?? 0, 0),
  };
}

/** Returns the addresses of a family; undefined if the Service has no cluster IP of it. */
function addressesOf(
  path: string,
  { spec, status }: ServiceObject,
  externalIPs: readonly string[],
  family: IPFamily,
): ServiceAddresses | undefined {
  const clusterIPs = listOf(path, 'spec.clusterIPs', spec?.clusterIPs);
  const [clusterIP] =
    clusterIPs.length > 0
      ? readAddresses(path, 'spec.clusterIPs', clusterIPs, family)
      : readAddresses(path, 'spec.clusterIP', [spec?.clusterIP ?? ''], family);
  if (clusterIP === undefined) return undefined;
  const ingress = listOf(path, INGRESS, status?.loadBalancer?.ingress)
    .filter(({ ipMode }) => ipMode == null || ipMode === 'VIP')
    .flatMap(({ ip }) => (ip == null || ip === '' ? [] : [ip]));
  return {
    clusterIP,
    externalIPs: readAddresses(path, 'spec.externalIPs', externalIPs, family),
    ingressIPs: readAddresses(path, INGRESS, ingress, family),
    sourceRanges: rangesOf(path, spec, family),
  };
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
  for (const text of texts) {
    const address = typeof text === 'string' ? canonicalAddress(text, family) : undefined;
    if (address !== undefined) {
      if (!found.includes(address)) found.push(address);
    } else if (typeof text !== 'string') {
      throw wrongType(`${path}.${name}`, text, ADDRESS);
    } else if (familyOf(text) === undefined) {
      throw wrongValue(`${path}.${name}`, text, `is not ${ADDRESS}`);
    }
  }
  return found;
}

function rangesOf(path: string, spec: ServiceObject['spec'], family: IPFamily): readonly Network[] {
  const name = 'spec.loadBalancerSourceRanges';
  const texts = listOf(path, name, spec?.loadBalancerSourceRanges);
  if (texts.length === 0) return NONE;
  return texts
    .map((text, index) => {
      // The API allows blanks around a network.
      const trimmed = typeof text === 'string' ? text.trim() : text;
      return readNetwork(`${path}.${name}[${index}]`, trimmed);
    })
    .filter((network) => network.family === family);
}

function affinityOf(path: string, spec: NonNullable<ServiceObject['spec']>): number | undefined {
  const affinity = optionOf(path, 'sessionAffinity', spec.sessionAffinity, AFFINITIES);
  if (affinity !== 'ClientIP') return undefined;
  const seconds = spec.sessionAffinityConfig?.clientIP?.timeoutSeconds ?? DEFAULT_AFFINITY;
  const property = `${path}.sessionAffinityConfig.clientIP.timeoutSeconds`;
  return checkInteger(property, seconds, 1, MAX_AFFINITY, 'seconds');
}

function schedulerOf(
  path: string,
  { annotations }: ObjectMeta,
  { schedulerAnnotation: name }: Config,
): string | undefined {
  const value = name === undefined ? undefined : annotations?.[name];
  if (value === undefined) return undefined;
  if (typeof value === 'string' && isSchedulerName(value)) return value;
  throw wrongValue(`${path}.metadata.annotations['${name}']`, value, `is not ${SCHEDULER_RULE}`);
}

function createdAt({ creationTimestamp }: ObjectMeta): number {
  if (creationTimestamp == null) return Number.POSITIVE_INFINITY;
  const time = new Date(creationTimestamp).getTime();
  return Number.isNaN(time) ? Number.POSITIVE_INFINITY : time;
}
