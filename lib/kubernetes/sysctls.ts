/**
 * The kernel parameters that kube-proxy's IPVS mode sets.
 * @module
 */
import { checkArguments } from '../core/arguments.js';
import { checkBoolean, readObject } from '../core/check.js';
import { wrongType, wrongValue } from '../core/input-errors.js';
import { registerEntry } from '../core/stack.js';

/** Options of {@link kernelParameters}. */
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

/**
 * Kernels before 5.9 delay new connections that reuse a port by a second; before 4.1, not at all.
 */
const REUSE = { 'net/ipv4/vs/conn_reuse_mode': 0 } as const;
const REUSE_FROM = [4, 1] as const;
const REUSE_BEFORE = [5, 9] as const;

const KEYS = new Set(['strictARP', 'kernel'] as const);

/**
 * Returns the kernel parameters that kube-proxy's IPVS mode sets: by their paths below /proc/sys.
 * @throws TypeError bad options
 */
export function kernelParameters(options: ParameterOptions): Readonly<Record<string, number>>;
export function kernelParameters(...args: readonly unknown[]): Readonly<Record<string, number>> {
  return checkArguments('kernelParameters', args, 1, (options) => {
    const { strictARP = false, kernel } = readObject('options', options, KEYS);
    const isStrict = checkBoolean('options.strictARP', strictARP);
    const release = releaseOf(kernel);
    const reuses = !isBefore(release, REUSE_FROM) && isBefore(release, REUSE_BEFORE);
    return { ...ALWAYS, ...(reuses ? REUSE : {}), ...(isStrict ? STRICT_ARP : {}) };
  });
}

registerEntry('kernelParameters', kernelParameters);

type Release = readonly [major: number, minor: number];

function releaseOf(kernel: unknown): Release {
  const rule = "a release such as '6.12.9'";
  if (typeof kernel !== 'string') throw wrongType('options.kernel', kernel, rule);
  const [, major, minor] = /^(\d+)\.(\d+)/.exec(kernel) ?? [];
  if (major === undefined) throw wrongValue('options.kernel', kernel, `is not ${rule}`);
  return [Number(major), Number(minor)];
}

function isBefore([major, minor]: Release, [otherMajor, otherMinor]: Release): boolean {
  return major === otherMajor ? minor < otherMinor : major < otherMajor;
}
