/**
 * One Service, compiled for one family: its share of the result.
 * @module
 */
import type { DestinationConfig, WantedService } from '../index.js';
import type { Config } from './config.js';
import { endpointsOf, type PortEndpoint, type Slice } from './endpoints.js';
import type { IPFamily } from './families.js';
import { formatNetwork, hasAddress } from './networks.js';
import type { CheckedNode, NodeAddresses } from './node.js';
import type { ServiceProtocol } from './object-readers.js';
import type { HealthCheck, UdpFrontend } from './result.js';
import type { ServiceAddresses, ServicePort, ServiceSpec } from './service.js';
import { type SetName, setNameOf } from './sets.js';
import { clusterEndpoints, hasUsable, localEndpoints } from './topology.js';

/** A wanted service that has an address. */
type VirtualService = Extract<WantedService, { readonly address: string }>;

/** The wanted service at a virtual address and port. */
interface Frontend {
  /** 'tcp://10.96.0.1:80', 'tcp://[fd00::1]:80'. */
  readonly key: string;
  readonly service: WantedService;
}

/** The share of a Service. */
export interface Fragment {
  readonly frontends: Frontend[];
  /** The sets' names, each followed by an entry. */
  readonly entries: string[];
  readonly dropRules: string[];
  readonly healthChecks: HealthCheck[];
  readonly udp: UdpFrontend[];
  lacksInternal: boolean;
  lacksExternal: boolean;
}

/** The context in which the ports of a Service are compiled. */
interface Context {
  readonly fragment: Fragment;
  readonly spec: ServiceSpec;
  readonly addresses: ServiceAddresses;
  readonly node: CheckedNode;
  /** The addresses of the node, of the family. */
  readonly own: NodeAddresses;
  readonly family: IPFamily;
  readonly scheduler: string;
}

const HASHES_PORTS = ['mh-port'] as const;

const LOWER = { TCP: 'tcp', UDP: 'udp', SCTP: 'sctp' } as const;

/** Returns a fragment that asks for nothing. */
export function emptyFragment(): Fragment {
  return {
    frontends: [],
    entries: [],
    dropRules: [],
    healthChecks: [],
    udp: [],
    lacksInternal: false,
    lacksExternal: false,
  };
}

/** Compiles a Service for a family, and adds the result to a fragment. */
export function compileService(
  fragment: Fragment,
  spec: ServiceSpec,
  slices: readonly Slice[],
  family: IPFamily,
  { node, config }: { readonly node: CheckedNode; readonly config: Config },
): void {
  const addresses = spec[family];
  if (addresses === undefined) return;
  const scheduler = spec.scheduler ?? config.scheduler;
  const context = { fragment, spec, addresses, node, own: node[family], family, scheduler };
  const healthy = new Set<string>();
  for (const port of spec.ports) {
    const endpoints = endpointsOf(port, slices, family, node.name);
    compilePort(context, port, endpoints);
    if (spec.healthCheckPort === 0) continue;
    for (const { destination, condition, nodeName } of endpoints) {
      if (nodeName === node.name && condition === 'ready') healthy.add(destination.address);
    }
  }
  if (spec.ports.length > 0) bindAddresses(context);
  if (spec.healthCheckPort === 0) return;
  fragment.healthChecks.push({
    service: spec.key,
    family,
    port: spec.healthCheckPort,
    localEndpoints: healthy.size,
    status: healthy.size > 0 ? 200 : 503,
  });
}

function compilePort(
  context: Context,
  port: ServicePort,
  endpoints: readonly PortEndpoint[],
): void {
  const { spec, addresses, own } = context;
  addLoopBack(context, port, endpoints);
  if (port.protocol === 'UDP') addUdp(context, port, endpoints);
  const { internal, external } = destinationsOf(context, port, endpoints);
  addFrontend(context, port, addresses.clusterIP, port.port, internal);
  addEntry(context, 'KUBE-CLUSTER-IP', addresses.clusterIP, port);
  for (const address of addresses.externalIPs) {
    addFrontend(context, port, address, port.port, external);
    const name = spec.externalLocal ? 'KUBE-EXTERNAL-IP-LOCAL' : 'KUBE-EXTERNAL-IP';
    addEntry(context, name, address, port);
  }
  for (const address of addresses.ingressIPs) {
    addFrontend(context, port, address, port.port, external);
    addLoadBalancer(context, address, port);
  }
  if (port.nodePort !== 0) {
    // As in kube-proxy, the health check port goes with them.
    if (own.nodePort.length === 0) return;
    for (const address of own.nodePort) {
      addFrontend(context, port, address, port.nodePort, external);
    }
    addNodePort(context, port);
  }
  if (spec.healthCheckPort !== 0) {
    add(context, 'KUBE-HEALTH-CHECK-NODE-PORT', String(spec.healthCheckPort));
  }
}

/** The destinations of the cluster IP, and those of the other addresses. */
interface Destinations {
  readonly internal: readonly DestinationConfig[];
  readonly external: readonly DestinationConfig[];
}

/**
 * Returns the destinations by traffic policy. The policy Local without a local endpoint uses those
 * of the cluster, so that pods of the node get through; but not for a port that has a cluster IP
 * only. That one never leaves the node.
 */
function destinationsOf(
  { fragment, spec, addresses, node }: Context,
  port: ServicePort,
  endpoints: readonly PortEndpoint[],
): Destinations {
  const { internalLocal, externalLocal } = spec;
  const isExternal =
    port.nodePort !== 0 || addresses.externalIPs.length > 0 || addresses.ingressIPs.length > 0;
  const all =
    internalLocal && !isExternal ? [] : clusterEndpoints(endpoints, node).map(toDestination);
  if (!internalLocal && !externalLocal) return { internal: all, external: all };
  const ofNode = localEndpoints(endpoints, node).map(toDestination);
  const local = ofNode.length > 0 ? ofNode : all;
  if (ofNode.length === 0 && hasUsable(endpoints)) {
    if (internalLocal) fragment.lacksInternal = true;
    if (externalLocal && (isExternal || internalLocal)) fragment.lacksExternal = true;
  }
  return { internal: internalLocal ? local : all, external: externalLocal ? local : all };
}

const toDestination = ({ destination }: PortEndpoint) => destination;

function addFrontend(
  { fragment, spec, scheduler }: Context,
  { protocol: name }: ServicePort,
  address: string,
  port: number,
  destinations: readonly DestinationConfig[],
): void {
  const protocol = LOWER[name];
  const host = address.includes(':') ? `[${address}]` : address;
  const key = `${protocol}://${host}:${port}`;
  if (fragment.frontends.some((other) => other.key === key)) return;
  const { affinity } = spec;
  const service: { -readonly [Key in keyof VirtualService]: VirtualService[Key] } = {
    protocol,
    address,
    port,
    scheduler,
    destinations,
  };
  if (scheduler === 'mh') service.schedulerFlags = HASHES_PORTS;
  if (affinity !== undefined) service.persistence = { timeout: affinity };
  fragment.frontends.push({ key, service });
}

/** Adds the addresses for the dummy link: the cluster IP, and others that the node lacks. */
function bindAddresses(context: Context): void {
  const { clusterIP, externalIPs, ingressIPs } = context.addresses;
  const others = [...externalIPs, ...ingressIPs].filter((each) => !context.own.addresses.has(each));
  for (const address of [clusterIP, ...others]) add(context, 'KUBE-IPVS-IPS', address);
}

function add({ fragment, family }: Context, name: SetName, entry: string): void {
  fragment.entries.push(setNameOf(name, family), entry);
}

function entryOf(address: string, protocol: ServiceProtocol, port: number): string {
  return `${address},${LOWER[protocol]}:${port}`;
}

function addEntry(
  context: Context,
  name: SetName,
  address: string,
  { protocol, port }: ServicePort,
): void {
  add(context, name, entryOf(address, protocol, port));
}

/**
 * Adds local endpoints, in any condition: a pod that reaches itself needs another source address.
 */
function addLoopBack(
  context: Context,
  { protocol }: ServicePort,
  endpoints: readonly PortEndpoint[],
): void {
  for (const { nodeName, destination } of endpoints) {
    if (nodeName !== context.node.name) continue;
    const { address, port } = destination;
    add(context, 'KUBE-LOOP-BACK', `${entryOf(address, protocol, port)},${address}`);
  }
}

function addLoadBalancer(context: Context, address: string, port: ServicePort): void {
  const { fragment, spec, addresses, own } = context;
  addEntry(context, 'KUBE-LOAD-BALANCER', address, port);
  if (spec.externalLocal) addEntry(context, 'KUBE-LOAD-BALANCER-LOCAL', address, port);
  const { sourceRanges } = addresses;
  if (sourceRanges.length === 0) return;
  const entry = entryOf(address, port.protocol, port.port);
  add(context, 'KUBE-LOAD-BALANCER-FW', entry);
  for (const network of sourceRanges) {
    add(context, 'KUBE-LOAD-BALANCER-SOURCE-CIDR', `${entry},${formatNetwork(network)}`);
  }
  const { nodeIP } = own;
  if (nodeIP !== undefined && sourceRanges.some((network) => hasAddress(network, nodeIP))) {
    // The node reaches the address from the same address, since its own dummy link has that.
    add(context, 'KUBE-LOAD-BALANCER-SOURCE-IP', `${entry},${address}`);
  } else {
    fragment.dropRules.push(`${address} ${LOWER[port.protocol]} ${port.port}`);
  }
}

function addNodePort(context: Context, { protocol, nodePort }: ServicePort): void {
  const { spec, own } = context;
  if (protocol === 'SCTP') {
    for (const address of own.nodePort) {
      const entry = entryOf(address, protocol, nodePort);
      add(context, 'KUBE-NODE-PORT-SCTP-HASH', entry);
      if (spec.externalLocal) add(context, 'KUBE-NODE-PORT-LOCAL-SCTP-HASH', entry);
    }
    return;
  }
  add(context, `KUBE-NODE-PORT-${protocol}`, String(nodePort));
  if (spec.externalLocal) add(context, `KUBE-NODE-PORT-LOCAL-${protocol}`, String(nodePort));
}

function addUdp(
  { fragment, addresses }: Context,
  { port, nodePort }: ServicePort,
  endpoints: readonly PortEndpoint[],
): void {
  const serving = endpoints.filter(({ condition }) => condition !== 'down');
  fragment.udp.push({
    addresses: [addresses.clusterIP, ...addresses.externalIPs, ...addresses.ingressIPs],
    port,
    nodePort,
    endpoints: serving.map(({ destination }) => ({
      address: destination.address,
      port: destination.port,
    })),
  });
}
