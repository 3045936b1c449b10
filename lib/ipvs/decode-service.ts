/**
 * Services in records of the kernel: how they are decoded.
 * @module
 */
import { AF_INET6, type Family, formatAddress } from '../core/address.js';
import { layout } from '../native/layout.js';
import { type Records, u16Place, u32Place } from '../native/records.js';
import { protocols } from './names.js';
import { decodePersistence, hasPersistenceSettings } from './persistence.js';
import { decodeSchedulerFlags } from './schedulers.js';
import type { Service } from './service.js';
import type { Counter, DecodeStats, Stats } from './stats.js';

const { fields } = layout.service;
const { serviceFlags: FLAGS } = layout;
const ADDRESS = fields.address.offset;
const FAMILY = u16Place(fields.family);
const PROTOCOL = u16Place(fields.protocol);
const PORT = u16Place(fields.port);
const FWMARK = u32Place(fields.fwmark);
const SERVICE_FLAGS = u32Place(fields.flags);
const SCHEDULER = u32Place(fields.scheduler);

/**
 * Decodes the service of the ServiceEntry at `base`.
 * @param decodeStats decodes counters: as numbers, or as BigInts
 * @internal
 */
export function decodeServiceEntry<Value extends Counter>(
  records: Records,
  base: number,
  decodeStats: DecodeStats<Value>,
): Service<Value> {
  const { service, stats } = layout.serviceEntry.fields;
  const counters = decodeStats(records, base + stats.offset);
  return decodeService(records, base + service.offset, counters);
}

/** Decodes the service at `base`, to which `stats` belong. @internal */
export function decodeService<Value extends Counter>(
  records: Records,
  base: number,
  stats: Stats<Value>,
): Service<Value> {
  const { u16s, u32s } = records;
  const flags = u32s[(base >> 2) + SERVICE_FLAGS] ?? 0;
  const fwmark = u32s[(base >> 2) + FWMARK] ?? 0;
  const number = u16s[(base >> 1) + FAMILY] ?? 0;
  // IPVS has no other families.
  const family: Family = number === AF_INET6 ? 'ipv6' : 'ipv4';
  const scheduler = decodeScheduler(records, base);
  const schedulerFlags = decodeSchedulerFlags(flags, scheduler);
  const isPersistent = (flags & FLAGS.persistent) !== 0;
  const persistence = isPersistent ? decodePersistence(records, base) : null;
  const onePacket = (flags & FLAGS.onePacket) !== 0;
  const inactive =
    !isPersistent && hasPersistenceSettings(records, base)
      ? { inactivePersistence: decodePersistence(records, base) }
      : undefined;

  // Only what is rare is spread, because a spread takes longer than all else.
  if (fwmark !== 0) {
    if (inactive !== undefined) {
      const common = { fwmark, family, scheduler, schedulerFlags, persistence };
      return { ...common, ...inactive, onePacket, stats };
    }
    return { fwmark, family, scheduler, schedulerFlags, persistence, onePacket, stats };
  }
  const protocol = protocols.name(u16s[(base >> 1) + PROTOCOL] ?? 0);
  const address = formatAddress(records.bytes, base + ADDRESS, number);
  const port = u16s[(base >> 1) + PORT] ?? 0;
  if (inactive !== undefined) {
    const common = { protocol, address, port, family, scheduler, schedulerFlags, persistence };
    return { ...common, ...inactive, onePacket, stats };
  }
  return {
    protocol,
    address,
    port,
    family,
    scheduler,
    schedulerFlags,
    persistence,
    onePacket,
    stats,
  };
}

/** The name of a scheduler, as the words of its field. Most services have the same scheduler. */
const last = { words: new Uint32Array(fields.scheduler.size >> 2), name: '' };

/** Decodes the name of a scheduler. Equal names in a row are one string. */
function decodeScheduler(records: Records, base: number): string {
  const { u32s } = records;
  const at = (base >> 2) + SCHEDULER;
  const { words } = last;
  for (let word = 0; word < words.length; word++) {
    if (u32s[at + word] === words[word]) continue;
    words.set(u32s.subarray(at, at + words.length));
    last.name = records.name(base, fields.scheduler);
  }
  return last.name;
}
