/**
 * The names of what IPVS numbers.
 * @module
 */
import { Names, type Unknown } from '../core/names.js';
import { layout } from '../native/layout.js';

/** @internal */
export const daemonRoles = layout.daemonRoles;
/** The flags of a service; `scheduler` is a mask. @internal */
export const serviceFlags = layout.serviceFlags;
/** The largest forwarding method, and the longest names in characters. @internal */
export const limits = layout.limits;

/** A transport protocol that IPVS balances (IPPROTO_TCP, _UDP, _SCTP; `ipvsadm -t -u --sctp-service`). */
export type Protocol = 'tcp' | 'udp' | 'sctp';
/** @internal */
export const protocols = new Names<Protocol>(layout.protocols);

/**
 * How packets reach a destination (IPVS_DEST_ATTR_FWD_METHOD):
 * - `masquerade`: destination NAT; the replies must pass the director (`ipvsadm -m`)
 * - `direct`: unchanged, to the real server's link-layer address (`-g`)
 * - `tunnel`: wrapped in another packet to the real server (`-i`)
 * - `local`: to a server on the director itself
 * - `bypass`: to the original destination address, for transparent caches
 */
export type Forwarding = 'masquerade' | 'direct' | 'tunnel' | 'local' | 'bypass';
/** @internal */
export const forwardings = new Names<Forwarding>(layout.forwardings);

/** How a tunnel wraps packets (IPVS_DEST_ATTR_TUN_TYPE; `ipvsadm --tun-type`). */
export type TunnelType = 'ipip' | 'gue' | 'gre';
/** @internal */
export const tunnelTypes = new Names<TunnelType>(layout.tunnelTypes);

/** The checksum of a GUE or GRE tunnel (IPVS_DEST_ATTR_TUN_FLAGS; `ipvsadm --tun-nocsum --tun-csum --tun-remcsum`). */
export type TunnelChecksum = 'none' | 'checksum' | 'remote-checksum';
/** @internal */
export const tunnelChecksums = new Names<TunnelChecksum>(layout.tunnelChecksums);

/** @internal */
export const schedulers = [
  'rr',
  'wrr',
  'lc',
  'wlc',
  'lblc',
  'lblcr',
  'dh',
  'sh',
  'mh',
  'sed',
  'nq',
  'fo',
  'ovf',
  'twos',
  'none',
] as const;

/** The schedulers of Linux, each a module ip_vs_NAME; `none` schedules nothing. */
export type KnownScheduler =
  | 'rr'
  | 'wrr'
  | 'lc'
  | 'wlc'
  | 'lblc'
  | 'lblcr'
  | 'dh'
  | 'sh'
  | 'mh'
  | 'sed'
  | 'nq'
  | 'fo'
  | 'ovf'
  | 'twos'
  | 'none';

/**
 * A flag of a scheduler (IPVS_SVC_ATTR_FLAGS; `ipvsadm -b`). The `flag-N` are the same bits for any
 * scheduler. 'unknown-N' is a bit of the value N without a name.
 */
export type SchedulerFlag = NamedFlag | Unknown;

/** A scheduler flag with a name. */
export type NamedFlag =
  | 'sh-fallback'
  | 'sh-port'
  | 'mh-fallback'
  | 'mh-port'
  | 'flag-1'
  | 'flag-2'
  | 'flag-3';

const bits = layout.schedulerFlags;
/** Bit and owner of each scheduler flag. A later row of the same bit is the name for all other schedulers. @internal */
export const schedulerFlags: Readonly<
  Record<NamedFlag, { readonly bit: number; readonly scheduler?: string }>
> = {
  'sh-fallback': { bit: bits['sh-fallback'], scheduler: 'sh' },
  'sh-port': { bit: bits['sh-port'], scheduler: 'sh' },
  'mh-fallback': { bit: bits['mh-fallback'], scheduler: 'mh' },
  'mh-port': { bit: bits['mh-port'], scheduler: 'mh' },
  'flag-1': { bit: bits['flag-1'] },
  'flag-2': { bit: bits['flag-2'] },
  'flag-3': { bit: bits['flag-3'] },
};
// Object.keys() gives the keys of a Record<NamedFlag, ...>.
/** @internal */
export const schedulerFlagNames = Object.keys(schedulerFlags) as NamedFlag[];

/**
 * The names of the scheduler flags that are set in `bits`, as the scheduler itself calls them. A bit
 * without a name is 'unknown-N', N its value.
 * @internal
 */
export function namesOfSchedulerFlags(bits: number, scheduler: string): SchedulerFlag[] {
  const named: SchedulerFlag[] = [];
  if (bits === 0) return named;
  let rest = bits;
  for (const name of schedulerFlagNames) {
    const flag = schedulerFlags[name];
    const owned = flag.scheduler === undefined || flag.scheduler === scheduler;
    if ((rest & flag.bit) === 0 || !owned) continue;
    named.push(name);
    rest &= ~flag.bit;
  }
  for (let bit = 1; rest !== 0; bit = (bit << 1) >>> 0) {
    if ((rest & bit) === 0) continue;
    named.push(`unknown-${bit}`);
    rest &= ~bit;
  }
  return named;
}
