/**
 * The settings of rules beside services: timeouts and sync daemons.
 * @module
 */
import { readArray } from '../../core/check.js';
import { RequestBuffer } from '../../ipvs/request-buffer.js';
import { encodeSyncDaemon } from '../../ipvs/sync-daemon.js';
import { encodeTimeouts } from '../../ipvs/timeouts.js';

/** Timeouts and sync daemons, which are still to be checked. */
export interface Host {
  readonly timeouts?: unknown;
  readonly syncDaemons?: unknown;
}

/**
 * Checks timeouts and sync daemons.
 * @throws InputError
 */
export function checkHost({ timeouts, syncDaemons }: Host): void {
  const buffer = new RequestBuffer(1);
  if (timeouts !== undefined) {
    buffer.begin('setTimeouts');
    encodeTimeouts(buffer, timeouts);
  }
  if (syncDaemons === undefined) return;
  readArray('syncDaemons', syncDaemons, 'an array of sync daemons', (daemon) => {
    buffer.begin('startSyncDaemon');
    encodeSyncDaemon(buffer, daemon);
  });
}
