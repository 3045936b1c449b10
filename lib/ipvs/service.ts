/**
 * Services: their types.
 * @module
 */
import type { Family } from '../core/address.js';
import type { Destination } from './destination.js';
import type { Persistence, PersistenceConfig } from './persistence.js';
import type { FirewallMark, ServiceAddress } from './reference-types.js';
import type { Scheduler, SchedulerFlag } from './schedulers.js';
import type { Counter, Stats } from './stats.js';

/** The settings of a service, all of them optional. */
export interface ServiceSettings {
  /**
   * The scheduler, which chooses the destination of a new connection: a name of 1 to 15 characters.
   * Default 'wlc', as in ipvsadm. IPVS_SVC_ATTR_SCHED_NAME, `ipvsadm -s`.
   */
  readonly scheduler?: Scheduler | undefined;
  /**
   * The flags of the scheduler. Those of sh and mh go with these schedulers only. Default none.
   * IPVS_SVC_ATTR_FLAGS, `ipvsadm -b`.
   */
  readonly schedulerFlags?: readonly SchedulerFlag[] | undefined;
  /**
   * Persistence, which sends a client to the same destination again. `{}` is persistence of 300
   * seconds. Default null: none. IP_VS_SVC_F_PERSISTENT, `ipvsadm -p`.
   */
  readonly persistence?: PersistenceConfig | null | undefined;
  /**
   * True: every packet is scheduled by itself. Only for udp and firewall marks. Default false.
   * IP_VS_SVC_F_ONEPACKET, `ipvsadm -o`.
   */
  readonly onePacket?: boolean | undefined;
}

/**
 * A service to add: its key and its settings. What the kernel would accept but could not use is
 * refused, such as one-packet scheduling of tcp, the engine 'sip' of tcp, port 0 without
 * persistence, or an address that is not unicast.
 *
 * A {@link Service} is accepted too, also after `JSON.stringify()` and `JSON.parse()`. It has
 * `stats`, which show that it comes from the kernel: it is written as it is, including values that
 * only another program could have set. Of a {@link ServiceWithDestinations}, leave out
 * `destinations`.
 */
export type ServiceConfig = (ServiceAddress | FirewallMark) & ServiceSettings;

/**
 * The settings of a service to change. Everything that is left out stays as it is, also within
 * `persistence`; with `{}` all. Takes settings only: a {@link Service} is refused, since it also
 * has a key and counters.
 */
export type ServiceChanges = ServiceSettings;

/** The properties that every service has beside its key. */
export interface ServiceState<Value extends Counter> {
  /** The family of its address, or of the packets with its mark. IPVS_SVC_ATTR_AF. */
  readonly family: Family;
  /** The scheduler. IPVS_SVC_ATTR_SCHED_NAME. */
  readonly scheduler: Scheduler;
  /**
   * The flags as the scheduler calls them: the bit of 'flag-1' reads as 'sh-fallback' with sh, as
   * 'mh-fallback' with mh. A bit without a name reads as 'unknown-N', N its value.
   * IPVS_SVC_ATTR_FLAGS.
   */
  readonly schedulerFlags: readonly SchedulerFlag[];
  /**
   * Persistence; null: each connection is scheduled by itself. IPVS_SVC_ATTR_TIMEOUT,
   * IPVS_SVC_ATTR_NETMASK, IPVS_SVC_ATTR_PE_NAME.
   */
  readonly persistence: Persistence | null;
  /**
   * Settings of persistence that another program has left in a service without persistence; absent
   * if there are none. They change nothing, except that an engine affects connections that a real
   * server opens.
   */
  readonly inactivePersistence?: Persistence;
  /** True if every packet is scheduled by itself. IP_VS_SVC_F_ONEPACKET. */
  readonly onePacket: boolean;
  /** Counters and rates. IPVS_SVC_ATTR_STATS64. */
  readonly stats: Stats<Value>;
}

/** A service with an address has no mark: test `service.fwmark === undefined`. */
export interface NoMark {
  readonly fwmark?: undefined;
}

/** A service by firewall mark has no address. */
export interface NoAddress {
  readonly protocol?: undefined;
  readonly address?: undefined;
  readonly port?: undefined;
}

/**
 * A service as the kernel has it. It can be passed as a {@link ServiceReference} anywhere, and
 * written with addService() and ensureService().
 */
export type Service<Value extends Counter = number> =
  | (ServiceAddress & NoMark & ServiceState<Value>)
  | (FirewallMark & NoAddress & ServiceState<Value>);

/**
 * A service with its destinations, as {@link Snapshot} has them. It can be passed as a
 * {@link ServiceReference} anywhere. To write it, leave out `destinations`:
 * `const { destinations, ...config } = service`.
 */
export type ServiceWithDestinations<Value extends Counter = number> = Service<Value> & {
  readonly destinations: readonly Destination<Value>[];
};
