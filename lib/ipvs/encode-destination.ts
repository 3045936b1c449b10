/**
 * Destinations in records: how configurations and changes are checked and encoded.
 * @module
 */
import {
  AF_INET,
  AF_INET6,
  describeAddress,
  formatAddress,
  isMapped,
  isPlainUnicast,
} from '../core/address.js';
import { checkInteger } from '../core/check.js';
import { wrongType, wrongValue } from '../core/input-errors.js';
import { layout } from '../native/layout.js';
import { forwardings, tunnelTypes } from './names.js';
import { DESTINATION_KEY, DESTINATION_SETTINGS, DESTINATION_STATE } from './properties.js';
import { copyKeyed, encodeDestinationKey } from './reference.js';
import { destinationObjectHint } from './reference-hints.js';
import type { Keys, RequestBuffer } from './request-buffer.js';
import {
  checkSettings,
  isReadable,
  pathsIn,
  type SettingsSource,
  sourceOf,
  type Unchecked,
} from './settings.js';
import { encodeTunnel } from './tunnel.js';

const { fields } = layout.destination;
const DESTINATION = layout.request.fields.destination.offset;
const ADDRESS = DESTINATION + fields.address.offset;
const { changes: CHANGES } = layout;
const DIRECT = layout.forwardings.direct;
const TUNNEL = layout.forwardings.tunnel;
const MASQUERADE = layout.forwardings.masquerade;

/** @internal */
export const DEFAULT_WEIGHT = 1;
/** The largest weight and threshold. @internal */
export const MAX_INT = 2 ** 31 - 1;
/** The largest number of Linux 6, which accepts any sign. */
const MAX_U32 = 2 ** 32 - 1;

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
  const settings = isReadable(config, CONFIG_KEYS)
    ? config
    : copyKeyed(request, 'destination', config, CONFIG_KEYS, encodeDestinationKey);
  encodeDestinationKey(request, 'destination', settings);
  const { records, current, keys } = request;
  const isUnicast = isPlainUnicast(records.bytes, current + ADDRESS, keys.destinationFamily);
  if (!isUnicast) checkUnicast(request);
  encodeSettings(request, settings, sourceOf(settings.stats));
}

/** Encodes the changes of an update, after the keys of service and destination. @internal */
export function encodeDestinationChanges(request: RequestBuffer, changes: unknown): void {
  encodeSettings(request, checkSettings('changes', changes, CHANGE_KEYS), 'changes');
}

function encodeSettings(
  request: RequestBuffer,
  settings: Unchecked<SettingName>,
  source: SettingsSource,
): void {
  const { keys } = request;
  const base = request.current + DESTINATION;
  const { u32s } = request.records;
  const isUpdate = source === 'changes';
  const paths = isUpdate ? PATHS.changes : PATHS.destination;
  const max = source === 'kernel' ? MAX_U32 : MAX_INT;
  const { forwarding, weight, upperThreshold, lowerThreshold, tunnel } = settings;
  let changes = 0;

  let method: number | undefined = isUpdate ? undefined : DIRECT;
  if (forwarding !== undefined) {
    method =
      forwardings.find(forwarding) ??
      (source === 'kernel'
        ? forwardings.numberOrUnknown(paths.forwarding, forwarding, layout.limits.forwarding)
        : forwardings.number(paths.forwarding, forwarding));
    changes |= CHANGES.forwarding;
  }
  if (method !== undefined) u32s[(base + fields.forwarding.offset) >> 2] = method;

  // A number that is left out is 0 in the record, which is also the default of the thresholds.
  if (weight !== undefined) {
    const number = checkInteger(paths.weight, weight, 0, max);
    u32s[(base + fields.weight.offset) >> 2] = number;
    changes |= CHANGES.weight;
  } else if (!isUpdate) {
    u32s[(base + fields.weight.offset) >> 2] = DEFAULT_WEIGHT;
  }
  let upper = 0;
  if (upperThreshold !== undefined) {
    upper = checkInteger(paths.upperThreshold, upperThreshold, 0, max);
    u32s[(base + fields.upperThreshold.offset) >> 2] = upper;
    changes |= CHANGES.upperThreshold;
  }
  let lower = 0;
  if (lowerThreshold !== undefined) {
    lower = checkInteger(paths.lowerThreshold, lowerThreshold, 0, max);
    u32s[(base + fields.lowerThreshold.offset) >> 2] = lower;
    changes |= CHANGES.lowerThreshold;
  }

  if (tunnel === null) {
    changes |= CHANGES.tunnelReset;
  } else if (tunnel !== undefined) {
    const type = encodeTunnel(request, paths.tunnel, tunnel, source);
    // An update that leaves out the forwarding is checked by the addon.
    if (source !== 'kernel' && method !== undefined) checkTunnel(paths.tunnel, type, method);
    changes |= CHANGES.tunnel;
  }
  u32s[(request.current + layout.request.fields.changes.offset) >> 2] = changes;

  if (method !== undefined) {
    if (keys.serviceFamily !== keys.destinationFamily) checkCrossing(paths.forwarding, method);
    if (source !== 'kernel' && method !== MASQUERADE) checkPort(method, keys, isUpdate);
  }
  // An update of one threshold is checked by the addon, against the other that the destination has.
  const isComplete = !isUpdate || (upperThreshold !== undefined && lowerThreshold !== undefined);
  if (isComplete && lower > upper) throw thresholdsError(paths.lowerThreshold, upper, lower);
}

/** Checks that only a tunnel crosses from one address family to the other, as the kernel does. */
function checkCrossing(path: string, method: number): void {
  if (method === TUNNEL) return;
  const rule = "cannot cross from one address family to the other: only 'tunnel' can";
  throw wrongValue(path, forwardings.name(method), rule);
}

/**
 * Checks that the port is the service's, since the method translates none. The kernel accepts
 * another port with any forwarding, and ignores it.
 */
function checkPort(method: number, keys: Keys, isUpdate: boolean): void {
  const { fwmark, servicePort, destinationPort: port } = keys;
  if (fwmark !== 0 || port === servicePort) return;
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

function thresholdsError(path: string, upper: number, lower: number): Error {
  const none = ', which is none: set both, or lowerThreshold: 0 to have neither';
  const rule = `is above the upper threshold of ${upper}${upper === 0 ? none : ''}`;
  return wrongValue(path, lower, rule);
}

/**
 * Checks that the address may be a real server's. What depends on the addresses of the host is
 * checked by the kernel.
 */
function checkUnicast(request: RequestBuffer): void {
  const { bytes } = request.records;
  const { destinationFamily: family } = request.keys;
  const at = request.current + ADDRESS;
  const isIpv4InIpv6 = family === AF_INET6 && isMapped(bytes, at);
  if (!isIpv4InIpv6 && describeAddress(bytes, at, family) === 'unicast') return;
  const hint = isIpv4InIpv6 ? `: write ${formatAddress(bytes, at + 12, AF_INET)}` : '';
  throw wrongValue(
    PATHS.destination.address,
    formatAddress(bytes, at, family),
    `is not a unicast address, as a real server's must be${hint}`,
  );
}
