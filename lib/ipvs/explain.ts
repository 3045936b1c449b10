/**
 * What the kernel's errnos mean, operation by operation. The kernel says no more than the number, so that the table here is
 * all that a person gets to read.
 * @module
 */
import { AF_INET6 } from '../core/address.js';
import { subjectOf } from '../core/arguments.js';
import type { Errno } from '../core/errno.js';
import {
  describeInput,
  errnoName,
  type InputError,
  IpvsError,
  type IpvsErrorCode,
  type Missing,
  wrongValue,
} from '../core/errors.js';
import { schedulerHint } from '../core/hints.js';
import type { OperationName, StatusName } from '../native/addon.js';
import { generalMeaning } from '../native/errno-meanings.js';
import { absenceOf, factsOf, isLoaded, noLoading } from '../native/kernel-modules.js';
import { layout } from '../native/layout.js';
import { unavailableReason } from '../native/native-errors.js';
import type { RequestBuffer } from '../native/records.js';
import { schedulers, tunnelTypes } from './names.js';
import {
  formatDestinationAt,
  formatServiceAt,
  fullDestinationTarget,
  serviceTarget,
} from './reference.js';
import { ownedFlags } from './service.js';
import { formatSyncDaemon, formatSyncDaemonLink } from './sync-daemon.js';

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
    general: generalMeaning,
    refused: (code) => meaning(errors, code, names),
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
      return fail(unavailableReason(), 'ERR_IPVS_UNAVAILABLE');
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
  const { records } = requests;
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
  const explanation = table[code] ?? generalMeaning(code);
  return typeof explanation === 'string' ? explanation : explanation(names);
}

function namesIn(requests: RequestBuffer, index: number): Names {
  const { records } = requests;
  const { fields } = layout.service;
  const changes = records.number(requests.base(index), layout.request.fields.changes);
  const flagsOwner = records.name(requests.base(index), layout.request.fields.flagsOwner);
  return {
    scheduler: records.name(requests.service(index), fields.scheduler),
    isDefault: (changes & layout.changes.scheduler) === 0,
    engine: records.name(requests.service(index), fields.engine),
    flagsOwner,
    flags: ownedFlags(requests, requests.service(index), flagsOwner),
    link: formatSyncDaemonLink(requests, index),
    families: [
      records.number(requests.service(index), fields.family),
      records.number(requests.destination(index), layout.destination.fields.family),
    ],
  };
}

/** What the request at `index` is about, as far as it is written; or ''. */
function targetOf(operation: OperationName, requests: RequestBuffer, index: number): string {
  const { records } = requests;
  if (operation.endsWith('SyncDaemon')) return formatSyncDaemon(requests, index);
  if (!hasFamily(requests, requests.service(index))) return '';
  const service = formatServiceAt(records, requests.service(index));
  const family = records.number(requests.destination(index), layout.destination.fields.family);
  if (family === 0 || !operation.endsWith('Destination')) return service;
  return `${formatDestinationAt(records, requests.destination(index))} of ${service}`;
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
  if (operation.endsWith('SyncDaemon'))
    return formatSyncDaemon(requests, index) || subjectOf(first);
  if (!ABOUT_SERVICE.test(operation)) return '';
  return operation.endsWith('Destination')
    ? fullDestinationTarget(requests, first, second)
    : serviceTarget(requests, first);
}

function hasFamily(requests: RequestBuffer, base: number): boolean {
  return requests.records.number(base, layout.service.fields.family) !== 0;
}
