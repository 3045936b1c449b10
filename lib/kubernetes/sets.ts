/**
 * The sets of kube-proxy, by their ipset names, and their entries as ipset writes them.
 * @module
 */
import type { IPFamily } from './families.js';

/** The fields of the entries of each set, in this order. */
const SETS = {
  'KUBE-LOOP-BACK': ['address', 'port', 'source'],
  'KUBE-CLUSTER-IP': ['address', 'port'],
  'KUBE-EXTERNAL-IP': ['address', 'port'],
  'KUBE-EXTERNAL-IP-LOCAL': ['address', 'port'],
  'KUBE-LOAD-BALANCER': ['address', 'port'],
  'KUBE-LOAD-BALANCER-LOCAL': ['address', 'port'],
  'KUBE-LOAD-BALANCER-FW': ['address', 'port'],
  'KUBE-LOAD-BALANCER-SOURCE-IP': ['address', 'port', 'source'],
  'KUBE-LOAD-BALANCER-SOURCE-CIDR': ['address', 'port', 'network'],
  'KUBE-NODE-PORT-TCP': ['number'],
  'KUBE-NODE-PORT-LOCAL-TCP': ['number'],
  'KUBE-NODE-PORT-UDP': ['number'],
  'KUBE-NODE-PORT-LOCAL-UDP': ['number'],
  'KUBE-NODE-PORT-SCTP-HASH': ['address', 'port'],
  'KUBE-NODE-PORT-LOCAL-SCTP-HASH': ['address', 'port'],
  'KUBE-HEALTH-CHECK-NODE-PORT': ['number'],
  'KUBE-IPVS-IPS': ['address'],
} as const;

/** The name of a set, as it is for IPv4. */
export type SetName = keyof typeof SETS;

/**
 * A field of an entry: an address; a protocol and a port ('tcp:80'); a port alone; the address or
 * the network of the sender.
 */
export type SetField = 'address' | 'port' | 'number' | 'source' | 'network';

/** The names of all sets, as they are for IPv4. */
// Object.keys() returns the keys of the object.
export const SET_NAMES = Object.keys(SETS) as readonly SetName[];

/** Returns the fields of the entries of a set. */
export function fieldsOf(name: SetName): readonly SetField[] {
  return SETS[name];
}

/** ipset allows 31 characters. */
const MAX_LENGTH = 31;
const NAMES6 = new Map(
  SET_NAMES.map((name) => [name, name.replace('KUBE-', 'KUBE-6-').slice(0, MAX_LENGTH)]),
);

/** Returns the name of a set for a family: IPv6 sets are called `KUBE-6-…`. */
export function setNameOf(name: SetName, family: IPFamily): string {
  return family === 'IPv4' ? name : (NAMES6.get(name) ?? name);
}
