/**
 * The desired state of a table, and the result of reaching it: their types.
 * @module
 */

import type { DestinationConfig } from '../ipvs/destination.js';
import type { Protocol } from '../ipvs/names.js';
import type { Service, ServiceConfig } from '../ipvs/service.js';

/** A wanted service. */
export type WantedService = ServiceConfig & {
  /**
   * The destinations that the service should have, and no others. Left out: its destinations are
   * left alone. New ones are added so that the kernel lists them in this order.
   */
  readonly destinations?: readonly DestinationConfig[] | undefined;
};

/**
 * The services that a table should have. A {@link Snapshot} is a state. What a service or a
 * destination leaves out has the default.
 */
export interface State {
  /** The wanted services, each once. */
  readonly services: readonly WantedService[];
  /** No part of a state: {@link Ipvs.setTimeouts} sets them. */
  readonly timeouts?: never;
  /** No part of a state: {@link Ipvs.startSyncDaemon} starts them. */
  readonly syncDaemons?: never;
}

/**
 * Services that may be deleted if they are not wanted. All that a scope names must hold, and a
 * scope must name something.
 */
export interface Scope {
  /**
   * The service's address is in one of these networks or single addresses ('10.96.0.0/12',
   * 'fd00::1').
   */
  readonly networks?: readonly string[] | undefined;
  /** The service's port is in this range, which includes both ends: 0 to 65535. */
  readonly ports?: readonly [first: number, last: number] | undefined;
  /** The service's protocol is one of these. */
  readonly protocols?: readonly Protocol[] | undefined;
  /** The service's firewall mark is in this range, which includes both ends: 1 to 4294967295. */
  readonly fwmarks?: readonly [first: number, last: number] | undefined;
  /**
   * The service's address is one of this link, such as a dummy link. A link that does not exist has
   * none, so that no service is in the scope.
   */
  readonly link?: string | undefined;
}

/**
 * The services that may be deleted: all, those of a scope or of several, or those chosen by a
 * function.
 */
export type Prune = boolean | Scope | readonly Scope[] | ((service: Service) => boolean);

/** Options of the draining of destinations that are not wanted. */
export interface DrainOptions {
  /**
   * The protocols of the services whose destinations are drained. Default tcp and sctp: the flows
   * of udp may go on forever. Destinations of firewall marks are always drained.
   */
  readonly protocols?: readonly Protocol[] | undefined;
  /**
   * If true, a destination with inactive connections only is deleted: those that are closing, and
   * all of udp. Default false.
   */
  readonly ignoreInactive?: boolean | undefined;
}

/** A setting that {@link ReconcileOptions.keep} can name. */
export type KeptSetting =
  | 'scheduler'
  | 'schedulerFlags'
  | 'persistence'
  | 'onePacket'
  | 'forwarding'
  | 'weight'
  | 'upperThreshold'
  | 'lowerThreshold'
  | 'tunnel';

/** Options of {@link Ipvs.reconcile}. */
export interface ReconcileOptions {
  /** The services that may be deleted if they are not wanted. Default false: none. */
  readonly prune?: Prune | undefined;
  /**
   * If true, or with options, a destination that is not wanted but has connections gets weight 0,
   * and is deleted by a later call that finds it without connections. Its service stays as long.
   * Default false: it is deleted, and its connections end.
   */
  readonly drain?: boolean | DrainOptions | undefined;
  /**
   * Settings that existing services and destinations keep as they are, such as weights that a
   * health checker sets. `scheduler` also keeps the scheduler's flags, and `forwarding` the tunnel.
   * With `weight`, a destination that drained and is wanted again stays at weight 0 until the
   * health checker changes that.
   */
  readonly keep?: readonly KeptSetting[] | undefined;
  /** If true, returns the changes, and makes none of them. Default false. */
  readonly dryRun?: boolean | undefined;
  /**
   * The most services and destinations that may be deleted. If the changes would delete more,
   * nothing is changed. A service that is deleted counts once, with all its destinations. Default:
   * no limit.
   */
  readonly maxDeletions?: number | undefined;
  /**
   * Ends the call between two steps when it is aborted. The changes that were made stay.
   */
  readonly signal?: AbortSignal | undefined;
}

/** The values of a setting before and after a change. */
export type Difference = readonly [before: unknown, after: unknown];

/** A change of a service or of a destination. */
export interface StateChange {
  /** The action. A destination that begins to drain is updated. */
  readonly action: 'add' | 'update' | 'delete';
  /** The service ('tcp://10.96.0.1:443'). */
  readonly service: string;
  /** The destination ('10.1.1.2:6443'), unless the service itself changes. */
  readonly destination?: string;
  /** The settings that an update changes, by name: `{ weight: [1, 3] }`. */
  readonly differences?: Readonly<Record<string, Difference>>;
}

/** A destination that is not wanted, and waits with weight 0 until its connections have ended. */
export interface DrainingDestination {
  /** The service ('tcp://10.96.0.1:443'). */
  readonly service: string;
  /** The destination ('10.1.1.2:6443'). */
  readonly destination: string;
  /** The number of active connections: IPVS_DEST_ATTR_ACTIVE_CONNS. */
  readonly activeConnections: number;
  /** The number of inactive connections: IPVS_DEST_ATTR_INACT_CONNS. */
  readonly inactiveConnections: number;
}

/** The number of wanted objects that were as they should be. */
export interface Unchanged {
  /** The number of services. */
  readonly services: number;
  /** The number of destinations, but of services whose destinations are left alone. */
  readonly destinations: number;
}
