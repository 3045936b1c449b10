/**
 * Translation of native failures: the errors of opening a handle, of exchanges and other calls of
 * the addon that failed as a whole, and of files of the kernel.
 * @module
 */
import { constants } from 'node:os';
import { errnoName, errorMessage, IpvsError, operationError } from '../core/errors.js';
import { cut } from '../core/show.js';
import { generalMeaning, IPVS_NEEDS_ADMIN, systemMessage } from './errno-messages.js';
import { absenceOf, factsOf, type ModuleFacts, noLoading } from './kernel-modules.js';

const NO_NETLINK =
  'netlink sockets are not allowed here: a seccomp filter of the container or the service ' +
  '(RestrictAddressFamilies=), or a security module, refuses them';

/** Meanings of a failure to open or use any netlink socket. */
const NETLINK = {
  EPERM: NO_NETLINK,
  EACCES: NO_NETLINK,
  EAFNOSUPPORT: NO_NETLINK,
  ENOSYS: NO_NETLINK,
  EPROTONOSUPPORT:
    'there is no generic netlink here: the kernel was built without it, or an emulator or ' +
    'sandbox stands in for the kernel',
};

/** Meanings of errnos, by the system call or command that failed. */
type Meanings = Readonly<Record<string, Readonly<Record<string, string>>>>;

/** Meanings of errnos by the system call or command that failed as a handle was opened. */
const OPENING: Meanings = {
  socket: NETLINK,
  bind: NETLINK,
  CTRL_CMD_GETFAMILY: NETLINK,
  IPVS_CMD_GET_INFO: { EPERM: IPVS_NEEDS_ADMIN },
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

/** Returns true if a call, which needs no privileges, failed because netlink is forbidden. */
export function isNetlinkForbidden(syscall: string, code: string): boolean {
  return OPENING[syscall] === NETLINK && Object.hasOwn(NETLINK, code);
}

/** Meanings of errnos by the system call that failed on files, the table or a watcher. */
const CALLING: Meanings = {
  ...OPENING,
  read: {
    EINTR:
      'the kernel resized the connection table while it was read, so that entries may be missing ' +
      'or repeated: read it again',
  },
};

const TOO_MANY_FILES =
  'too many open files: close namespaces and handles that are no longer used, or raise the limit ' +
  '(ulimit -n)';

/** Meanings of errnos by the system call or command that failed as a namespace was created. */
const CREATING: Meanings = {
  ...OPENING,
  socket: { ...NETLINK, EMFILE: TOO_MANY_FILES },
  unshare: {
    EPERM:
      'CAP_SYS_ADMIN is needed to make a network namespace: run as root (sudo), start the ' +
      'container with --privileged or with --cap-add SYS_ADMIN --cap-add NET_ADMIN, or, for ' +
      'links without IPVS, run the program with "unshare --user --map-root-user"',
    ENOSPC: 'the limit of network namespaces is reached (sysctl user.max_net_namespaces)',
    EINVAL: 'the kernel was built without network namespaces (CONFIG_NET_NS)',
  },
  open: {
    EMFILE: TOO_MANY_FILES,
    ENOENT: 'no proc file system is mounted on /proc',
  },
  RTM_SETLINK: {
    EPERM:
      'CAP_NET_ADMIN is needed to bring up the loopback link: grant it, or leave the link down ' +
      'with { loopback: false }',
  },
};

const UNAVAILABLE =
  'the kernel has no IPVS: load its module on the host (modprobe ip_vs), or use a kernel with ' +
  'CONFIG_IP_VS';

/** Returns the reason why the kernel has no IPVS. */
export function unavailableReason(facts: ModuleFacts = factsOf('ip_vs')): string {
  const why = noLoading(facts);
  if (why === undefined) {
    const isUnloaded = !facts.loaded && facts.onDisk === true;
    return isUnloaded ? absenceOf('ip_vs', facts).detail : UNAVAILABLE;
  }
  const hint = facts.forbidden ? '' : ': load it on the host (modprobe ip_vs)';
  return `module ip_vs is not loaded, and ${why}${hint}`;
}

/** An error that csrc/binding/error.cc has made. */
interface NativeError extends Error {
  readonly errno: number;
  readonly syscall: string;
  readonly text: string;
}

function isNativeError(error: unknown): error is NativeError {
  return error instanceof Error && 'errno' in error && 'syscall' in error && 'text' in error;
}

/** Returns true for the error that the addon throws when it has no memory. */
function isMemoryError(error: unknown): error is Error {
  return error instanceof Error && error.message === 'std::bad_alloc';
}

/** The failed call of a native error, and what it was to open. */
interface Failure {
  readonly operation: string;
  readonly target: string;
  /** True if `open` failed on a file that IPVS brings; otherwise it failed on the namespace. */
  readonly isFile: boolean;
  readonly hint?: string;
  /** Default: those of opening. */
  readonly meanings?: Meanings;
}

/** The calls that fail with ENOENT without IPVS: a list of nothing is empty. */
const FAMILY_CALLS: ReadonlySet<string> = new Set(['CTRL_CMD_GETFAMILY', 'dump']);

function translate(error: NativeError, failure: Failure) {
  const { operation, target, isFile, hint = '', meanings = OPENING } = failure;
  const { syscall } = error;
  const code = errnoName(error.errno);
  const isIpvsFile = isFile && syscall === 'open';
  const isAbsent = code === 'ENOENT' && (isIpvsFile || FAMILY_CALLS.has(syscall));
  const meaning = isIpvsFile
    ? systemMessage(code)
    : (meanings[syscall]?.[code] ?? generalMeaning(code));
  const why = isAbsent ? unavailableReason() : `${meaning}${hint} (${syscall}: ${code})`;
  return operationError(why, {
    code: isAbsent ? 'ERR_IPVS_UNAVAILABLE' : code,
    errno: -error.errno,
    syscall,
    operation,
    target,
    cause: error,
  });
}

function memoryError(cause: Error, operation: string, target: string): IpvsError {
  return operationError('the process has no memory for it (ENOMEM)', {
    code: 'ENOMEM',
    errno: -constants.errno.ENOMEM,
    operation,
    target,
    cause,
  });
}

/** Returns a hint about a name of `ip netns`, which is not a path; otherwise ''. */
function namespaceHint(netns: string): string {
  if (!/^[\w.-]{1,80}$/.test(netns)) return '';
  return `: netns is a path, such as '/run/netns/${netns}' for a namespace of ip netns`;
}

/** Returns the error for an open() that failed natively. */
export function openingError(error: unknown, netns: string): Error {
  const target = cut(netns);
  if (isMemoryError(error)) return memoryError(error, 'open', target);
  if (!isNativeError(error)) return error instanceof Error ? error : new Error(String(error));
  const isPathWrong =
    ['open', 'setns'].includes(error.syscall) && errnoName(error.errno) !== 'EPERM';
  const hint = isPathWrong ? namespaceHint(netns) : '';
  return translate(error, { operation: 'open', target, isFile: false, hint });
}

/**
 * Returns the error for a namespace that could not be created. Returns other errors as they are.
 */
export function creationError(error: unknown): unknown {
  if (isMemoryError(error)) return memoryError(error, 'create', '');
  if (!isNativeError(error)) return error;
  return translate(error, { operation: 'create', target: '', isFile: false, meanings: CREATING });
}

/**
 * Returns the error for a call of the addon that is no exchange, and failed natively: on files, the
 * connection table or a watcher. Returns any other error as it is.
 */
export function nativeCallError(error: unknown, operation: string): unknown {
  if (isMemoryError(error)) return memoryError(error, operation, '');
  if (!isNativeError(error)) return error;
  return translate(error, { operation, target: '', isFile: true, meanings: CALLING });
}

/**
 * Returns the error for each request of an exchange that failed as a whole. A native error is one
 * of the connection, before anything was sent; after any other, such as a lack of memory, nobody
 * knows how many requests the kernel has executed.
 */
export function exchangeError(error: unknown, operation: string): IpvsError {
  if (isNativeError(error)) return translate(error, { operation, target: '', isFile: false });
  const why = errorMessage(error);
  return operationError(`its batch failed (${why}): it may have taken effect`, {
    code: 'ERR_IPVS_OUTCOME_UNKNOWN',
    operation,
    cause: error,
  });
}

/**
 * Returns the error for a file of the kernel that exists but cannot be read.
 * @param hint what to do, if the file has a reason of its own
 */
export function fileError(operation: string, path: string, errno: number, hint = ''): IpvsError {
  const code = errnoName(errno);
  return new IpvsError(`${operation}: ${path}: ${systemMessage(code)} (${code})${hint}`, {
    code,
    errno: -errno,
    syscall: 'open',
    operation,
    target: path,
  });
}
