/**
 * The settings of rules beside services: timeouts and sync daemons.
 * @module
 */
import { readArray } from '../../core/check.js';
import { RequestBuffer } from '../../ipvs/request-buffer.js';
import { encodeSyncDaemon, type SyncDaemonConfig } from '../../ipvs/sync-daemon.js';
import { encodeTimeouts, type TimeoutChanges } from '../../ipvs/timeouts.js';

/** Timeouts and sync daemons, which are still to be checked. */
export interface UncheckedHost {
  readonly timeouts?: unknown;
  readonly syncDaemons?: unknown;
}

/** Timeouts and sync daemons. */
export interface Host {
  readonly timeouts?: TimeoutChanges;
  readonly syncDaemons?: readonly SyncDaemonConfig[];
}

/**
 * Checks timeouts and sync daemons.
 * @throws InputError
 */
export function checkHost(host: UncheckedHost): asserts host is Host {
  const { timeouts, syncDaemons } = host;
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
