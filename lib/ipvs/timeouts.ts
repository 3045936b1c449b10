/**
 * How long idle connections live.
 * @module
 */
import { checkInteger, readObject } from '../core/check.js';
import { wrongValue } from '../core/input-errors.js';
import { layout } from '../native/layout.js';
import type { Records } from '../native/records.js';
import type { RequestBuffer } from './request-buffer.js';

/** Timeouts of connections in seconds (IPVS_CMD_GET_CONFIG, `ipvsadm -L --timeout`). They belong to the network namespace. */
export interface Timeouts {
  /** An established TCP connection. IPVS_CMD_ATTR_TIMEOUT_TCP; the kernel's default is 900. */
  readonly tcp: number;
  /** A TCP connection after a FIN. IPVS_CMD_ATTR_TIMEOUT_TCP_FIN; 120. */
  readonly tcpFin: number;
  /** A UDP exchange. IPVS_CMD_ATTR_TIMEOUT_UDP; 300. */
  readonly udp: number;
}

/**
 * The timeouts to change, at least one, each 1 to 2678400 seconds (31 days). Those left out stay as
 * they are.
 */
export type TimeoutChanges = { readonly [Name in keyof Timeouts]?: Timeouts[Name] | undefined };

const NAMES = ['tcp', 'tcpFin', 'udp'] as const;
const KEYS = new Set(NAMES);
/** ipvsadm's limit. */
const MAX_TIMEOUT = 31 * 24 * 60 * 60;

/** @internal */
export function encodeTimeouts(request: RequestBuffer, changes: unknown): void {
  const property = 'timeouts';
  const values = readObject(property, changes, KEYS);
  const { records } = request;
  const base = request.base() + layout.request.fields.timeouts.offset;
  let named = 0;
  for (const name of NAMES) {
    if (values[name] === undefined) continue;
    // 0 would mean to the kernel: leave as it is.
    const seconds = checkInteger(`${property}.${name}`, values[name], 1, MAX_TIMEOUT, 'seconds');
    records.setNumber(base, layout.timeouts.fields[name], seconds);
    named++;
  }
  if (named === 0) throw wrongValue(property, changes, `names none of ${NAMES.join(', ')}`);
}

/** The timeouts in the record at `base`. @internal */
export function decodeTimeouts(records: Records, base: number): Timeouts {
  const { fields } = layout.timeouts;
  return {
    tcp: records.number(base, fields.tcp),
    tcpFin: records.number(base, fields.tcpFin),
    udp: records.number(base, fields.udp),
  };
}
