/**
 * Persistence: how long one destination serves the same client, and which clients count as one.
 * @module
 */
import { AF_INET, formatIpv4Number, parseMask } from '../core/address.js';
import { checkInteger, readObject } from '../core/check.js';
import { wrongValue } from '../core/input-errors.js';
import { layout } from '../native/layout.js';
import type { Records } from '../native/records.js';
import { checkModuleName } from './module-name.js';
import { protocols } from './names.js';
import type { Keys, RequestBuffer } from './request-buffer.js';
import type { SettingsSource } from './settings.js';

/** The persistence of a service to add, or its changes. */
export interface PersistenceConfig {
  /**
   * Seconds that a client's template lives after its last connection, 1 to 2678400 (31 days).
   * Default 300. IPVS_SVC_ATTR_TIMEOUT, `ipvsadm -p`.
   */
  readonly timeout?: number | undefined;
  /**
   * The clients that count as one, by network. IPv4: a dotted mask ('255.255.255.0') or a prefix
   * length, 0 to 32, default 32. IPv6: a prefix length, 1 to 128, default 128.
   * IPVS_SVC_ATTR_NETMASK, `ipvsadm -M`.
   */
  readonly netmask?: string | number | undefined;
  /**
   * The persistence engine. 'sip', the only one of Linux, tells clients apart by the Call-ID of SIP
   * over UDP, and goes with udp and firewall marks only. Default null: none.
   * IPVS_SVC_ATTR_PE_NAME, `ipvsadm --pe`.
   */
  readonly engine?: string | null | undefined;
}

/** The persistence of a service as the kernel has it. */
export interface Persistence {
  /** Seconds that a client's template lives after its last connection. IPVS_SVC_ATTR_TIMEOUT. */
  readonly timeout: number;
  /** IPv4: a dotted mask. IPv6: a prefix length. IPVS_SVC_ATTR_NETMASK. */
  readonly netmask: string | number;
  /** The persistence engine; null: none. IPVS_SVC_ATTR_PE_NAME. */
  readonly engine: string | null;
}

const { fields } = layout.service;
const { changes: CHANGES } = layout;

/** @internal */
export const DEFAULT_TIMEOUT = 300;
/** The netmasks, of IPv4 and IPv6, with which each client counts by itself. @internal */
export const HOST_MASKS = { ipv4: '255.255.255.255', ipv6: 128 } as const;

/** Returns true for a netmask with which each client counts by itself. @internal */
export const isHostMask = (netmask: string | number): boolean =>
  netmask === HOST_MASKS.ipv4 || netmask === HOST_MASKS.ipv6;
/**
 * ipvsadm's limit. The kernel counts in ticks of 1 ms or more; 2^32 of them are little more.
 * @internal
 */
export const MAX_TIMEOUT = 31 * 24 * 60 * 60;
const MAX_U32 = 2 ** 32 - 1;
const KEYS = new Set(['timeout', 'netmask', 'engine'] as const);
/** The protocol of an engine; those of other engines are not known. */
const ENGINE_PROTOCOLS: Readonly<Record<string, string>> = { sip: 'udp' };

/**
 * Encodes persistence, all but its flag; null is no persistence.
 * @returns the settings that are named, as bits of Changes
 * @internal
 */
export function encodePersistence(
  request: RequestBuffer,
  path: string,
  value: unknown,
  source: SettingsSource,
): number {
  const { records, keys } = request;
  const base = request.service();
  let changes: number = CHANGES.persistence;
  if (value === null) {
    records.setU32(base, fields.netmask, hostMask(keys.serviceFamily));
    return changes;
  }
  const { timeout, netmask, engine } = readObject(path, value, KEYS, persistenceHint);

  let seconds = DEFAULT_TIMEOUT;
  if (timeout !== undefined) {
    const [min, max] = source === 'kernel' ? [0, MAX_U32] : [1, MAX_TIMEOUT];
    seconds = checkInteger(`${path}.timeout`, timeout, min, max, 'seconds');
    changes |= CHANGES.timeout;
  }
  records.setU32(base, fields.timeout, seconds);

  let mask = hostMask(keys.serviceFamily);
  if (netmask !== undefined) {
    mask = checkNetmask(`${path}.netmask`, netmask, keys.serviceFamily);
    changes |= CHANGES.netmask;
  }
  records.setU32(base, fields.netmask, mask);

  if (engine !== undefined) {
    if (engine !== null) {
      const name = checkModuleName(`${path}.engine`, engine, layout.limits.engineLength);
      if (source !== 'kernel') checkEngineProtocol(`${path}.engine`, name, keys);
      records.setName(base, fields.engine, name);
    }
    changes |= CHANGES.engine;
  }
  return changes;
}

/** Returns a hint about seconds, or about a switch, in place of an object. */
function persistenceHint(_path: string, value: unknown): string {
  if (value === true) return ': did you mean {}?';
  if (value === false) return ': did you mean null?';
  if (typeof value !== 'number' && typeof value !== 'string') return '';
  const seconds = Number(value);
  const isTimeout = Number.isInteger(seconds) && seconds > 0;
  return isTimeout ? `: did you mean { timeout: ${seconds} }?` : '';
}

/** Checks that an engine knows the protocol: the kernel drops packets that it does not know. */
function checkEngineProtocol(path: string, engine: string, { fwmark, protocol }: Keys): void {
  if (fwmark !== 0 || !Object.hasOwn(ENGINE_PROTOCOLS, engine)) return;
  const name = protocols.name(protocol);
  const needed = ENGINE_PROTOCOLS[engine];
  if (name === needed) return;
  throw wrongValue(
    path,
    engine,
    `is only for ${needed} and firewall marks: the kernel would drop every packet of ${name}`,
  );
}

/** Checks a netmask. Returns an IPv4 mask in host byte order, or an IPv6 prefix length. */
function checkNetmask(path: string, value: unknown, family: number): number {
  if (family !== AF_INET) return checkInteger(path, value, 1, 128, 'bits');
  if (typeof value === 'string') {
    const mask = parseMask(value);
    if (mask !== undefined) return mask;
    throw wrongValue(path, value, 'is not a dotted mask such as 255.255.255.0');
  }
  const bits = checkInteger(path, value, 0, 32, 'bits');
  return bits === 0 ? 0 : (0xffffffff << (32 - bits)) >>> 0;
}

/**
 * Returns the netmask with which each client address counts by itself. The kernel wants it also of
 * services without persistence.
 * @internal
 */
export function hostMask(family: number): number {
  return family === AF_INET ? 0xffffffff : 128;
}

/** Decodes the persistence of the service at `base`. @internal */
export function decodePersistence(records: Records, base: number): Persistence {
  const engine = records.name(base, fields.engine);
  const netmask = records.u32(base, fields.netmask);
  return {
    timeout: records.u32(base, fields.timeout),
    netmask: records.u16(base, fields.family) === AF_INET ? formatIpv4Number(netmask) : netmask,
    engine: engine === '' ? null : engine,
  };
}

/**
 * Returns true if the service at `base` has other settings of persistence than those that this
 * package gives a service without persistence.
 * @internal
 */
export function hasPersistenceSettings(records: Records, base: number): boolean {
  return (
    records.u32(base, fields.timeout) !== 0 ||
    records.u32(base, fields.netmask) !== hostMask(records.u16(base, fields.family)) ||
    records.bytes[base + fields.engine.offset] !== 0
  );
}
