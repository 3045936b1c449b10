/**
 * Destinations in records: how configurations and changes are checked and encoded.
 * @module
 */
import { AF_INET, AF_INET6, describeAddress, formatAddress, isMapped } from '../core/address.js';
import { checkInteger } from '../core/check.js';
import { wrongType, wrongValue } from '../core/input-errors.js';
import { layout } from '../native/layout.js';
import type { Records } from '../native/records.js';
import { forwardings, tunnelTypes } from './names.js';
import { DESTINATION_KEY, DESTINATION_SETTINGS, DESTINATION_STATE } from './properties.js';
import { checkKeyed, encodeDestinationKey } from './reference.js';
import { destinationObjectHint } from './reference-hints.js';
import type { Keys, RequestBuffer } from './request-buffer.js';
import {
  checkSettings,
  pathsIn,
  type SettingsSource,
  sourceOf,
  type Unchecked,
} from './settings.js';
import { encodeTunnel } from './tunnel.js';

const { fields } = layout.destination;
const { changes: CHANGES } = layout;
const DIRECT = layout.forwardings.direct;
const TUNNEL = layout.forwardings.tunnel;
const MASQUERADE = layout.forwardings.masquerade;

type SettingName = (typeof DESTINATION_SETTINGS)[number];
const CONFIG_KEYS = new Set([
  ...DESTINATION_KEY,
  ...DESTINATION_SETTINGS,
  ...DESTINATION_STATE,
] as const);
const CHANGE_KEYS = new Set(DESTINATION_SETTINGS);

const PATHS = {
  destination: pathsIn('destination', [...DESTINATION_SETTINGS, 'address', 'port']),
  changes: pathsIn('changes', DESTINATION_SETTINGS),
} as const;

/** Encodes the destination of an add or ensure, after the key of its service. @internal */
export function encodeDestinationConfig(request: RequestBuffer, config: unknown): void {
  if (typeof config === 'string') {
    throw wrongType('destination', config, `an object${destinationObjectHint(config)}`);
  }
  const settings = checkKeyed(request, 'destination', config, CONFIG_KEYS, encodeDestinationKey);
  encodeDestinationKey(request, 'destination', settings);
  checkUnicast(request);
  encodeSettings(request, settings, sourceOf(settings.stats));
}

/** Encodes the changes of an update, after the keys of service and destination. @internal */
export function encodeDestinationChanges(request: RequestBuffer, changes: unknown): void {
  encodeSettings(request, checkSettings('changes', changes, CHANGE_KEYS), 'changes');
}

/** Returns how a setting that is a number of 32 bits is encoded. */
const numberSetting = (name: 'weight' | 'upperThreshold' | 'lowerThreshold', initial: number) => ({
  field: fields[name],
  change: CHANGES[name],
  initial,
});
type NumberSetting = ReturnType<typeof numberSetting>;
const WEIGHT = numberSetting('weight', 1);
const UPPER_THRESHOLD = numberSetting('upperThreshold', 0);
const LOWER_THRESHOLD = numberSetting('lowerThreshold', 0);

function encodeSettings(
  request: RequestBuffer,
  settings: Unchecked<SettingName>,
  source: SettingsSource,
): void {
  const { records, keys } = request;
  const base = request.destination();
  const isUpdate = source === 'changes';
  const paths = isUpdate ? PATHS.changes : PATHS.destination;
  const { forwarding, weight, upperThreshold, lowerThreshold, tunnel } = settings;
  let changes = 0;

  let method: number | undefined = isUpdate ? undefined : DIRECT;
  if (forwarding !== undefined) {
    method =
      source === 'kernel'
        ? forwardings.numberOrUnknown(paths.forwarding, forwarding, layout.limits.forwarding)
        : forwardings.number(paths.forwarding, forwarding);
    changes |= CHANGES.forwarding;
  }
  if (method !== undefined) records.setU32(base, fields.forwarding, method);

  checkNumber(paths.weight, weight, source);
  changes |= encodeNumber(records, base, WEIGHT, weight, source);
  checkNumber(paths.upperThreshold, upperThreshold, source);
  changes |= encodeNumber(records, base, UPPER_THRESHOLD, upperThreshold, source);
  checkNumber(paths.lowerThreshold, lowerThreshold, source);
  changes |= encodeNumber(records, base, LOWER_THRESHOLD, lowerThreshold, source);

  if (tunnel === null) {
    changes |= CHANGES.tunnelReset;
  } else if (tunnel !== undefined) {
    const type = encodeTunnel(request, paths.tunnel, tunnel, source);
    // An update that leaves out the forwarding is checked by the addon.
    if (source !== 'kernel' && method !== undefined) checkTunnel(paths.tunnel, type, method);
    changes |= CHANGES.tunnel;
  }
  records.setU32(request.base(), layout.request.fields.changes, changes);

  if (method !== undefined) {
    checkFamilies(paths.forwarding, method, keys);
    if (source !== 'kernel') checkPort(method, keys, isUpdate);
  }
  // An update of one threshold is checked by the addon, against the other that the destination has.
  if (!isUpdate || (upperThreshold !== undefined && lowerThreshold !== undefined)) {
    checkThresholds(paths.lowerThreshold, upperThreshold ?? 0, lowerThreshold ?? 0);
  }
}

const MAX_INT = 2 ** 31 - 1;
/** The largest threshold of Linux 6, which accepts any sign. */
const MAX_U32 = 2 ** 32 - 1;

function checkNumber(
  path: string,
  value: unknown,
  source: SettingsSource,
): asserts value is number | undefined {
  if (value !== undefined) checkInteger(path, value, 0, source === 'kernel' ? MAX_U32 : MAX_INT);
}

/** Encodes a number, or its default. Returns the bit of Changes if the number is named. */
function encodeNumber(
  records: Records,
  base: number,
  { field, change, initial }: NumberSetting,
  value: number | undefined,
  source: SettingsSource,
): number {
  if (value !== undefined) records.setU32(base, field, value);
  else if (source !== 'changes') records.setU32(base, field, initial);
  return value === undefined ? 0 : change;
}

/** Checks that only a tunnel crosses from one address family to the other, as the kernel does. */
function checkFamilies(path: string, method: number, keys: Keys): void {
  if (method === TUNNEL || keys.serviceFamily === keys.destinationFamily) return;
  const rule = "cannot cross from one address family to the other: only 'tunnel' can";
  throw wrongValue(path, forwardings.name(method), rule);
}

/**
 * Checks that the port is the service's, unless ports are translated. The kernel accepts another
 * port with any forwarding, and ignores it.
 */
function checkPort(method: number, keys: Keys, isUpdate: boolean): void {
  const { fwmark, servicePort, destinationPort: port } = keys;
  if (method === MASQUERADE || fwmark !== 0 || port === servicePort) return;
  const forwarding = forwardings.name(method);
  const why = `leaves the service's port ${servicePort}: only 'masquerade' translates ports`;
  // An update has no port that could be wrong: its forwarding does not fit.
  if (isUpdate) {
    const rule = `does not go with the destination's port ${port}, since it ${why}`;
    throw wrongValue(PATHS.changes.forwarding, forwarding, rule);
  }
  const rule = `does not go with forwarding '${forwarding}', which ${why}`;
  throw wrongValue(PATHS.destination.port, port, rule);
}

function checkTunnel(path: string, type: number, method: number): void {
  if (method === TUNNEL) return;
  const rule = `does not go with forwarding '${forwardings.name(method)}': set that to 'tunnel'`;
  throw wrongValue(path, { type: tunnelTypes.name(type) }, rule);
}

function checkThresholds(path: string, upper: number, lower: number): void {
  if (lower <= upper) return;
  const none = ', which is none: set both, or lowerThreshold: 0 to have neither';
  const rule = `is above the upper threshold of ${upper}${upper === 0 ? none : ''}`;
  throw wrongValue(path, lower, rule);
}

/**
 * Checks that the address may be a real server's. What depends on the addresses of the host is
 * checked by the kernel.
 */
function checkUnicast(request: RequestBuffer): void {
  const { bytes } = request.records;
  const { destinationFamily: family } = request.keys;
  const at = request.destination() + fields.address.offset;
  const isIpv4InIpv6 = family === AF_INET6 && isMapped(bytes, at);
  if (!isIpv4InIpv6 && describeAddress(bytes, at, family) === 'unicast') return;
  const hint = isIpv4InIpv6 ? `: write ${formatAddress(bytes, at + 12, AF_INET)}` : '';
  throw wrongValue(
    PATHS.destination.address,
    formatAddress(bytes, at, family),
    `is not a unicast address, as a real server's must be${hint}`,
  );
}
