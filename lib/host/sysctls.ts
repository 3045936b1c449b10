/**
 * The kernel parameters of IPVS, in the network namespace of a handle: /proc/sys/net/ipv4/vs.
 * @module
 */
import { constants } from 'node:os';
import { types } from 'node:util';
import { subjectOf } from '../core/arguments.js';
import { checkBoolean, checkInteger, readArray, readObject } from '../core/check.js';
import { errnoName, IpvsError, isInputError, wrongType, wrongValue } from '../core/errors.js';
import { registerEntries } from '../core/stack.js';
import { missingFilesError, reasonForParameters, WITNESSES } from '../native/missing-files.js';
import { given, type Procedure, readFiles, writeFiles } from '../queue/procedure.js';
import type { Returns } from '../queue/returns.js';

/**
 * The values of the parameters. Undefined are those that the kernel does not have: see each. Fresh network namespaces have the
 * kernel's defaults, which stand in brackets.
 */
export interface Sysctls {
  /** With dropPacket 3: one packet in so many is dropped. [10] */
  readonly amDroprate?: number;
  /** Free pages below which the automatic defences of dropEntry, dropPacket and secureTcp begin. [1024] */
  readonly amemthresh?: number;
  /** While a backup sync daemon runs, schedule nothing. [false] */
  readonly backupOnly?: boolean;
  /** Without a server that could take it, send a packet to its original destination: for transparent caches. [false] */
  readonly cacheBypass?: boolean;
  /** Load of the connection table, as a power of two, -8 to 8. From Linux 7. [-4; in other namespaces than the first -2] */
  readonly connLfactor?: number;
  /** Limit of connections, 0 to 2^30. From Linux 7. [2^30] */
  readonly connMax?: number;
  /**
   * Where a new connection goes that uses a client's port again. 0: to the old server. 1: it is
   * scheduled anew if the old connection is in TIME_WAIT or closed. 2 and 3: also if it is in
   * FIN_WAIT, and its replies pass by IPVS, as with direct routing. [1]
   */
  readonly connReuseMode?: number;
  /** Keep netfilter's connection tracking entries, as masquerading rules need them. With CONFIG_IP_VS_NFCT. [false] */
  readonly conntrack?: boolean;
  /** How much IPVS writes to the kernel log. With CONFIG_IP_VS_DEBUG, and only in the first namespace. [0] */
  readonly debugLevel?: number;
  /** Drop half-open connections: 0 never, 1 and 2 automatically when memory is short, 3 always. 1 and 2 become each other by themselves. [0] */
  readonly dropEntry?: number;
  /** Drop packets before they are forwarded: likewise. [0] */
  readonly dropPacket?: number;
  /** The processors that estimate rates, '0-3,5'; '' for none. From Linux 6.2. */
  readonly estCpulist?: string;
  /** Their nice value, -20 to 19. From Linux 6.2. [0] */
  readonly estNice?: number;
  /** End connections at once whose destination was deleted, so that clients notice. [false] */
  readonly expireNodestConn?: boolean;
  /** Forget the persistence of clients whose destination has weight 0, so that they do not return. [false] */
  readonly expireQuiescentTemplate?: boolean;
  /** Do not schedule what comes out of a tunnel. [false] */
  readonly ignoreTunneled?: boolean;
  /** Seconds after which lblc forgets a destination address. While ip_vs_lblc is loaded. [86400] */
  readonly lblcExpiration?: number;
  /** Likewise of lblcr. While ip_vs_lblcr is loaded. [86400] */
  readonly lblcrExpiration?: number;
  /** Send ICMP errors when a masqueraded packet has no connection. [false] */
  readonly natIcmpSend?: boolean;
  /** Reject packets over the path MTU that may not be fragmented; only for tunnels can it be switched off. [true] */
  readonly pmtuDisc?: boolean;
  /** Estimate rates; without it counters and rates stand still. [true] */
  readonly runEstimation?: boolean;
  /** Schedule connections by ICMP packets too. [false] */
  readonly scheduleIcmp?: boolean;
  /** Shorter timeouts and stricter states of TCP: 0 to 3 as dropEntry. [0] */
  readonly secureTcp?: number;
  /** Take SCTP connections that began elsewhere. [false] */
  readonly sloppySctp?: boolean;
  /** Take TCP connections that began elsewhere. [false] */
  readonly sloppyTcp?: boolean;
  /** Route masqueraded replies anew by their new source address. [true] */
  readonly snatReroute?: boolean;
  /** Load of the service table, as a power of two, -8 to 8. From Linux 7. [-3; in other namespaces than the first -2] */
  readonly svcLfactor?: number;
  /** What a master sends of persistent services: 0 connections and templates, 1 templates only. [0] */
  readonly syncPersistMode?: number;
  /** Threads and UDP ports of a sync daemon, a power of two, 1 to 64. Read when the first daemon starts. [1] */
  readonly syncPorts?: number;
  /** Sync messages that may wait. [a 32nd of the memory's pages] */
  readonly syncQlenMax?: number;
  /** Seconds after which an unchanged connection is sent again; 0 never. [0] */
  readonly syncRefreshPeriod?: number;
  /** How often, with syncRefreshPeriod, it is sent more, 0 to 3. [0] */
  readonly syncRetries?: number;
  /** Bytes of the sync socket's buffer; 0 the system's. [0] */
  readonly syncSockSize?: number;
  /** A connection is sent at its packet number [0] and then every [1] packets. [[3, 50]] */
  readonly syncThreshold?: readonly [number, number];
  /** The sync protocol, 0 for backups older than Linux 2.6.39, or 1. [1] */
  readonly syncVersion?: number;
}

/** The parameters to change, at least one. */
export type SysctlChanges = { readonly [Name in keyof Sysctls]: Sysctls[Name] | undefined };

const FOLDER = '/proc/sys/net/ipv4/vs';
/** A parameter that every kernel has. */
const EVERYWHERE = `${FOLDER}/drop_entry`;
const { ENOENT } = constants.errno;
const MAX_INT = 2 ** 31 - 1;
/** The kernel counts in ticks, of a millisecond at the least. */
const MAX_SECONDS = Math.floor(MAX_INT / 1000);

/** How a parameter is written, and what it may be. */
interface Kind<Value> {
  check(property: string, value: unknown): Value;
  format(value: Value): string;
  parse(text: string): Value;
  /** Whether a parameter that holds `before` need not be written. Default: where it is the same. */
  holds?(before: Value, wanted: Value): boolean;
}

const boolean: Kind<boolean> = {
  check: checkBoolean,
  format: (value) => (value ? '1' : '0'),
  parse: (text) => Number(text) !== 0,
};

const integer = (min: number, max: number, unit = ''): Kind<number> => ({
  check: (property, value) => checkInteger(property, value, min, max, unit),
  format: String,
  parse: Number,
});

/** Modes of a defence: 1 and 2 become each other by themselves, as memory gets short. */
const defence: Kind<number> = {
  ...integer(0, 3),
  holds: (before, wanted) => before === wanted || (isAutomatic(before) && isAutomatic(wanted)),
};
const isAutomatic = (mode: number) => mode === 1 || mode === 2;

const powerOfTwo: Kind<number> = {
  ...integer(1, 64),
  check: (property, value) => {
    const number = checkInteger(property, value, 1, 64);
    if ((number & (number - 1)) === 0) return number;
    throw wrongValue(property, value, 'is not a power of two');
  },
};

/** Ranges of processors, of which N is the last, some with a step: '0-3,5', '0-N:1/2', 'all'. */
const CPU_RANGE = '(\\d{1,5}|N)(-(\\d{1,5}|N)(:\\d{1,5}/\\d{1,5})?)?';
const CPU_LIST = new RegExp(`^(all|${CPU_RANGE}(,${CPU_RANGE})*)?$`);

/** Processors, such as '0-3,5'. */
const cpuList: Kind<string> = {
  check: (property, value) => {
    const rule = "a list of processors such as '0-3,5', or '' for none";
    if (typeof value !== 'string') throw wrongType(property, value, rule);
    if (!CPU_LIST.test(value)) throw wrongValue(property, value, `is not ${rule}`);
    return value;
  },
  // An empty write would change nothing.
  format: (value) => `${value}\n`,
  parse: (text) => text,
};

const threshold: Kind<readonly [number, number]> = {
  check: (property, value) => {
    const rule = 'two integers [threshold, period], the first below the second or the second 0';
    const numbers = readArray(property, value, rule, (item, index) => {
      if (index > 1) throw wrongType(property, value, rule);
      return checkInteger(`${property}[${index}]`, item, 0, MAX_INT);
    });
    const [first, period] = numbers;
    if (first === undefined || period === undefined) throw wrongType(property, value, rule);
    if (period !== 0 && first >= period) throw wrongValue(property, value, `is not ${rule}`);
    return [first, period];
  },
  format: (value) => value.join(' '),
  parse: (text) => {
    const [first = Number.NaN, period = Number.NaN] = text.split(/\s+/).map(Number);
    return [first, period];
  },
};

type Parameters = {
  readonly [Name in keyof Required<Sysctls>]: readonly [string, Kind<Required<Sysctls>[Name]>];
};

const PARAMETERS: Parameters = {
  amDroprate: ['am_droprate', integer(0, MAX_INT)],
  amemthresh: ['amemthresh', integer(0, MAX_INT, 'pages')],
  backupOnly: ['backup_only', boolean],
  cacheBypass: ['cache_bypass', boolean],
  connLfactor: ['conn_lfactor', integer(-8, 8)],
  connMax: ['conn_max', integer(0, 2 ** 30)],
  connReuseMode: ['conn_reuse_mode', integer(0, 3)],
  conntrack: ['conntrack', boolean],
  debugLevel: ['debug_level', integer(0, MAX_INT)],
  dropEntry: ['drop_entry', defence],
  dropPacket: ['drop_packet', defence],
  estCpulist: ['est_cpulist', cpuList],
  estNice: ['est_nice', integer(-20, 19)],
  expireNodestConn: ['expire_nodest_conn', boolean],
  expireQuiescentTemplate: ['expire_quiescent_template', boolean],
  ignoreTunneled: ['ignore_tunneled', boolean],
  lblcExpiration: ['lblc_expiration', integer(0, MAX_SECONDS, 'seconds')],
  lblcrExpiration: ['lblcr_expiration', integer(0, MAX_SECONDS, 'seconds')],
  natIcmpSend: ['nat_icmp_send', boolean],
  pmtuDisc: ['pmtu_disc', boolean],
  runEstimation: ['run_estimation', boolean],
  scheduleIcmp: ['schedule_icmp', boolean],
  secureTcp: ['secure_tcp', defence],
  sloppySctp: ['sloppy_sctp', boolean],
  sloppyTcp: ['sloppy_tcp', boolean],
  snatReroute: ['snat_reroute', boolean],
  svcLfactor: ['svc_lfactor', integer(-8, 8)],
  syncPersistMode: ['sync_persist_mode', integer(0, 1)],
  syncPorts: ['sync_ports', powerOfTwo],
  syncQlenMax: ['sync_qlen_max', integer(0, MAX_INT)],
  syncRefreshPeriod: ['sync_refresh_period', integer(0, MAX_SECONDS, 'seconds')],
  syncRetries: ['sync_retries', integer(0, 3)],
  syncSockSize: ['sync_sock_size', integer(0, MAX_INT, 'bytes')],
  syncThreshold: ['sync_threshold', threshold],
  syncVersion: ['sync_version', integer(0, 1)],
};

// Object.keys() gives the keys of PARAMETERS, which are those of Sysctls.
const NAMES = Object.keys(PARAMETERS) as (keyof Sysctls)[];
const KEYS = new Set(NAMES);

const pathOf = (name: keyof Sysctls) => `${FOLDER}/${PARAMETERS[name][0]}`;

function parse<Name extends keyof Sysctls>(name: Name, text: string): Required<Sysctls>[Name] {
  return PARAMETERS[name][1].parse(text.trim());
}

/** A value that a parameter is to have. */
interface Wanted {
  readonly name: keyof Sysctls;
  readonly path: string;
  /** What is to be written. Undefined: the value is not valid. */
  readonly text: string | undefined;
  /** Why it is not valid. Only what the parameter holds already is accepted all the same. */
  readonly refusal: unknown;
  /** Whether `text` is that value. */
  isIn(text: string): boolean;
}

function want<Name extends keyof Sysctls>(name: Name, value: unknown): Wanted {
  const kind: Kind<Required<Sysctls>[Name]> = PARAMETERS[name][1];
  const { holds = equal } = kind;
  const wanted = { name, path: pathOf(name) };
  try {
    const valid = kind.check(`sysctls.${name}`, value);
    const isIn = (text: string) => holds(parse(name, text), valid);
    return { ...wanted, text: kind.format(valid), refusal: undefined, isIn };
  } catch (refusal) {
    if (isInputError(refusal)) Object.assign(refusal, { target: name });
    // A value of another type was never read.
    if (!isValueError(refusal)) throw refusal;
    const isIn = (text: string) => equal(parse(name, text), value);
    return { ...wanted, text: undefined, refusal, isIn };
  }
}

const isValueError = (error: unknown) =>
  error instanceof Error && 'code' in error && error.code !== 'ERR_INVALID_ARG_TYPE';

function equal(a: unknown, b: unknown): boolean {
  if (!Array.isArray(a) || !Array.isArray(b)) return Object.is(a, b);
  return a.length === b.length && a.every((each, index) => Object.is(each, b[index]));
}

/** Follows a procedure on the files of a namespace. */
type Follow<How extends 'promise' | 'value'> = <Value>(
  operation: string,
  procedure: Procedure<never, never, Value>,
) => Returns<Value>[How];

/** What can be done with parameters: with promises, or at once. */
abstract class SysctlOperations<How extends 'promise' | 'value'> {
  readonly #follow: Follow<How>;

  /**
   * Not for callers: use `ipvs.sysctls`.
   * @internal
   */
  constructor(follow: Follow<How>) {
    this.#follow = follow;
  }

  /**
   * All parameters that the kernel has.
   * @throws IpvsError ENOENT: they are not visible here, because /proc/sys is missing or the kernel
   *   hides them; EACCES: they may not be read
   * @throws IpvsError ERR_IPVS_UNAVAILABLE: IPVS is not loaded
   */
  get(): Returns<Sysctls>[How];
  get(...args: []) {
    return this.#follow('sysctls.get', given(readParameters, args));
  }

  /**
   * Changes parameters: all that are named or, if one cannot be written, none: those before it are
   * set back. A parameter that holds its value already is not written, so that `set(await get())`
   * succeeds also where nothing may be changed.
   * @throws IpvsError ENOENT: this kernel has no such parameter, or none is visible here; EINVAL: it
   *   does not take the value; EACCES, EPERM, EROFS: it may not be changed here
   * @throws IpvsError ERR_IPVS_UNAVAILABLE: IPVS is not loaded
   */
  set(changes: SysctlChanges): Returns<void>[How];
  set(...args: [changes: SysctlChanges]) {
    return this.#follow('sysctls.set', given(writeParameters, args, unknownIn));
  }
}

registerEntries(SysctlOperations.prototype, 'sysctls.');

/** The kernel parameters of a handle's network namespace. */
export class SysctlAccess extends SysctlOperations<'promise'> {}

/** The operations of {@link SysctlAccess} without promises: each method returns its value, or throws its error. */
export class SyncSysctlAccess extends SysctlOperations<'value'> {}

function* readParameters(): Procedure<never, never, Sysctls> {
  const texts = yield* readFiles<never, never>(NAMES.map(pathOf));
  if (!texts.some(isText)) throw yield* unreadable(texts);
  const values: Partial<Record<keyof Sysctls, unknown>> = {};
  NAMES.forEach((name, index) => {
    const text = texts[index];
    if (isText(text)) values[name] = parse(name, text);
  });
  // parse() gives to each name what Sysctls says of it.
  return values as Sysctls;
}

const isText = (text: string | number | undefined) => typeof text === 'string';

/** The error where no parameter can be read. */
function* unreadable(errnos: readonly (string | number)[]): Procedure<never, never, IpvsError> {
  const place = errnos.findIndex((errno) => errno !== ENOENT);
  const name = NAMES[place];
  if (name === undefined) return yield* hiddenParameters('sysctls.get');
  return refusal('get', name, Number(errnos[place]));
}

/** The error where no parameter is there. */
function* hiddenParameters(operation: string): Procedure<never, never, IpvsError> {
  const reason = reasonForParameters(yield* readFiles<never, never>(WITNESSES));
  return missingFilesError(operation, 'the parameters of IPVS are', FOLDER, reason);
}

/** The first key that is the name of no parameter, for the error that says so; or ''. */
function unknownIn(changes: unknown): string {
  if (typeof changes !== 'object' || changes === null || types.isProxy(changes)) return '';
  const key = Object.keys(changes).find((each) => !NAMES.some((name) => name === each));
  return key === undefined ? '' : subjectOf(key);
}

function* writeParameters(changes: SysctlChanges): Procedure<never, never, void> {
  const values = readObject('sysctls', changes, KEYS);
  const named = NAMES.filter((name) => values[name] !== undefined);
  if (named.length === 0) throw wrongValue('sysctls', changes, 'names no parameter');
  const wanted = named.map((name) => want(name, values[name]));

  const texts = yield* readFiles<never, never>([EVERYWHERE, ...wanted.map(({ path }) => path)]);
  const [, ...before] = texts;
  const files = wanted.flatMap((each, index) => {
    const text = before[index];
    return typeof text === 'string' && each.isIn(text) ? [] : [{ ...each, before: text }];
  });
  for (const { refusal: reason } of files) if (reason !== undefined) throw reason;
  for (const { name, before: errno } of files) {
    if (typeof errno !== 'number') continue;
    if (errno === ENOENT && !texts.some(isText)) throw yield* hiddenParameters('sysctls.set');
    throw refusal('set', name, errno);
  }
  if (files.length === 0) return;
  const errnos = yield* writeFiles<never, never>(
    files.map(({ path, text = '' }) => ({ path, text })),
  );
  const failed = errnos.findIndex((errno) => errno !== 0);
  if (failed < 0) return;
  const stuck: string[] = [];
  for (const { name, path, before: text } of files.slice(0, failed).reverse()) {
    const [errno] = yield* writeFiles<never, never>([{ path, text: `${text}` }]);
    if (errno !== 0) stuck.push(name);
  }
  throw refusal('set', files[failed]?.name ?? 'conntrack', errnos[failed] ?? 0, stuck);
}

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'this kernel has no such parameter',
  EINVAL: 'the kernel does not take the value',
  EACCES: 'it may not be changed here',
  EPERM: 'it may not be changed here',
  EROFS: '/proc/sys is read-only here, as in an unprivileged container',
};

/** `stuck`: parameters that could not be set back. */
function refusal(
  method: 'get' | 'set',
  name: keyof Sysctls,
  errno: number,
  stuck: readonly string[] = [],
): IpvsError {
  const code = errnoName(errno);
  const rest = stuck.length === 0 ? '' : `; ${stuck.join(', ')} could not be set back`;
  const target = pathOf(name);
  const why = method === 'get' ? 'it cannot be read' : (REASONS[code] ?? 'it cannot be written');
  return new IpvsError(`sysctls.${method} ${name} (${target}): ${why} (${code})${rest}`, {
    code,
    errno: -errno,
    syscall: method === 'get' ? 'read' : 'write',
    operation: `sysctls.${method}`,
    target,
  });
}
