/**
 * Services: their types, and how they are encoded and decoded.
 * @module
 */
import { AF_INET6, describeAddress, type Family, formatAddress } from '../core/address.js';
import { checkBoolean } from '../core/check.js';
import { wrongType, wrongValue } from '../core/input-errors.js';
import { layout } from '../native/layout.js';
import type { Records } from '../native/records.js';
import type { Destination } from './destination.js';
import { protocols } from './names.js';
import {
  decodePersistence,
  encodePersistence,
  hasPersistenceSettings,
  type Persistence,
  type PersistenceConfig,
} from './persistence.js';
import {
  checkKeyed,
  encodeServiceKey,
  encodeServiceReference,
  type FirewallMark,
  SERVICE_KEY,
  type ServiceAddress,
} from './reference.js';
import { serviceObjectHint } from './reference-hints.js';
import type { Keys, RequestBuffer } from './request-buffer.js';
import {
  checkFlagOwner,
  checkScheduler,
  checkSchedulerFlags,
  decodeSchedulerFlags,
  type Scheduler,
  type SchedulerFlag,
} from './schedulers.js';
import {
  checkSettings,
  pathsIn,
  type SettingsSource,
  sourceOf,
  type Unchecked,
} from './settings.js';
import { type Counter, type DecodeCounter, decodeStats, type Stats } from './stats.js';

/** The settings of a service, all of them optional. */
export interface ServiceSettings {
  /**
   * The scheduler, which chooses the destination of a new connection: a name of 1 to 15 characters.
   * Default 'wlc', as in ipvsadm. IPVS_SVC_ATTR_SCHED_NAME, `ipvsadm -s`.
   */
  readonly scheduler?: Scheduler | undefined;
  /**
   * The flags of the scheduler. Those of sh and mh go with these schedulers only. Default none.
   * IPVS_SVC_ATTR_FLAGS, `ipvsadm -b`.
   */
  readonly schedulerFlags?: readonly SchedulerFlag[] | undefined;
  /**
   * Persistence, which sends a client to the same destination again. `{}` is persistence of 300
   * seconds. Default null: none. IP_VS_SVC_F_PERSISTENT, `ipvsadm -p`.
   */
  readonly persistence?: PersistenceConfig | null | undefined;
  /**
   * True: every packet is scheduled by itself. Only for udp and firewall marks. Default false.
   * IP_VS_SVC_F_ONEPACKET, `ipvsadm -o`.
   */
  readonly onePacket?: boolean | undefined;
}

/**
 * A service to add: its key and its settings. What the kernel would accept but could not use is
 * refused, such as one-packet scheduling of tcp, the engine 'sip' of tcp, port 0 without
 * persistence, or an address that is not unicast.
 *
 * A {@link Service} is accepted too, also after `JSON.stringify()` and `JSON.parse()`. It has
 * `stats`, which show that it comes from the kernel: it is written as it is, including values that
 * only another program could have set. Of a {@link ServiceWithDestinations}, leave out
 * `destinations`.
 */
export type ServiceConfig = (ServiceAddress | FirewallMark) & ServiceSettings;

/**
 * The settings of a service to change. Everything that is left out stays as it is, also within
 * `persistence`; with `{}` all. Takes settings only: a {@link Service} is refused, since it also has
 * a key and counters.
 */
export type ServiceChanges = ServiceSettings;

/** What every service has beside its key. */
export interface ServiceState<Value extends Counter> {
  /** The family of its address, or of the packets with its mark. IPVS_SVC_ATTR_AF. */
  readonly family: Family;
  /** The scheduler. IPVS_SVC_ATTR_SCHED_NAME. */
  readonly scheduler: Scheduler;
  /**
   * The flags as the scheduler calls them: the bit of 'flag-1' reads as 'sh-fallback' with sh, as
   * 'mh-fallback' with mh. A bit without a name reads as 'unknown-N', N its value.
   * IPVS_SVC_ATTR_FLAGS.
   */
  readonly schedulerFlags: readonly SchedulerFlag[];
  /**
   * Persistence; null: each connection is scheduled by itself. IPVS_SVC_ATTR_TIMEOUT,
   * IPVS_SVC_ATTR_NETMASK, IPVS_SVC_ATTR_PE_NAME.
   */
  readonly persistence: Persistence | null;
  /**
   * Settings of persistence that another program has left in a service without persistence; absent
   * if there are none. They change nothing, except that an engine affects connections that a real
   * server opens.
   */
  readonly inactivePersistence?: Persistence;
  /** True if every packet is scheduled by itself. IP_VS_SVC_F_ONEPACKET. */
  readonly onePacket: boolean;
  /** Counters and rates. IPVS_SVC_ATTR_STATS64. */
  readonly stats: Stats<Value>;
}

/** Of a service with an address: `service.fwmark === undefined` tells it from one by mark. */
export interface NoMark {
  readonly fwmark?: undefined;
}

/** Of a service by firewall mark: it has none of these. */
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

const { fields } = layout.service;
const { fields: requestFields } = layout.request;
const { changes: CHANGES, serviceFlags: FLAGS } = layout;
const DEFAULT_SCHEDULER = 'wlc';

const SETTINGS = ['scheduler', 'schedulerFlags', 'persistence', 'onePacket'] as const;
type SettingName = (typeof SETTINGS)[number];
/** What a service that was read has besides, and one of a sample. */
const STATE = ['inactivePersistence', 'stats', 'change'] as const;
const CONFIG_KEYS = new Set([...SERVICE_KEY, ...SETTINGS, ...STATE] as const);
const CHANGE_KEYS = new Set(SETTINGS);
/** The properties of references, which may be any object that this package returned. @internal */
export const SERVICE_KEYS: ReadonlySet<string> = new Set([...CONFIG_KEYS, 'destinations']);

const PATHS = {
  service: pathsIn('service', [...SETTINGS, 'protocol', 'address', 'inactivePersistence']),
  changes: pathsIn('changes', SETTINGS),
} as const;

/** Encodes the service of an add or ensure: its key and all settings, completed with defaults. @internal */
export function encodeServiceConfig(request: RequestBuffer, config: unknown): void {
  if (typeof config === 'string') {
    throw wrongType('service', config, `an object${serviceObjectHint(config)}`);
  }
  const settings = checkKeyed(request, 'service', config, CONFIG_KEYS, encodeServiceKey);
  encodeServiceKey(request, 'service', settings);
  const source = sourceOf(settings.stats);
  if (source === 'config') checkServiceKey(request);
  encodeSettings(request, settings, source);
}

/** Encodes the changes of an update, after the key of the service. @internal */
export function encodeServiceChanges(request: RequestBuffer, changes: unknown): void {
  encodeSettings(request, checkSettings('changes', changes, CHANGE_KEYS), 'changes');
}

/** Encodes a service that the kernel refuses, but only after it has looked for the scheduler. @internal */
export function encodeSchedulerProbe(request: RequestBuffer, scheduler: string): void {
  // No service has this key; with one that a service has, the kernel would not get that far.
  encodeServiceReference(request, 'service', 'unknown-65535://[::]:0', SERVICE_KEYS);
  request.records.setName(request.service(), fields.scheduler, scheduler);
}

/**
 * Checks the key of a service to add. References may have any protocol and address, but a new
 * service with such a key would match nothing.
 */
function checkServiceKey(request: RequestBuffer): void {
  const { records, keys } = request;
  if (keys.fwmark !== 0) return;
  protocols.number(PATHS.service.protocol, protocols.name(keys.protocol));
  const at = request.service() + fields.address.offset;
  const kind = describeAddress(records.bytes, at, keys.serviceFamily);
  if (kind === 'unicast') return;
  const address = formatAddress(records.bytes, at, keys.serviceFamily);
  const rule = `is ${kind}: no packet would ever match the service`;
  throw wrongValue(PATHS.service.address, address, rule);
}

function encodeSettings(
  request: RequestBuffer,
  settings: Unchecked<SettingName | 'inactivePersistence'>,
  source: SettingsSource,
): void {
  const { records, keys } = request;
  const base = request.service();
  const isUpdate = source === 'changes';
  const paths = isUpdate ? PATHS.changes : PATHS.service;
  const { scheduler, schedulerFlags, persistence, onePacket } = settings;
  let changes = 0;
  let flags = 0;

  let schedulerName: string | undefined = isUpdate ? undefined : DEFAULT_SCHEDULER;
  if (scheduler !== undefined) {
    schedulerName = checkScheduler(paths.scheduler, scheduler);
    changes |= CHANGES.scheduler;
  }
  if (schedulerName !== undefined) records.setName(base, fields.scheduler, schedulerName);

  if (schedulerFlags !== undefined) {
    const checked = checkSchedulerFlags(paths.schedulerFlags, schedulerFlags, source, scheduler);
    // Without a scheduler, the addon compares the owner with the scheduler that the service has.
    if (schedulerName !== undefined) checkFlagOwner(paths.schedulerFlags, checked, schedulerName);
    records.setName(request.base(), requestFields.flagsOwner, checked.owner);
    flags |= checked.bits;
    changes |= CHANGES.schedulerFlags;
  }

  if (onePacket !== undefined) {
    if (checkBoolean(paths.onePacket, onePacket)) {
      if (source !== 'kernel') checkOnePacket(paths.onePacket, keys);
      flags |= FLAGS.onePacket;
    }
    changes |= CHANGES.onePacket;
  }

  if (persistence !== undefined) {
    changes |= encodePersistence(request, paths.persistence, persistence, source);
  }
  if (persistence !== undefined && persistence !== null) {
    flags |= FLAGS.persistent;
  } else if (persistence === null || !isUpdate) {
    if (source !== 'kernel') checkPortWithoutPersistence(paths.persistence, keys);
    if (!isUpdate) encodeInactivePersistence(request, settings.inactivePersistence);
  }

  records.setU32(base, fields.flags, flags);
  records.setU32(request.base(), requestFields.changes, changes);
}

function checkOnePacket(path: string, { fwmark, protocol }: Keys): void {
  const name = protocols.name(protocol);
  if (fwmark !== 0 || name === 'udp') return;
  throw wrongValue(path, true, `is only for udp and firewall marks, not for ${name}`);
}

function checkPortWithoutPersistence(path: string, { fwmark, servicePort }: Keys): void {
  if (fwmark !== 0 || servicePort !== 0) return;
  const rule = 'does not go with port 0: a service for every port must be persistent';
  throw wrongValue(path, null, rule);
}

function encodeInactivePersistence(request: RequestBuffer, value: unknown): void {
  encodePersistence(request, PATHS.service.inactivePersistence, value ?? null, 'kernel');
}

/**
 * Decodes the service of the ServiceEntry at `base`.
 * @param decode decodes a counter: as a number, or as a BigInt
 * @internal
 */
export function decodeServiceEntry<Value extends Counter>(
  records: Records,
  base: number,
  decode: DecodeCounter<Value>,
): Service<Value> {
  const { service, stats } = layout.serviceEntry.fields;
  const counters = decodeStats(records, base + stats.offset, decode);
  return decodeService(records, base + service.offset, counters);
}

/** Decodes the service at `base`, to which `stats` belong. @internal */
export function decodeService<Value extends Counter>(
  records: Records,
  base: number,
  stats: Stats<Value>,
): Service<Value> {
  const family = records.u16(base, fields.family);
  const flags = records.u32(base, fields.flags);
  const scheduler = records.name(base, fields.scheduler);
  const fwmark = records.u32(base, fields.fwmark);
  const isPersistent = (flags & FLAGS.persistent) !== 0;
  const state: ServiceState<Value> = {
    // IPVS has no other families.
    family: family === AF_INET6 ? 'ipv6' : 'ipv4',
    scheduler,
    schedulerFlags: decodeSchedulerFlags(flags, scheduler),
    persistence: isPersistent ? decodePersistence(records, base) : null,
    ...(!isPersistent && hasPersistenceSettings(records, base)
      ? { inactivePersistence: decodePersistence(records, base) }
      : undefined),
    onePacket: (flags & FLAGS.onePacket) !== 0,
    stats,
  };
  if (fwmark !== 0) return { fwmark, ...state };
  return {
    protocol: protocols.name(records.u16(base, fields.protocol)),
    address: formatAddress(records.bytes, base + fields.address.offset, family),
    port: records.u16(base, fields.port),
    ...state,
  };
}
