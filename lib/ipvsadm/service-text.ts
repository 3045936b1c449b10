/**
 * The settings of services as ipvsadm prints them, in listings and rules.
 * @module
 */
import type { NormalizedService } from '../ipvs/canonical.js';
import { isHostMask } from '../ipvs/persistence.js';

/** Returns the scheduler of a service and what else is set, as in listings. */
export function settingsOf(service: NormalizedService): string {
  const { scheduler, persistence, onePacket } = service;
  const flags = schedulerFlagsOf(service);
  const words = [
    scheduler,
    ...(flags === undefined ? [] : [`(${flags})`]),
    ...(persistence === null ? [] : [`persistent ${persistence.timeout}`]),
    ...(persistence === null || isHostMask(persistence.netmask)
      ? []
      : [`mask ${persistence.netmask}`]),
    ...(persistence?.engine ? [`pe ${persistence.engine}`] : []),
    ...(onePacket ? ['ops'] : []),
  ];
  return ` ${words.join(' ')}`;
}

/**
 * Returns the names of the flags of a scheduler that ipvsadm knows; undefined if there are no
 * flags. For sh and mh it knows no others than their own.
 */
export function schedulerFlagsOf({
  scheduler,
  schedulerFlags,
}: Pick<NormalizedService, 'scheduler' | 'schedulerFlags'>): string | undefined {
  const isNamed = scheduler === 'sh' || scheduler === 'mh';
  const named = schedulerFlags.filter((flag) => !flag.startsWith('unknown-'));
  if (named.length === 0) return undefined;
  return named.filter((flag) => !isNamed || flag.startsWith(scheduler)).join(',');
}

/** Returns a mark as ipvsadm prints it. */
export const printMark = (fwmark: number, compat: boolean) => (compat ? fwmark | 0 : fwmark);
