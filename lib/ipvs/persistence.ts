/**
 * Persistence: how long, and for which neighbourhood of clients, one destination serves the same client.
 * @module
 */
import { AF_INET, formatMask, parseMask } from '../core/address.js';
import { checkInteger, readObject } from '../core/check.js';
import { schedulerHint } from '../core/hints.js';
import { wrongType, wrongValue } from '../core/input-errors.js';
import { layout } from '../native/layout.js';
import type { Records } from '../native/records.js';
import { limits, protocols } from './names.js';
import type { RequestBuffer } from './request-buffer.js';

/** Persistence as it is set. */
export interface PersistenceConfig {
  /** Seconds that a client's template lives after its last connection, 1 to 2678400 (31 days). Default 300. IPVS_SVC_ATTR_TIMEOUT, `ipvsadm -p`. */
  readonly timeout?: number | undefined;
  /**
   * How many clients count as one. IPv4: a dotted mask ('255.255.255.0') or a prefix length, 0 to 32, default 32. IPv6: a prefix
   * length, 1 to 128, default 128. IPVS_SVC_ATTR_NETMASK, `ipvsadm -M`.
   */
  readonly netmask?: string | number | undefined;
  /**
   * Persistence engine; null: none, the default. 'sip', the only one of Linux, tells clients apart by
   * the Call-ID of SIP over UDP, and goes with udp and firewall marks only. IPVS_SVC_ATTR_PE_NAME, `ipvsadm --pe`.
   */
  readonly engine?: string | null | undefined;
}

/** Persistence as it is read. */
export interface Persistence {
  /** Seconds. */
  readonly timeout: number;
  /** IPv4: a dotted mask. IPv6: a prefix length. */
  readonly netmask: string | number;
  /** The persistence engine, or null. */
  readonly engine: string | null;
}

const DEFAULT_TIMEOUT = 300;
/** ipvsadm's limit. The kernel counts in ticks of up to 1 ms, and 2^32 of them would wrap soon after. */
const MAX_TIMEOUT = 31 * 24 * 60 * 60;
const MAX_WORD = 2 ** 32 - 1;
const NAME = /^[\w.-]+$/;
const KEYS = new Set(['timeout', 'netmask', 'engine'] as const);

/**
 * Writes persistence, all but its flag, into the request's service; null is none. What was `read`
 * from the kernel is written as it is.
 * @returns the settings that were named, as bits of Changes
 * @internal
 */
export function encodePersistence(
  request: RequestBuffer,
  property: string,
  value: unknown,
  read: boolean,
): number {
  const { records } = request;
  const { changes } = layout;
  const base = request.service();
  const { fields } = layout.service;
  const family = records.number(base, fields.family);
  records.setNumber(base, fields.netmask, fullMask(family));
  if (value === null) return changes.persistence;

  const { timeout, netmask, engine } = readObject(property, value, KEYS);
  let named = changes.persistence;
  let seconds = DEFAULT_TIMEOUT;
  if (timeout !== undefined) {
    const [min, max] = read ? [0, MAX_WORD] : [1, MAX_TIMEOUT];
    seconds = checkInteger(`${property}.timeout`, timeout, min, max, 'seconds');
    named |= changes.timeout;
  }
  records.setNumber(base, fields.timeout, seconds);
  if (netmask !== undefined) {
    records.setNumber(base, fields.netmask, checkNetmask(`${property}.netmask`, netmask, family));
    named |= changes.netmask;
  }
  if (engine !== undefined) {
    if (engine !== null) {
      const name = checkModuleName(`${property}.engine`, engine, limits.engineLength);
      if (!read) checkEngineProtocol(request, `${property}.engine`, name);
      records.setName(base, fields.engine, name);
    }
    named |= changes.engine;
  }
  return named;
}

/** The protocols of an engine; those of an engine that is not here are not known. */
const ENGINE_PROTOCOLS: Readonly<Record<string, string>> = { sip: 'udp' };

/** An engine that does not understand a packet makes the kernel drop it. */
function checkEngineProtocol(request: RequestBuffer, property: string, engine: string): void {
  const { records } = request;
  const { fields } = layout.service;
  const base = request.service();
  if (records.number(base, fields.fwmark) !== 0 || !Object.hasOwn(ENGINE_PROTOCOLS, engine)) return;
  const protocol = protocols.name(records.number(base, fields.protocol));
  const wanted = ENGINE_PROTOCOLS[engine];
  if (protocol === wanted) return;
  throw wrongValue(
    property,
    engine,
    `is only for ${wanted} and firewall marks: the kernel would drop every packet of ${protocol}`,
  );
}

/** The persistence settings of the service at `base`. @internal */
export function decodePersistence(records: Records, base: number): Persistence {
  const { fields } = layout.service;
  const engine = records.name(base, fields.engine);
  const family = records.number(base, fields.family);
  const netmask = records.number(base, fields.netmask);
  return {
    timeout: records.number(base, fields.timeout),
    netmask: family === AF_INET ? formatMask(netmask) : netmask,
    engine: engine === '' ? null : engine,
  };
}

/** Whether the service at `base` has any persistence settings but those without effect that this package writes. @internal */
export function hasPersistenceSettings(records: Records, base: number): boolean {
  const { fields } = layout.service;
  return (
    records.number(base, fields.timeout) !== 0 ||
    records.number(base, fields.netmask) !== fullMask(records.number(base, fields.family)) ||
    records.bytes[base + fields.engine.offset] !== 0
  );
}

/** One client is one client. The kernel wants it of services without persistence too. @internal */
export function fullMask(family: number): number {
  return family === AF_INET ? 0xffffffff : 128;
}

/** The number of a netmask as the record holds it: an IPv4 mask in host byte order, or an IPv6 prefix length. */
function checkNetmask(property: string, value: unknown, family: number): number {
  if (family !== AF_INET) return checkInteger(property, value, 1, 128, 'bits');
  if (typeof value === 'string') {
    const mask = parseMask(value);
    if (mask === undefined)
      throw wrongValue(property, value, 'is not a dotted mask such as 255.255.255.0');
    return mask;
  }
  const bits = checkInteger(property, value, 0, 32, 'bits');
  return bits === 0 ? 0 : (0xffffffff << (32 - bits)) >>> 0;
}

/** The name of something that the kernel finds in a module of its own. @internal */
export function checkModuleName(
  property: string,
  value: unknown,
  max: number,
  known: readonly string[] = [],
): string {
  if (typeof value === 'string' && value.length <= max && NAME.test(value)) return value;
  const rule = `a name of 1 to ${max} letters, digits, dots, dashes and underscores`;
  if (typeof value !== 'string') throw wrongType(property, value, rule);
  throw wrongValue(property, value, `is not ${rule}${schedulerHint(value, known)}`);
}
