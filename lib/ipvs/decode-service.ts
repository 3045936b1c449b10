/**
 * Services in records of the kernel: how they are decoded.
 * @module
 */
import { AF_INET6, formatAddress } from '../core/address.js';
import { layout } from '../native/layout.js';
import type { Records } from '../native/records.js';
import { protocols } from './names.js';
import { decodePersistence, hasPersistenceSettings } from './persistence.js';
import { decodeSchedulerFlags } from './schedulers.js';
import type { Service, ServiceState } from './service.js';
import { type Counter, type DecodeCounter, decodeStats, type Stats } from './stats.js';

const { fields } = layout.service;
const { serviceFlags: FLAGS } = layout;

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
