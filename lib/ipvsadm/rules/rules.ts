/**
 * Rules as objects: what a text of rules says.
 * @module
 */
import type { NormalizedDestination, NormalizedService } from '../../ipvs/canonical.js';
import type { SyncDaemonConfig } from '../../ipvs/sync-daemon.js';
import type { TimeoutChanges } from '../../ipvs/timeouts.js';
import type { State } from '../../state/types.js';

/** A service of rules: all its settings, and its destinations in the order of their lines. */
export type RulesService = NormalizedService & {
  /** The destinations. Absent only after an exact text of a state that leaves them alone. */
  readonly destinations?: readonly NormalizedDestination[];
};

/** Parsed rules. `{ services: rules.services }` is a {@link State}. */
export interface Rules {
  /** The services in the order of their lines. */
  readonly services: readonly RulesService[];
  /** The timeouts of `--set`; absent if the rules set none. {@link Ipvs.setTimeouts} sets them. */
  readonly timeouts?: TimeoutChanges;
  /**
   * The sync daemons of `--start-daemon`; absent if the rules start none.
   * {@link Ipvs.startSyncDaemon} starts them.
   */
  readonly syncDaemons?: readonly SyncDaemonConfig[];
}
