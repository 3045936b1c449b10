/**
 * The node that is compiled for: its addresses, and those that have node ports.
 * @module
 */
import { readArray, readObject } from '../core/check.js';
import { wrongType, wrongValue } from '../core/input-errors.js';
import type { Config } from './config.js';
import { canonicalAddress, familyOf, type IPFamily, isLinkLocal, isLoopback } from './families.js';
import { hasAddress } from './networks.js';

/** The node. */
export interface NodeDescription {
  /** The name of the Node object. It decides which endpoints are local. */
  readonly name: string;
  /**
   * The zone: the label `topology.kubernetes.io/zone`. Default: none, and zone hints are ignored.
   */
  readonly zone?: string | undefined;
  /** The node's IPs, at most one of each family. */
  readonly nodeIPs?: readonly string[] | undefined;
  /**
   * The addresses of each link, without prefix lengths, those of the dummy link included. Default
   * none.
   */
  readonly addresses?: Readonly<Record<string, readonly string[]>> | undefined;
}

/** The addresses of a family. */
export interface NodeAddresses {
  /** The node's IP, or undefined. */
  readonly nodeIP: string | undefined;
  /** The addresses of the other links than the dummy link: they are never bound to that. */
  readonly addresses: ReadonlySet<string>;
  /** The addresses that have node ports. */
  readonly nodePort: readonly string[];
}

/** A checked node. */
export interface CheckedNode {
  readonly name: string;
  readonly zone: string | undefined;
  readonly IPv4: NodeAddresses;
  readonly IPv6: NodeAddresses;
}

const KEYS = new Set(['name', 'zone', 'nodeIPs', 'addresses'] as const);

/**
 * Checks a node.
 * @throws TypeError bad input
 */
export function checkNode(value: unknown, config: Config): CheckedNode {
  const { name, zone, nodeIPs, addresses } = readObject('node', value, KEYS);
  if (typeof name !== 'string' || name === '') {
    throw wrongType('node.name', name, 'the name of a node');
  }
  if (zone !== undefined && typeof zone !== 'string') {
    throw wrongType('node.zone', zone, 'the name of a zone');
  }
  const ips = nodeIPs === undefined ? [] : readAddresses('node.nodeIPs', nodeIPs);
  const links = addresses === undefined ? new Map() : readLinks(addresses);
  const addressesOf = (family: IPFamily) => nodeAddresses(family, { ips, links }, config);
  return { name, zone, IPv4: addressesOf('IPv4'), IPv6: addressesOf('IPv6') };
}

type AddressesByLink = ReadonlyMap<string, readonly string[]>;

function readLinks(value: unknown): AddressesByLink {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw wrongType('node.addresses', value, "an object such as { eth0: ['192.0.2.10'] }");
  }
  return new Map(
    Object.entries(value).map(([link, texts]) => [
      link,
      readAddresses(`node.addresses.${link}`, texts),
    ]),
  );
}

function readAddresses(property: string, value: unknown): readonly string[] {
  return readArray(property, value, 'an array of addresses', (address, index) => {
    const rule = 'an IPv4 or IPv6 address';
    if (typeof address !== 'string') throw wrongType(`${property}[${index}]`, address, rule);
    const family = familyOf(address);
    const canonical = family && canonicalAddress(address, family);
    if (canonical === undefined)
      throw wrongValue(`${property}[${index}]`, address, `is not ${rule}`);
    return canonical;
  });
}

function nodeAddresses(
  family: IPFamily,
  { ips, links }: { readonly ips: readonly string[]; readonly links: AddressesByLink },
  { nodePortNetworks, link: dummy }: Config,
): NodeAddresses {
  const ofFamily = (address: string) => familyOf(address) === family;
  const nodeIP = ips.find(ofFamily);
  const isUsable = (address: string) =>
    ofFamily(address) && !isLoopback(address) && !isLinkLocal(address);
  const others = [...links].flatMap(([link, addresses]) => (link === dummy ? [] : addresses));
  const own = new Set(others.filter(isUsable));
  if (nodePortNetworks === undefined) {
    return { nodeIP, addresses: own, nodePort: nodeIP === undefined ? [] : [nodeIP] };
  }
  const networks = nodePortNetworks.filter((network) => network.family === family);
  if (networks.length === 0 || networks.some(({ prefixLength }) => prefixLength === 0)) {
    return { nodeIP, addresses: own, nodePort: [...own] };
  }
  // As in kube-proxy, networks select among the addresses of all links, the dummy link included.
  const selected = [...links.values()]
    .flat()
    .filter(
      (address) => !isLoopback(address) && networks.some((network) => hasAddress(network, address)),
    );
  return { nodeIP, addresses: own, nodePort: [...new Set(selected)] };
}
