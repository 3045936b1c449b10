/**
 * The director: types of its options, of its state and of its events.
 * @module
 */
import type { Reconciled } from '../../links/reconcile.js';
import type { OpenOptions } from '../../native/netns.js';
import type {
  DrainingDestination,
  DrainOptions,
  KeptSetting,
  Scope,
  State,
  StateChange,
} from '../types.js';

/** Options of a director's draining of destinations that are not wanted any more. */
export interface DirectorDrainOptions extends DrainOptions {
  /**
   * The milliseconds after which a destination is deleted although it still has connections: 0 to
   * 2147483647. Default 30000. The time begins when the director first sees that the destination
   * drains, so a director that was started again gives it the whole time once more.
   */
  readonly timeout?: number | undefined;
}

/**
 * Options of {@link Director.open}. A descriptor in `netns` must stay open until `open()` has
 * resolved.
 */
export interface DirectorOptions extends OpenOptions {
  /**
   * The services that belong to the director: it deletes those of them that are not wanted, and no
   * others. A wanted service outside of it is added and kept as wanted, but never deleted. Scopes
   * of several directors should not overlap.
   *
   * A scope with the director's own `link` also covers addresses that the director wanted before,
   * and services that `addresses` of {@link ApplyOptions} took from the link, until the services
   * are deleted. A director that ends before that leaves them behind; a scope of networks does not
   * have this gap.
   */
  readonly owns: Scope | readonly Scope[];
  /**
   * A dummy link that has the addresses of the wanted services, and no others but IPv6 link-local
   * ones: it belongs to the director, which creates it if there is none. Default: none, and the
   * addresses are the caller's business.
   */
  readonly link?: string | undefined;
  /**
   * If true, the link is switched on. If false, it is created switched off, and one that exists is
   * left on or off as it is. Default true. IPv4 addresses of a link that is off are reachable, too.
   */
  readonly linkUp?: boolean | undefined;
  /**
   * If true, or with options, destinations that are not wanted any more get weight 0, and are
   * deleted when they have no connections, or after a timeout. Default false: they are deleted at
   * once. If a later state wants the service but leaves `destinations` out, those that drain stay
   * at weight 0.
   */
  readonly drain?: boolean | DirectorDrainOptions | undefined;
  /**
   * Milliseconds between two steps, which repair what other programs have changed: 1 to 2147483647.
   * Default 30000. It is also the longest pause before refused changes are tried again.
   */
  readonly resync?: number | undefined;
  /** Settings that are left as they are: see {@link ReconcileOptions.keep}. */
  readonly keep?: readonly KeptSetting[] | undefined;
}

/** Options of {@link Director.apply}. */
export interface ApplyOptions {
  /**
   * The addresses of the wanted services that the director's link should have. Services at other
   * addresses answer on those that the host has already, such as the node ports of Kubernetes.
   * Default: the addresses of all wanted services.
   */
  readonly addresses?: readonly string[] | undefined;
}

/** A destination that drains under a director. */
export interface DirectorDraining extends DrainingDestination {
  /** When it is deleted even if it still has connections. */
  readonly deadline: Date;
}

/** The wanted state of a director, and the progress towards it. */
export interface DirectorState {
  /**
   * The newest state that was applied, with all settings in canonical form; undefined before the
   * first. It is made when it is read.
   */
  readonly wanted: State | undefined;
  /** The destinations that drained in the last step. */
  readonly draining: readonly DirectorDraining[];
  /** The errors of the last step; none if it made all changes. */
  readonly refused: readonly Error[];
  /** When the kernel was last found, or made, as wanted; undefined if it never was. */
  readonly lastSync: Date | undefined;
  /** The steps so far. Each compares the state with the kernel, and makes the changes. */
  readonly steps: {
    /** The number of steps that have ended. */
    readonly count: number;
    /** The number of those that did not reach the state. */
    readonly failures: number;
    /** Their time in all, in milliseconds. */
    readonly duration: number;
  };
}

/** Changes that a director has made. */
export interface DirectorChanges {
  /** The changes of services and destinations, in the order in which they were made. */
  readonly changes: readonly StateChange[];
  /** The changes of the addresses of the link. */
  readonly addresses: Reconciled;
  /** The changes as text for people, a line for each. */
  readonly diff: string;
}

/**
 * An event of a director:
 * - `changed`: changes were made to reach a new state, or because something has drained
 * - `drifted`: another program had changed what was as wanted, and these changes repaired it
 * - `draining`: destinations have begun to drain, or were found draining
 * - `drained`: destinations that drained are gone: without connections, or at their deadline
 * - `refused`: some changes were refused, or the kernel could not be asked; the director tries
 *   again after `retryIn` milliseconds
 * - `recovered`: the kernel is as wanted, for the first time since changes were refused
 * - `overrun`: the consumer was too slow, and the oldest events were dropped
 */
export type DirectorEvent =
  | ({ readonly type: 'changed' } & DirectorChanges)
  | ({ readonly type: 'drifted' } & DirectorChanges)
  | { readonly type: 'draining'; readonly destinations: readonly DirectorDraining[] }
  | { readonly type: 'drained'; readonly destinations: readonly DrainedDestination[] }
  | {
      readonly type: 'refused';
      /**
       * The error with which `apply()` rejects, or would: a {@link ReconcileError} for refusals.
       */
      readonly error: Error;
      /** The number of failures in a row, from 1. */
      readonly attempt: number;
      /** Milliseconds until the next step. */
      readonly retryIn: number;
    }
  | { readonly type: 'recovered' }
  | {
      readonly type: 'overrun';
      /** The number of events that were dropped. */
      readonly lost: number;
    };

/** A destination that has drained. */
export interface DrainedDestination {
  /** The service ('tcp://10.96.0.1:443'). */
  readonly service: string;
  /** The destination ('10.1.1.2:6443'). */
  readonly destination: string;
  /**
   * `idle`: it had no connections any more, or another program has deleted it; `timeout`: it was
   * deleted at its deadline, which ended its connections.
   */
  readonly reason: 'idle' | 'timeout';
}
