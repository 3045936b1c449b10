/**
 * Services in records: how configurations and changes are checked and encoded.
 * @module
 */
import { describeAddress, formatAddress, isPlainUnicast } from '../core/address.js';
import { checkBoolean } from '../core/check.js';
import { wrongType, wrongValue } from '../core/input-errors.js';
import { layout } from '../native/layout.js';
import { protocols } from './names.js';
import { encodePersistence, hostMask } from './persistence.js';
import { SERVICE_KEY, SERVICE_SETTINGS, SERVICE_STATE } from './properties.js';
import { copyKeyed, encodeServiceKey, encodeServiceReference } from './reference.js';
import { serviceObjectHint } from './reference-hints.js';
import type { Keys, RequestBuffer } from './request-buffer.js';
import { checkFlagOwner, checkScheduler, checkSchedulerFlags } from './schedulers.js';
import {
  checkSettings,
  isReadable,
  pathsIn,
  type SettingsSource,
  sourceOf,
  type Unchecked,
} from './settings.js';

const { fields } = layout.service;
const { fields: requestFields } = layout.request;
const ADDRESS = requestFields.service.offset + fields.address.offset;
const { changes: CHANGES, serviceFlags: FLAGS } = layout;
/** @internal */
export const DEFAULT_SCHEDULER = 'wlc';

type SettingName = (typeof SERVICE_SETTINGS)[number];
const CONFIG_KEYS = new Set([...SERVICE_KEY, ...SERVICE_SETTINGS, ...SERVICE_STATE] as const);
const CHANGE_KEYS = new Set(SERVICE_SETTINGS);

const PATHS = {
  service: pathsIn('service', [...SERVICE_SETTINGS, 'protocol', 'address', 'inactivePersistence']),
  changes: pathsIn('changes', SERVICE_SETTINGS),
} as const;

/**
 * Encodes the service of an add or ensure: its key and all settings, completed with defaults.
 * @param allowed the properties that it may have, for the error about others
 * @internal
 */
export function encodeServiceConfig(
  request: RequestBuffer,
  config: unknown,
  allowed: ReadonlySet<string> = CONFIG_KEYS,
): void {
  if (typeof config === 'string') {
    throw wrongType('service', config, `an object${serviceObjectHint(config)}`);
  }
  const settings = isReadable(config, allowed)
    ? config
    : copyKeyed(request, 'service', config, allowed, encodeServiceKey);
  const key = encodeServiceKey(request, 'service', settings);
  // Not of an object that was copied: its class may have getters.
  if (settings === config) request.keepService(config, key);
  const source = sourceOf(settings['stats']);
  if (source === 'config') {
    const { records, current, keys } = request;
    const isUnicast = isPlainUnicast(records.bytes, current + ADDRESS, keys.serviceFamily);
    if (!isUnicast || protocols.find(key.protocol) === undefined) checkServiceKey(request);
  }
  encodeSettings(request, settings, source);
}

/** Encodes the changes of an update, after the key of the service. @internal */
export function encodeServiceChanges(request: RequestBuffer, changes: unknown): void {
  encodeSettings(request, checkSettings('changes', changes, CHANGE_KEYS), 'changes');
}

/**
 * Encodes a service that the kernel refuses, but only after it has looked for the scheduler, as
 * the probe in csrc/ipvs/module_probe.cc does.
 * @internal
 */
export function encodeSchedulerProbe(request: RequestBuffer, scheduler: string): void {
  // No service has this key; with one that a service has, the kernel would not get that far.
  encodeServiceReference(request, 'service', 'unknown-65535://[::]:0');
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
    records.setName(request.current, requestFields.flagsOwner, checked.owner);
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
    const needsPersistence = keys.servicePort === 0 && keys.fwmark === 0;
    if (needsPersistence && source !== 'kernel') throw persistenceError(paths.persistence);
    const { inactivePersistence } = settings;
    if (inactivePersistence !== undefined && !isUpdate) {
      encodePersistence(request, PATHS.service.inactivePersistence, inactivePersistence, 'kernel');
    } else if (!isUpdate) {
      records.setU32(base, fields.netmask, hostMask(keys.serviceFamily));
    }
  }

  records.setU32(base, fields.flags, flags);
  records.setU32(request.current, requestFields.changes, changes);
}

function checkOnePacket(path: string, { fwmark, protocol }: Keys): void {
  const name = protocols.name(protocol);
  if (fwmark !== 0 || name === 'udp') return;
  throw wrongValue(path, true, `is only for udp and firewall marks, not for ${name}`);
}

function persistenceError(path: string): Error {
  const rule = 'does not go with port 0: a service for every port must be persistent';
  return wrongValue(path, null, rule);
}
