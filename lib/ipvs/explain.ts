/**
 * What the kernel's errnos mean, operation by operation. The kernel says no more than the number, so that the table here is
 * all that a person gets to read.
 * @module
 */
import { constants } from 'node:os';
import { getSystemErrorMap } from 'node:util';
import { AF_INET6 } from '../core/address.js';
import { subjectOf } from '../core/caller.js';
import type { Errno } from '../core/errno.js';
import {
  cut,
  describeInput,
  errnoName,
  type InputError,
  IpvsError,
  type IpvsErrorCode,
  type Missing,
  wrongValue,
} from '../core/errors.js';
import { namespaceHint, schedulerHint } from '../core/hints.js';
import { schedulers, tunnelTypes } from '../core/names.js';
import type { Layout, OperationName, StatusName } from '../native/addon.js';
import {
  absenceOf,
  factsOf,
  isLoaded,
  type ModuleFacts,
  noLoading,
} from '../native/kernel-modules.js';
import type { RequestBuffer } from '../native/records.js';
import { formatLink, formatRole } from './daemon.js';
import {
  destinationOfSubject,
  formatDestination,
  formatService,
  serviceSubject,
} from './reference.js';
import { ownedFlags } from './service.js';

/** The names in a request that an explanation may need. */
interface Names {
  readonly scheduler: string;
  /** Whether nobody has named the scheduler. */
  readonly isDefault: boolean;
  readonly engine: string;
  readonly flagsOwner: string;
  /** The scheduler flags that belong to it. */
  readonly flags: string | readonly string[];
  /** The link of a sync daemon. */
  readonly link: string;
  /** The families of service and destination, 0 where there is none. */
  readonly families: readonly [service: number, destination: number];
}

type Explanation = string | ((names: Names) => string);

const PERMISSION =
  'CAP_NET_ADMIN in the initial user namespace is needed: run as root, grant the capability, or start the container privileged ' +
  '(a rootless container cannot control IPVS)';
const UNAVAILABLE =
  'the kernel has no IPVS: load its module on the host (modprobe ip_vs), or use a kernel with CONFIG_IP_VS';

/** Why there is no IPVS. @internal */
export function unavailable(facts: ModuleFacts = factsOf('ip_vs')): string {
  const why = noLoading(facts);
  if (why === undefined) {
    const isUnloaded = !facts.loaded && facts.onDisk === true;
    return isUnloaded ? absenceOf('ip_vs', facts).detail : UNAVAILABLE;
  }
  const hint = facts.forbidden ? '' : ': load it on the host (modprobe ip_vs)';
  return `module ip_vs is not loaded, and ${why}${hint}`;
}

/** What an errno means whatever the operation. */
const COMMON: Readonly<Record<string, Explanation>> = {
  EPERM: PERMISSION,
  EAFNOSUPPORT:
    'the kernel does not support the address family; IPv6 may be switched off (ipv6.disable)',
  ENOMEM: 'the kernel has no memory for it',
  ENOBUFS: 'the kernel has no memory for the message',
  ENOPROTOOPT: 'the kernel is unloading IPVS',
  ETIMEDOUT:
    'the kernel did not answer in time: it may be loading a module, for which it runs modprobe',
  EBADMSG: "the kernel's answer was malformed",
  EMSGSIZE: 'a message was larger than the buffer for it',
  EINTR: 'the table changed during every reading of it',
};

const NO_SERVICE = 'there is no such service';
const NO_SERVICE_FOR_DESTINATION = 'there is no such service: add it first';
const NO_DESTINATION = 'the service has no such destination';
const SERVICE_VALUES = 'the kernel does not accept the settings of the service';
/** The causes that apply to the addresses at hand. */
function destinationValues({ families: [service, destination] }: Names): string {
  const crossing =
    service === destination
      ? ''
      : '; and a destination of another address family excludes sync daemons';
  const causes =
    destination === AF_INET6
      ? 'its address must be unicast and not link-local'
      : 'its address must be unicast; in a network namespace whose IPv4 was never used, bring the loopback link up first (ip link set lo up)';
  return `the kernel does not accept the destination: ${causes}${crossing}`;
}
const RANGE = 'the weight is negative or the lower threshold above the upper';

function missingModule({ scheduler, isDefault, engine }: Names): string {
  const wanted = [
    { what: `scheduler '${scheduler}'`, name: scheduler, module: `ip_vs_${scheduler}` },
    {
      what: `persistence engine '${engine}' (module ip_vs_pe_${engine})`,
      name: engine,
      module: `ip_vs_pe_${engine}`,
    },
  ].filter(({ name }) => name !== '');
  const unloaded = wanted.filter(({ module }) => !isLoaded(module));
  const suspects = unloaded.length === 0 ? wanted : unloaded;
  // Rather what somebody has named than the default scheduler.
  const [first, second] = isDefault ? suspects.slice(-1) : suspects;
  if (first === undefined) {
    return 'its scheduler or persistence engine is not available in the kernel';
  }
  if (second === undefined) {
    const hint = first.name === scheduler ? schedulerHint(scheduler, schedulers) : '';
    return `${first.what} is not available: ${absenceOf(first.module).detail}${hint}`;
  }
  const what = `${first.what} (module ${first.module}) or ${second.what}`;
  const why = noLoading(factsOf(first.module)) ?? whyNotLoaded([first.module, second.module]);
  return `${what} is not available in the kernel${why === '' ? '' : `: ${why}`}`;
}

/** Why the kernel has not loaded modules that are on disk; '' if none is. */
function whyNotLoaded(modules: readonly string[]): string {
  const facts = modules.map((module) => [module, factsOf(module)] as const);
  const isOnDisk = facts.some(([, { loaded, onDisk }]) => !loaded && onDisk === true);
  return isOnDisk ? facts.map((each) => absenceOf(...each).detail).join('; ') : '';
}

interface Row {
  /** The command that fails, as ip_vs.h calls it. */
  readonly command: string;
  /** The command by which an ensure creates. */
  readonly creation?: string;
  readonly errors: Readonly<Record<string, Explanation>>;
  /** The errnos that mean that something is not there. */
  readonly missing?: Readonly<Record<string, Missing>>;
}

const MISSING_SERVICE = { ESRCH: 'service' } as const;
const MISSING_EITHER = { ESRCH: 'service', ENOENT: 'destination' } as const;

const SET_SERVICE = { EINVAL: SERVICE_VALUES, ENOENT: missingModule };
const SET_DESTINATION = {
  EINVAL: destinationValues,
  ERANGE: RANGE,
  ESRCH: NO_SERVICE_FOR_DESTINATION,
};
const ROWS: Readonly<Record<OperationName, Row>> = {
  addService: {
    command: 'IPVS_CMD_NEW_SERVICE',
    errors: {
      ...SET_SERVICE,
      EEXIST: 'the service exists already: use updateService or ensureService',
    },
  },
  updateService: {
    command: 'IPVS_CMD_SET_SERVICE',
    errors: { ...SET_SERVICE, ESRCH: `${NO_SERVICE}: use addService or ensureService` },
    missing: MISSING_SERVICE,
  },
  ensureService: {
    command: 'IPVS_CMD_SET_SERVICE',
    creation: 'IPVS_CMD_NEW_SERVICE',
    errors: {
      ...SET_SERVICE,
      EEXIST: 'another program keeps adding and deleting the service',
      ESRCH: 'another program keeps adding and deleting the service',
    },
  },
  deleteService: {
    command: 'IPVS_CMD_DEL_SERVICE',
    errors: { ESRCH: NO_SERVICE },
    missing: MISSING_SERVICE,
  },
  getService: {
    command: 'IPVS_CMD_GET_SERVICE',
    errors: { ESRCH: NO_SERVICE },
    missing: MISSING_SERVICE,
  },
  listServices: { command: 'IPVS_CMD_GET_SERVICE', errors: {} },
  addDestination: {
    command: 'IPVS_CMD_NEW_DEST',
    errors: {
      ...SET_DESTINATION,
      EEXIST: 'the destination exists already: use updateDestination or ensureDestination',
    },
    missing: MISSING_SERVICE,
  },
  updateDestination: {
    command: 'IPVS_CMD_SET_DEST',
    errors: {
      ...SET_DESTINATION,
      ENOENT: `${NO_DESTINATION}: use addDestination or ensureDestination`,
    },
    missing: MISSING_EITHER,
  },
  ensureDestination: {
    command: 'IPVS_CMD_SET_DEST',
    creation: 'IPVS_CMD_NEW_DEST',
    errors: {
      ...SET_DESTINATION,
      EEXIST: 'another program keeps adding and deleting the destination',
      ENOENT: 'another program keeps adding and deleting the destination',
    },
    missing: MISSING_SERVICE,
  },
  deleteDestination: {
    command: 'IPVS_CMD_DEL_DEST',
    errors: { ESRCH: NO_SERVICE, ENOENT: NO_DESTINATION },
    missing: MISSING_EITHER,
  },
  getDestination: {
    command: 'IPVS_CMD_GET_DEST',
    errors: { ESRCH: NO_SERVICE, ENOENT: NO_DESTINATION },
    missing: MISSING_EITHER,
  },
  listDestinations: {
    command: 'IPVS_CMD_GET_DEST',
    errors: { ESRCH: NO_SERVICE },
    missing: MISSING_SERVICE,
  },
  flush: { command: 'IPVS_CMD_FLUSH', errors: {} },
  getInfo: { command: 'IPVS_CMD_GET_INFO', errors: {} },
  getTimeouts: { command: 'IPVS_CMD_GET_CONFIG', errors: {} },
  setTimeouts: {
    command: 'IPVS_CMD_SET_CONFIG',
    errors: {
      EINVAL:
        'a timeout is more than this kernel can count: 2147483 seconds where it ticks 1000 times a second',
    },
  },
  zero: {
    command: 'IPVS_CMD_ZERO',
    errors: { ESRCH: NO_SERVICE },
    missing: MISSING_SERVICE,
  },
  listSyncDaemons: { command: 'IPVS_CMD_GET_DAEMON', errors: {} },
  startSyncDaemon: {
    command: 'IPVS_CMD_NEW_DAEMON',
    errors: {
      EEXIST: 'a daemon of that role is running already: stop it first',
      ENODEV: ({ link }) => `there is no link ${link} in the network namespace`,
      ENETUNREACH: ({ link }) =>
        `there is no route to the multicast group: link ${link} must be up and have an address`,
      EADDRNOTAVAIL: ({ link }) => `link ${link} has no address to send from`,
      EINVAL:
        'the kernel does not accept the daemon; a destination of another address family than its service excludes sync daemons',
    },
  },
  stopSyncDaemon: {
    command: 'IPVS_CMD_DEL_DAEMON',
    errors: { ESRCH: 'no daemon of that role is running' },
  },
};

/** What a request came to, when it did not come to its end. */
export interface Verdict<Status extends string = StatusName> {
  readonly status: Status | 'lost';
  /** Positive. */
  readonly errno: number;
  /** The kernel's own words, or ''. */
  readonly text: string;
  /** Whether an ensure was about to create the object. */
  readonly creating: boolean;
  /** Of one that was skipped: the operation of the batch that failed before it. */
  readonly failure?: { readonly index: number; readonly cause: unknown };
}

const READINGS: ReadonlySet<OperationName> = new Set([
  'getService',
  'listServices',
  'getDestination',
  'listDestinations',
  'getInfo',
  'getTimeouts',
  'listSyncDaemons',
]);

/** The error for the request at `index` of a batch that came to `verdict`. */
export function explain(
  operation: OperationName,
  requests: RequestBuffer,
  index: number,
  verdict: Verdict,
): Error {
  const names = namesIn(requests, index);
  const target = targetOf(operation, requests, index);
  const refusal = INPUT[verdict.status as StatusName];
  if (refusal !== undefined) {
    const error = refusal(names, changedIn(requests, index));
    describeInput(error, operation, target);
    return error;
  }
  const { command, creation = command, errors, missing } = ROWS[operation];
  return sayRefusal({
    operation,
    target,
    syscall: verdict.creating ? creation : command,
    verdict,
    isReading: READINGS.has(operation),
    missing,
    // What an errno means without the operation.
    general: (code) => meaning(COMMON, code, names),
    refused: (code) => meaning({ ...COMMON, ...errors }, code, names),
  });
}

/** A verdict with what it takes to say it. */
interface Refusal {
  readonly operation: string;
  readonly target: string;
  readonly syscall: string;
  readonly verdict: Verdict<string>;
  /** Whether the operation changes nothing. */
  readonly isReading: boolean;
  /** The errnos that mean that something is not there. */
  readonly missing?: Readonly<Record<string, Missing>> | undefined;
  /** What an errno means whatever the operation. */
  general(code: string): string;
  /** What it means when the kernel refuses this one. */
  refused(code: string): string;
}

/** The error that says why an operation was not carried out, or that nobody knows. */
export function sayRefusal(refusal: Refusal): IpvsError {
  const { operation, target, syscall, verdict, isReading } = refusal;
  const code = errnoName(verdict.errno);
  // Of what was skipped 0, and not -0.
  const details = { errno: 0 - verdict.errno, syscall, operation, target };
  const fail = (why: string, as: Errno | IpvsErrorCode, missing?: Missing) =>
    new IpvsError(`${[operation, target].join(' ').trim()}: ${why}`, {
      code: as,
      missing,
      cause: verdict.failure?.cause,
      ...details,
    });
  const said = verdict.text === '' ? '' : `; the kernel says: ${verdict.text}`;

  switch (verdict.status) {
    case 'unavailable':
      return fail(unavailable(), 'ERR_IPVS_UNAVAILABLE');
    case 'lost':
      // A reading has no outcome to be unknown.
      if (isReading) return fail(`${refusal.general(code)} (${code})${said}`, code);
      return fail(
        `the kernel's answer was lost (${code}): it may have happened${said}`,
        'ERR_IPVS_OUTCOME_UNKNOWN',
      );
    case 'skipped':
      return fail(
        `it was not sent, because batch operation ${verdict.failure?.index ?? 0} failed`,
        'ERR_IPVS_SKIPPED',
      );
    case 'notSent':
      return fail(`it was not sent: ${refusal.general(code)} (${code})${said}`, code);
    default:
      return fail(`${refusal.refused(code)} (${code})${said}`, code, refusal.missing?.[code]);
  }
}

/** What an update of a destination would change, where the native side may find it wrong. */
interface Changed {
  /** The type of tunnel. */
  readonly tunnel: string;
  /** Undefined: not named. */
  readonly upper: number | undefined;
  readonly lower: number | undefined;
}

function changedIn(requests: RequestBuffer, index: number): Changed {
  const { records, layout } = requests;
  const base = requests.destination(index);
  const { fields } = layout.destination;
  const changes = records.number(requests.base(index), layout.request.fields.changes);
  const named = (field: 'upperThreshold' | 'lowerThreshold') =>
    (changes & layout.changes[field]) === 0 ? undefined : records.number(base, fields[field]);
  return {
    tunnel: tunnelTypes.name(records.number(base, fields.tunnelType)),
    upper: named('upperThreshold'),
    lower: named('lowerThreshold'),
  };
}

/** Refusals of ours that the facade could not see, because they depend on what the kernel has. */
const INPUT: Partial<Record<StatusName, (names: Names, request: Changed) => InputError>> = {
  foreignFlags: ({ flagsOwner, flags }) =>
    wrongValue(
      'changes.schedulerFlags',
      flags,
      `belongs to scheduler ${flagsOwner}, which the service does not have`,
    ),
  tunnelless: (_names, { tunnel }) =>
    wrongValue(
      'changes.tunnel',
      tunnel,
      "does not go with the destination's forwarding, which is not 'tunnel'",
    ),
  thresholds: (_names, { upper, lower }) => {
    if (upper === undefined) {
      const rule =
        "is above the destination's upper threshold, or none is set: set upperThreshold with it";
      return wrongValue('changes.lowerThreshold', lower, rule);
    }
    const rest = upper === 0 ? 'clear that too, with lowerThreshold: 0' : 'change that with it';
    const rule = `is below the destination's lower threshold: ${rest}`;
    return wrongValue('changes.upperThreshold', upper, rule);
  },
};

function meaning(table: Readonly<Record<string, Explanation>>, code: string, names: Names): string {
  const explanation = table[code] ?? systemMessage(code);
  return typeof explanation === 'string' ? explanation : explanation(names);
}

/** What an errno means that needs no names to be explained, or what the system calls it. */
export function generalMeaning(code: string): string {
  const explanation = COMMON[code];
  return typeof explanation === 'string' ? explanation : systemMessage(code);
}

function systemMessage(code: string): string {
  for (const [name, message] of getSystemErrorMap().values()) if (name === code) return message;
  return 'the kernel refuses it';
}

function namesIn(requests: RequestBuffer, index: number): Names {
  const { records, layout } = requests;
  const { fields } = layout.service;
  const changes = records.number(requests.base(index), layout.request.fields.changes);
  const flagsOwner = records.name(requests.base(index), layout.request.fields.flagsOwner);
  return {
    scheduler: records.name(requests.service(index), fields.scheduler),
    isDefault: (changes & layout.changes.scheduler) === 0,
    engine: records.name(requests.service(index), fields.engine),
    flagsOwner,
    flags: ownedFlags(requests, requests.service(index), flagsOwner),
    link: formatLink(requests, index),
    families: [
      records.number(requests.service(index), fields.family),
      records.number(requests.destination(index), layout.destination.fields.family),
    ],
  };
}

/** What the request at `index` is about, as far as it is written; or ''. */
function targetOf(operation: OperationName, requests: RequestBuffer, index: number): string {
  const { records, layout } = requests;
  if (operation.endsWith('SyncDaemon')) return formatRole(requests, index);
  if (!hasFamily(requests, requests.service(index), layout)) return '';
  const service = formatService(records, requests.service(index), layout);
  const family = records.number(requests.destination(index), layout.destination.fields.family);
  if (family === 0 || !operation.endsWith('Destination')) return service;
  return `${formatDestination(records, requests.destination(index), layout)} of ${service}`;
}

/** The operations that are about a service, or a destination of one. */
const ABOUT_SERVICE = /(Service|Destinations?|zero)$/;

/**
 * What the request that is being written is about: its canonical reference, as far as it is written, and otherwise the argument in short. Reads
 * nothing of the arguments again.
 */
export function inputTarget(
  operation: OperationName,
  requests: RequestBuffer,
  [first, second]: readonly unknown[],
): string {
  const index = requests.count;
  if (operation.endsWith('SyncDaemon')) return formatRole(requests, index) || subjectOf(first);
  if (!ABOUT_SERVICE.test(operation)) return '';
  return operation.endsWith('Destination')
    ? destinationOfSubject(requests, first, second)
    : serviceSubject(requests, first);
}

function hasFamily(requests: RequestBuffer, base: number, layout: Layout): boolean {
  return requests.records.number(base, layout.service.fields.family) !== 0;
}

const NO_NETLINK =
  'netlink sockets are not allowed here: a seccomp filter of the container or the service (RestrictAddressFamilies=), or a security ' +
  'module, refuses them';
/** What a refusal to open or use any netlink socket means. */
const NETLINK = {
  EPERM: NO_NETLINK,
  EACCES: NO_NETLINK,
  EAFNOSUPPORT: NO_NETLINK,
  ENOSYS: NO_NETLINK,
  EPROTONOSUPPORT:
    'there is no generic netlink here: the kernel was built without it, or an emulator or sandbox stands in for the kernel',
};
/** The steps of opening a handle or a file in its namespace, and what their errnos mean. */
const OPENING: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  socket: NETLINK,
  bind: NETLINK,
  CTRL_CMD_GETFAMILY: NETLINK,
  IPVS_CMD_GET_INFO: { EPERM: PERMISSION },
  open: {
    ENOENT: 'there is no such network namespace',
    EACCES: 'the network namespace may not be opened',
  },
  fcntl: { EBADF: 'there is no such open descriptor' },
  pthread_create: {
    EAGAIN: 'no thread can be started: there is too little memory, or too many run',
  },
  setns: {
    EINVAL: 'it is not a network namespace',
    EPERM: 'CAP_SYS_ADMIN is needed to enter another network namespace',
  },
};

/** An error that csrc/binding/error.cc has made. */
interface NativeError extends Error {
  readonly errno: number;
  readonly syscall: string;
  readonly text: string;
}

function isNativeError(error: unknown): error is NativeError {
  return error instanceof Error && 'errno' in error && 'syscall' in error && 'text' in error;
}

/** Whether a native error says that there is no IPVS; `files` are those under /proc that IPVS brings. */
function isUnavailable({ syscall }: NativeError, code: string, files: boolean): boolean {
  return code === 'ENOENT' && (syscall === 'CTRL_CMD_GETFAMILY' || (files && syscall === 'open'));
}

function nativeMeaning({ syscall }: NativeError, code: string, files: boolean): string {
  if (files && syscall === 'open') return systemMessage(code);
  const why = OPENING[syscall]?.[code] ?? COMMON[code];
  return typeof why === 'string' ? why : systemMessage(code);
}

function nativeError(
  error: NativeError,
  operation: string,
  target: string,
  files: boolean,
  hint = '',
): IpvsError {
  const code = errnoName(error.errno);
  const absent = isUnavailable(error, code, files);
  const why = absent
    ? unavailable()
    : `${nativeMeaning(error, code, files)}${hint} (${error.syscall}: ${code})`;
  return new IpvsError(`${[operation, target].join(' ').trim()}: ${why}`, {
    code: absent ? 'ERR_IPVS_UNAVAILABLE' : code,
    errno: -error.errno,
    syscall: error.syscall,
    operation,
    target,
    cause: error,
  });
}

/** Whether the addon had no memory: what it throws then has no more to say. */
function isMemoryError(error: unknown): error is Error {
  return error instanceof Error && error.message === 'std::bad_alloc';
}

function memoryError(cause: Error, operation: string, target: string): IpvsError {
  const subject = [operation, target].join(' ').trim();
  return new IpvsError(`${subject}: the process has no memory for it (ENOMEM)`, {
    code: 'ENOMEM',
    errno: -constants.errno.ENOMEM,
    operation,
    target,
    cause,
  });
}

/** The error for an open() that failed natively. */
export function explainOpening(error: unknown, netns: string): Error {
  if (isMemoryError(error)) return memoryError(error, 'open', cut(netns));
  if (isNativeError(error)) {
    const isPathWrong =
      ['open', 'setns'].includes(error.syscall) && errnoName(error.errno) !== 'EPERM';
    const hint = isPathWrong ? namespaceHint(netns) : '';
    return nativeError(error, 'open', cut(netns), false, hint);
  }
  return error instanceof Error ? error : new Error(String(error));
}

/** The error for a reading of /proc that failed natively; any other error as it is. */
export function explainNative(error: unknown, operation: string): unknown {
  if (isMemoryError(error)) return memoryError(error, operation, '');
  return isNativeError(error) ? nativeError(error, operation, '', true) : error;
}

/**
 * The error for each call of a batch whose job failed as a whole. A native error is one of the connection, before anything was sent;
 * with any other, such as a lack of memory, nobody knows how far it had come.
 */
export function explainFailedJob(error: unknown, operation: string): IpvsError {
  if (isNativeError(error)) return nativeError(error, operation, '', false);
  const why = error instanceof Error ? error.message : String(error);
  return new IpvsError(
    `${operation}: the batch that it was in failed (${why}): it may have happened`,
    {
      code: 'ERR_IPVS_OUTCOME_UNKNOWN',
      operation,
      cause: error,
    },
  );
}

/** The error for a file of the kernel that is there, and cannot be read; `errno` is positive. */
export function fileError(operation: string, path: string, errno: number): IpvsError {
  const code = errnoName(errno);
  return new IpvsError(`${operation}: ${path}: ${systemMessage(code)} (${code})`, {
    code,
    errno: -errno,
    syscall: 'open',
    operation,
    target: path,
  });
}
