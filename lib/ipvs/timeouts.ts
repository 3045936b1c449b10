/**
 * Timeouts of idle connections.
 * @module
 */
import { checkInteger, readObject } from '../core/check.js';
import { wrongValue } from '../core/input-errors.js';
import { layout } from '../native/layout.js';
import type { Records } from '../native/records.js';
import type { RequestBuffer } from './request-buffer.js';

/**
 * Timeouts of idle connections, in seconds (IPVS_CMD_GET_CONFIG, `ipvsadm -L --timeout`). They
 * belong to the network namespace.
 */
export interface Timeouts {
  /** An established TCP connection. The kernel's default is 900. IPVS_CMD_ATTR_TIMEOUT_TCP. */
  readonly tcp: number;
  /** A TCP connection after a FIN. The kernel's default is 120. IPVS_CMD_ATTR_TIMEOUT_TCP_FIN. */
  readonly tcpFin: number;
  /** A UDP exchange. The kernel's default is 300. IPVS_CMD_ATTR_TIMEOUT_UDP. */
  readonly udp: number;
}

/**
 * The timeouts to change, at least one, each at least 1 second. Those left out stay as they are. A
 * kernel takes 2147483647 divided by its CONFIG_HZ at most: 2147483 seconds (24 days) with 1000 Hz,
 * 8589934 with 250 Hz. IPVS_CMD_SET_CONFIG, `ipvsadm --set`.
 */
export type TimeoutChanges = { readonly [Name in keyof Timeouts]?: Timeouts[Name] | undefined };

const { fields } = layout.timeouts;
const NAMES = ['tcp', 'tcpFin', 'udp'] as const;
const KEYS = new Set(NAMES);
/** The largest `int`. The limit of a kernel is lower: see {@link TimeoutChanges}. */
const MAX_TIMEOUT = 2 ** 31 - 1;

/** Encodes the timeouts to change. @internal */
export function encodeTimeouts(request: RequestBuffer, changes: unknown): void {
  const timeouts = readObject('timeouts', changes, KEYS);
  const base = request.current + layout.request.fields.timeouts.offset;
  let isEmpty = true;
  for (const name of NAMES) {
    const value = timeouts[name];
    if (value === undefined) continue;
    // 0 tells the kernel to leave the timeout as it is.
    const seconds = checkInteger(`timeouts.${name}`, value, 1, MAX_TIMEOUT, 'seconds');
    request.records.setU32(base, fields[name], seconds);
    isEmpty = false;
  }
  if (isEmpty) throw wrongValue('timeouts', changes, `names none of ${NAMES.join(', ')}`);
}

/** Decodes the timeouts at `base`. @internal */
export function decodeTimeouts(records: Records, base: number): Timeouts {
  return {
    tcp: records.u32(base, fields.tcp),
    tcpFin: records.u32(base, fields.tcpFin),
    udp: records.u32(base, fields.udp),
  };
}
