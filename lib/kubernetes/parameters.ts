/**
 * The kernel parameters that kube-proxy's IPVS mode sets.
 * @module
 */
import { wrongValue } from '../core/input-errors.js';

/** What decides about the parameters. */
export interface ParameterOptions {
  /**
   * If true, the node answers ARP only for addresses of the link that is asked:
   * `ipvs.strictARP`. Load balancers that announce addresses by ARP need it. Default false.
   */
  readonly strictARP?: boolean | undefined;
  /** The release of the kernel ('6.12.9'), such as that of `os.release()`. */
  readonly kernel: string;
}

/** The parameters of all kernels. */
const ALWAYS = {
  // Masquerading needs the connection tracking of what IPVS forwards.
  'net/ipv4/vs/conntrack': 1,
  'net/ipv4/vs/expire_nodest_conn': 1,
  'net/ipv4/vs/expire_quiescent_template': 1,
  'net/ipv4/ip_forward': 1,
} as const;

const STRICT_ARP = {
  'net/ipv4/conf/all/arp_ignore': 1,
  'net/ipv4/conf/all/arp_announce': 2,
} as const;

/** Kernels before 5.9 delay new connections that reuse a port by a second; before 4.1, not at all. */
const REUSE = { 'net/ipv4/vs/conn_reuse_mode': 0 } as const;
const REUSE_FROM = [4, 1] as const;
const REUSE_BEFORE = [5, 9] as const;

/**
 * Returns the kernel parameters that kube-proxy's IPVS mode sets: by their paths below /proc/sys.
 * @throws TypeError the release is none
 */
export function kernelParameters(options: ParameterOptions): Readonly<Record<string, number>> {
  const { strictARP = false, kernel } = options;
  const [, major, minor] = /^(\d+)\.(\d+)/.exec(kernel) ?? [];
  if (major === undefined) throw wrongValue('kernel', kernel, "is not a release such as '6.12.9'");
  const release = [Number(major), Number(minor)] as const;
  const reuses = !isBefore(release, REUSE_FROM) && isBefore(release, REUSE_BEFORE);
  return { ...ALWAYS, ...(reuses ? REUSE : {}), ...(strictARP ? STRICT_ARP : {}) };
}

type Release = readonly [major: number, minor: number];

function isBefore([major, minor]: Release, [otherMajor, otherMinor]: Release): boolean {
  return major === otherMajor ? minor < otherMinor : major < otherMajor;
}
