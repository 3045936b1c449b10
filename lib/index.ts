/**
 * Control of the Linux IPVS load balancer.
 * @module
 */
export type { Family } from './address.js';
export type { DeleteOptions, Ensured, Info, Snapshot, StopOptions } from './calls.js';
export type { SyncDaemon, SyncDaemonConfig, SyncDaemonRole } from './daemon.js';
export type {
  Destination,
  DestinationChanges,
  DestinationConfig,
  DestinationSettings,
} from './destination.js';
export { IpvsError, type IpvsErrorCode, type IpvsErrorDetails } from './errors.js';
export { Ipvs, type OpenOptions } from './ipvs.js';
export type {
  Forwarding,
  KnownScheduler,
  Protocol,
  SchedulerFlag,
  TunnelChecksum,
  TunnelType,
  Unknown,
} from './names.js';
export type { Persistence, PersistenceConfig } from './persistence.js';
export type {
  DestinationAddress,
  DestinationReference,
  FirewallMark,
  ServiceAddress,
  ServiceReference,
} from './reference.js';
export type {
  Scheduler,
  Service,
  ServiceChanges,
  ServiceConfig,
  ServiceSettings,
  ServiceWithDestinations,
} from './service.js';
export type { Stats } from './stats.js';
export type { TimeoutChanges, Timeouts } from './timeouts.js';
export type { Tunnel, TunnelConfig } from './tunnel.js';
