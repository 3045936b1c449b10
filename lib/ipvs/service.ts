/**
 * Services: what they are made of, and their records.
 * @module
 */
import { AF_INET6, describeAddress, type Family, formatAddress } from '../core/address.js';
import { checkBoolean, checkName, checkObject, readArray } from '../core/check.js';
import { serviceObjectHint } from '../core/hints.js';
import { wrongType, wrongValue } from '../core/input-errors.js';
import { unknownNumber } from '../core/names.js';
import { layout } from '../native/layout.js';
import type { Records } from '../native/records.js';
import type { Destination } from './destination.js';
import {
  type KnownScheduler,
  limits,
  type NamedFlag,
  namesOfSchedulerFlags,
  protocols,
  type SchedulerFlag,
  schedulerFlagNames,
  schedulerFlags,
  schedulers,
  serviceFlags,
} from './names.js';
import {
  checkModuleName,
  decodePersistence,
  encodePersistence,
  fullMask,
  hasPersistenceSettings,
  type Persistence,
  type PersistenceConfig,
} from './persistence.js';
import {
  checkKeyed,
  encodeServiceKey,
  encodeServiceReference,
  type FirewallMark,
  SERVICE_IDENTITY,
  type ServiceAddress,
} from './reference.js';
import type { RequestBuffer } from './request-buffer.js';
import {
  type Counter,
  type DecodeCounter,
  decodeStats,
  isFromKernel,
  type Stats,
} from './stats.js';

/** The name of a scheduler: one of Linux's, or any other that the kernel may have. */
export type Scheduler = KnownScheduler | (string & {});

/** The settings of a service, all of them optional. */
export interface ServiceSettings {
  /** Which destination takes a new connection. 1 to 15 characters. Default 'wlc', as in ipvsadm. IPVS_SVC_ATTR_SCHED_NAME, `ipvsadm -s`. */
  readonly scheduler?: Scheduler | undefined;
  /** Default none. Flags of sh and mh go with those schedulers only. IPVS_SVC_ATTR_FLAGS, `ipvsadm -b`. */
  readonly schedulerFlags?: readonly SchedulerFlag[] | undefined;
  /** Sends a client to the same destination again. Default null: none. `{}` is persistence of 300 seconds. IP_VS_SVC_F_PERSISTENT, `ipvsadm -p`. */
  readonly persistence?: PersistenceConfig | null | undefined;
  /** Schedules every packet by itself. Only for udp and firewall marks. Default false. IP_VS_SVC_F_ONEPACKET, `ipvsadm -o`. */
  readonly onePacket?: boolean | undefined;
}

/**
 * A service to be made: its name and its settings. What the kernel would accept but could not use is
 * refused, such as one-packet scheduling of tcp, the engine 'sip' of tcp, port 0 without persistence,
 * or an address that is not unicast.
 *
 * A {@link Service} is accepted too, also after `JSON.stringify()` and `JSON.parse()`. It has `stats`,
 * which show that it comes from the kernel: it is written as it is, including values that only
 * another program could have set. Of a {@link ServiceWithDestinations}, leave out `destinations`.
 */
export type ServiceConfig = (ServiceAddress | FirewallMark) & ServiceSettings;

/**
 * What an update of a service changes. Everything that is left out stays as it is, also within
 * `persistence`; with `{}` all. Takes settings only: a {@link Service} is refused, since it also has
 * a name and counters.
 */
export type ServiceChanges = ServiceSettings;

/** What every service has beside its name. */
export interface ServiceState<Value extends Counter> {
  /** Of its address, or of the packets with its mark. IPVS_SVC_ATTR_AF. */
  readonly family: Family;
  /** How it chooses a destination. IPVS_SVC_ATTR_SCHED_NAME. */
  readonly scheduler: Scheduler;
  /**
   * As the scheduler calls them: the bit of 'flag-1' reads as 'sh-fallback' with sh, as 'mh-fallback' with mh. A bit without a name reads
   * as 'unknown-N', N its value.
   */
  readonly schedulerFlags: readonly SchedulerFlag[];
  /** Null: each connection is scheduled by itself. IPVS_SVC_ATTR_TIMEOUT, IPVS_SVC_ATTR_NETMASK, IPVS_SVC_ATTR_PE_NAME. */
  readonly persistence: Persistence | null;
  /**
   * Settings of persistence that another program has left in a service without persistence. Absent where there are none. They change
   * nothing, except that an engine affects connections that a real server opens.
   */
  readonly inactivePersistence?: Persistence;
  /** Whether each UDP packet is scheduled by itself. */
  readonly onePacket: boolean;
  /** Its counters and rates. IPVS_SVC_ATTR_STATS64. */
  readonly stats: Stats<Value>;
}

/** What a service that is named by one thing has not of the other, so that `service.fwmark === undefined` tells them apart. */
export interface NoMark {
  readonly fwmark?: undefined;
}
/** The same for a service by firewall mark. */
export interface NoAddress {
  readonly protocol?: undefined;
  readonly address?: undefined;
  readonly port?: undefined;
}

/**
 * A service as the kernel has it. It can be passed as a {@link ServiceReference} anywhere, and
 * written with addService() and ensureService().
 */
export type Service<Value extends Counter = number> =
  | (ServiceAddress & NoMark & ServiceState<Value>)
  | (FirewallMark & NoAddress & ServiceState<Value>);

/**
 * A service with its destinations, as {@link Snapshot} has them. It can be passed as a
 * {@link ServiceReference} anywhere. To write it, leave out `destinations`:
 * `const { destinations, ...config } = service`.
 */
export type ServiceWithDestinations<Value extends Counter = number> = Service<Value> & {
  readonly destinations: readonly Destination<Value>[];
};

const { persistent: PERSISTENT, onePacket: ONE_PACKET, scheduler: SCHEDULER_FLAGS } = serviceFlags;
const MAX_FLAGS = 2 ** 32 - 1;
const DEFAULT_SCHEDULER = 'wlc';
/** @internal */
export const MAX_SCHEDULER = limits.schedulerLength;

const SETTINGS = ['scheduler', 'schedulerFlags', 'persistence', 'onePacket'] as const;
/** What a returned service may have besides, and one of a sample. */
const STATE = ['inactivePersistence', 'stats', 'change'] as const;
const CONFIG_KEYS: ReadonlySet<string> = new Set([...SERVICE_IDENTITY, ...SETTINGS, ...STATE]);
const CHANGE_KEYS: ReadonlySet<string> = new Set(SETTINGS);
/** A reference may be any object that this package returned. @internal */
export const SERVICE_KEYS: ReadonlySet<string> = new Set([...CONFIG_KEYS, 'destinations']);

/** Writes the service of an add or ensure: every setting, with the defaults of those left out. @internal */
export function encodeServiceConfig(request: RequestBuffer, config: unknown): void {
  const property = 'service';
  if (typeof config === 'string') {
    throw wrongType(property, config, `an object${serviceObjectHint(config)}`);
  }
  const settings = checkKeyed(request, property, config, CONFIG_KEYS, encodeServiceKey);
  encodeServiceKey(request, property, settings);
  const { stats } = settings;
  const read = isFromKernel(stats);
  if (!read) checkKey(request, property);

  const { records } = request;
  const base = request.service();
  const { fields } = layout.service;
  records.setName(base, fields.scheduler, DEFAULT_SCHEDULER);
  records.setNumber(base, fields.netmask, fullMask(records.number(base, fields.family)));
  writeSettings(request, property, settings, read);
  checkFlagOwner(request, property);
  if ((records.number(base, fields.flags) & PERSISTENT) !== 0) return;
  if (!read) checkPortWithoutPersistence(request, property);
  const { inactivePersistence } = settings;
  if (inactivePersistence === undefined) return;
  encodePersistence(request, `${property}.inactivePersistence`, inactivePersistence, true);
}

/** Other protocols and addresses may be referred to, but a service made for them would match nothing. */
function checkKey(request: RequestBuffer, property: string): void {
  const { records } = request;
  const base = request.service();
  const { fields } = layout.service;
  if (records.number(base, fields.fwmark) !== 0) return;
  const protocol = protocols.name(records.number(base, fields.protocol));
  protocols.number(`${property}.protocol`, protocol);
  const at = base + fields.address.offset;
  const family = records.number(base, fields.family);
  const kind = describeAddress(records.bytes, at, family);
  if (kind === 'unicast') return;
  throw wrongValue(
    `${property}.address`,
    formatAddress(records.bytes, at, family),
    `is ${kind}: no packet would ever match the service`,
  );
}

/** Writes a service that the kernel refuses, but not before it has looked for the scheduler. @internal */
export function encodeSchedulerProbe(request: RequestBuffer, scheduler: string): void {
  // A key that no service has: where one had it, the kernel would look no further.
  encodeServiceReference(request, 'service', 'unknown-65535://[::]:0', SERVICE_KEYS);
  const { records } = request;
  records.setName(request.service(), layout.service.fields.scheduler, scheduler);
}

/** Writes the changes of an update; the service's key stands already. @internal */
export function encodeServiceChanges(request: RequestBuffer, changes: unknown): void {
  const property = 'changes';
  const settings = checkObject(property, changes, CHANGE_KEYS);
  const named = writeSettings(request, property, settings, false);
  const { records } = request;
  // Without a scheduler in the changes, the native side checks the flags against the one that the service has.
  if ((named & layout.changes.scheduler) !== 0) checkFlagOwner(request, property);
  const flags = records.number(request.service(), layout.service.fields.flags);
  if ((named & layout.changes.persistence) !== 0 && (flags & PERSISTENT) === 0) {
    checkPortWithoutPersistence(request, property);
  }
}

/**
 * Writes settings; what was `read` from the kernel as it is, the rest checked for mistakes.
 * @returns the settings that were named, as bits of Changes
 */
function writeSettings(
  request: RequestBuffer,
  property: string,
  settings: Readonly<Record<string, unknown>>,
  read: boolean,
): number {
  const { records } = request;
  const base = request.service();
  const { fields } = layout.service;
  let named = 0;
  let flags = 0;
  const { scheduler } = settings;
  if (scheduler !== undefined) {
    const name = checkModuleName(`${property}.scheduler`, scheduler, MAX_SCHEDULER, schedulers);
    records.setName(base, fields.scheduler, name);
    named |= layout.changes.scheduler;
  }
  const { schedulerFlags: names } = settings;
  if (names !== undefined) {
    const { bits, owner } = checkSchedulerFlags(
      `${property}.schedulerFlags`,
      names,
      read,
      scheduler,
    );
    records.setName(request.base(), layout.request.fields.flagsOwner, owner);
    flags |= bits;
    named |= layout.changes.schedulerFlags;
  }
  const { onePacket } = settings;
  if (onePacket !== undefined) {
    if (checkBoolean(`${property}.onePacket`, onePacket)) {
      if (!read) checkOnePacket(request, `${property}.onePacket`);
      flags |= ONE_PACKET;
    }
    named |= layout.changes.onePacket;
  }
  const { persistence } = settings;
  if (persistence !== undefined) {
    named |= encodePersistence(request, `${property}.persistence`, persistence, read);
    if (persistence !== null) flags |= PERSISTENT;
  }
  records.setNumber(base, fields.flags, flags);
  records.setNumber(request.base(), layout.request.fields.changes, named);
  return named;
}

type Flag = (typeof schedulerFlags)[NamedFlag];

/** The bits of flags, and the scheduler that they belong to, or ''. */
function checkSchedulerFlags(
  property: string,
  value: unknown,
  read: boolean,
  scheduler: unknown,
): { bits: number; owner: string } {
  const flags = readArray(property, value, 'an array of scheduler flags', (name): Flag => {
    const unknown = read ? unknownNumber(name, MAX_FLAGS) : undefined;
    if (unknown !== undefined) return { bit: unknown & SCHEDULER_FLAGS };
    // Of those that are meant, one of the scheduler.
    if (!schedulerFlagNames.some((known) => known === name)) {
      checkName(property, name, flagNamesOf(scheduler));
    }
    // checkName() has made sure that it is one of schedulerFlagNames.
    return schedulerFlags[name as NamedFlag];
  });
  let bits = 0;
  let owner = '';
  for (const { bit, scheduler } of flags) {
    bits |= bit;
    if (scheduler === undefined) continue;
    if (owner !== '' && owner !== scheduler) {
      throw wrongValue(property, value, `has flags of two schedulers, ${owner} and ${scheduler}`);
    }
    owner = scheduler;
  }
  return { bits, owner };
}

/** The flags that may be set with a scheduler; with one that is not known here, all. */
function flagNamesOf(scheduler: unknown): readonly NamedFlag[] {
  if (typeof scheduler !== 'string') return schedulerFlagNames;
  return schedulerFlagNames.filter((name) => {
    const { scheduler: owner = scheduler } = schedulerFlags[name];
    return owner === scheduler;
  });
}

function checkFlagOwner(request: RequestBuffer, property: string): void {
  const { records } = request;
  const owner = records.name(request.base(), layout.request.fields.flagsOwner);
  const scheduler = records.name(request.service(), layout.service.fields.scheduler);
  if (owner === '' || owner === scheduler) return;
  throw wrongValue(
    `${property}.schedulerFlags`,
    ownedFlags(records, request.service(), owner),
    `belongs to scheduler ${owner}, not to ${scheduler}`,
  );
}

/** The flags of the service at `base` that belong to `owner`: the one, or all of them. @internal */
export function ownedFlags(
  records: Records,
  base: number,
  owner: string,
): string | readonly string[] {
  const flags = records.number(base, layout.service.fields.flags);
  const names = namesOfSchedulerFlags(flags & SCHEDULER_FLAGS, owner);
  const owned = names.filter((name) => name.startsWith(`${owner}-`));
  const [first] = owned;
  return owned.length === 1 && first !== undefined ? first : owned;
}

function checkOnePacket(request: RequestBuffer, property: string): void {
  const { records } = request;
  const protocol = protocols.name(
    records.number(request.service(), layout.service.fields.protocol),
  );
  const mark = records.number(request.service(), layout.service.fields.fwmark);
  if (mark !== 0 || protocol === 'udp') return;
  throw wrongValue(property, true, `is only for udp and firewall marks, not for ${protocol}`);
}

function checkPortWithoutPersistence(request: RequestBuffer, property: string): void {
  const { records } = request;
  const { fields } = layout.service;
  const mark = records.number(request.service(), fields.fwmark);
  if (mark !== 0 || records.number(request.service(), fields.port) !== 0) return;
  throw wrongValue(
    `${property}.persistence`,
    null,
    'does not go with port 0: a service for every port must be persistent',
  );
}

/** The service in the record of a ServiceEntry at `base`. @internal */
export function decodeServiceEntry<Value extends Counter>(
  records: Records,
  base: number,
  read: DecodeCounter<Value>,
): Service<Value> {
  const { service, stats } = layout.serviceEntry.fields;
  const counters = decodeStats(records, base + stats.offset, read);
  return decodeService(records, base + service.offset, counters);
}

/** The service whose record is at `at`, with these counters. @internal */
export function decodeService<Value extends Counter>(
  records: Records,
  at: number,
  stats: Stats<Value>,
): Service<Value> {
  const { fields } = layout.service;
  const family = records.number(at, fields.family);
  const flags = records.number(at, fields.flags);
  const scheduler = records.name(at, fields.scheduler);
  const mark = records.number(at, fields.fwmark);
  const persistent = (flags & PERSISTENT) !== 0;
  const state: ServiceState<Value> = {
    // Linux knows IPVS for these two families only.
    family: family === AF_INET6 ? 'ipv6' : 'ipv4',
    scheduler,
    schedulerFlags: namesOfSchedulerFlags(flags & SCHEDULER_FLAGS, scheduler),
    persistence: persistent ? decodePersistence(records, at) : null,
    ...(!persistent && hasPersistenceSettings(records, at)
      ? { inactivePersistence: decodePersistence(records, at) }
      : undefined),
    onePacket: (flags & ONE_PACKET) !== 0,
    stats,
  };
  if (mark !== 0) return { fwmark: mark, ...state };
  return {
    protocol: protocols.name(records.number(at, fields.protocol)),
    address: formatAddress(records.bytes, at + fields.address.offset, family),
    port: records.number(at, fields.port),
    ...state,
  };
}
