/**
 * The names of what the kernel numbers.
 * @module
 */
import { checkName } from './check.js';

/**
 * A number of the kernel that has no name here, as other programs may write. It is accepted in
 * references, and in objects that were read from the kernel, which have `stats`: such a thing can be
 * deleted, and written as it was. Everywhere else it is refused.
 */
export type Unknown = `unknown-${number}`;

/** The N of 'unknown-N', up to `max`; undefined for anything else. */
export function unknownNumber(name: unknown, max: number): number | undefined {
  const [, digits] = typeof name === 'string' ? (UNKNOWN.exec(name) ?? []) : [];
  return digits === undefined || Number(digits) > max ? undefined : Number(digits);
}

const UNKNOWN = /^unknown-(0|[1-9]\d{0,9})$/;

/** Names and their numbers, both ways. */
export class Names<Name extends string> {
  readonly names: readonly Name[];
  readonly #numbers: ReadonlyMap<string, number>;
  /** By number, which is small. */
  readonly #byNumber: readonly (Name | undefined)[];

  constructor(numbers: Readonly<Record<Name, number>>) {
    // Object.keys() gives the keys of a Record<Name, ...>, which are Names.
    this.names = Object.keys(numbers) as Name[];
    this.#numbers = new Map(Object.entries<number>(numbers));
    const byNumber: (Name | undefined)[] = [];
    for (const name of this.names) byNumber[numbers[name]] = name;
    this.#byNumber = byNumber;
  }

  /** The number of a name. Throws TypeError on any other value. */
  number(property: string, name: unknown): number {
    const number = typeof name === 'string' ? this.#numbers.get(name) : undefined;
    if (number === undefined) checkName(property, name, this.names);
    return number ?? 0;
  }

  /** Likewise, but `unknown-N` is N too, up to `max`. */
  numberOrUnknown(property: string, name: unknown, max: number): number {
    const known = typeof name === 'string' ? this.#numbers.get(name) : undefined;
    if (known !== undefined) return known;
    return unknownNumber(name, max) ?? this.number(property, name);
  }

  name(number: number): Name | Unknown {
    return this.#byNumber[number] ?? `unknown-${number}`;
  }
}

/** A transport protocol that IPVS balances (IPPROTO_TCP, _UDP, _SCTP; `ipvsadm -t -u --sctp-service`). */
export type Protocol = 'tcp' | 'udp' | 'sctp';
/** @internal */
export const protocols = new Names<Protocol>({ tcp: 6, udp: 17, sctp: 132 });

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
export const forwardings = new Names<Forwarding>({
  masquerade: 0,
  local: 1,
  tunnel: 2,
  direct: 3,
  bypass: 4,
});

/** How a tunnel wraps packets (IPVS_DEST_ATTR_TUN_TYPE; `ipvsadm --tun-type`). */
export type TunnelType = 'ipip' | 'gue' | 'gre';
/** @internal */
export const tunnelTypes = new Names<TunnelType>({ ipip: 0, gue: 1, gre: 2 });

/** The checksum of a GUE or GRE tunnel (IPVS_DEST_ATTR_TUN_FLAGS; `ipvsadm --tun-nocsum --tun-csum --tun-remcsum`). */
export type TunnelChecksum = 'none' | 'checksum' | 'remote-checksum';
/** @internal */
export const tunnelChecksums = new Names<TunnelChecksum>({
  none: 0,
  checksum: 1,
  'remote-checksum': 2,
});

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

/** Bit and owner of each scheduler flag. A later row of the same bit is the name for all other schedulers. @internal */
export const schedulerFlags: Readonly<
  Record<NamedFlag, { readonly bit: number; readonly scheduler?: string }>
> = {
  'sh-fallback': { bit: 0x08, scheduler: 'sh' },
  'sh-port': { bit: 0x10, scheduler: 'sh' },
  'mh-fallback': { bit: 0x08, scheduler: 'mh' },
  'mh-port': { bit: 0x10, scheduler: 'mh' },
  'flag-1': { bit: 0x08 },
  'flag-2': { bit: 0x10 },
  'flag-3': { bit: 0x20 },
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
