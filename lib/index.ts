/**
 * Control of the Linux IPVS load balancer.
 * @module
 */
export type { Family } from './address.js';
export type { Batch, BatchOptions, BatchResult, BatchResults } from './batch.js';
export type { DeleteOptions, Ensured, StopOptions, UpdateOptions } from './calls.js';
export {
  type DestinationKey,
  formatAddress,
  formatDestinationReference,
  formatServiceReference,
  type NormalizedDestination,
  type NormalizedService,
  normalizeDestination,
  normalizeService,
  parseDestinationReference,
  parseServiceReference,
  type ServiceKey,
} from './canonical.js';
export type {
  Change,
  CounterName,
  Sample,
  WatchedDestination,
  WatchedService,
} from './changes.js';
export type { ConnectionFilter, ConnectionProtocol, ConnectionState } from './connection-filter.js';
export type { ConnectionStream } from './connection-stream.js';
export type {
  Connection,
  ConnectionCount,
  ConnectionOptions,
  CountBy,
  CountColumns,
  CountOptions,
  Endpoint,
} from './connections.js';
export type { SyncDaemon, SyncDaemonConfig, SyncDaemonRole } from './daemon.js';
export type {
  Destination,
  DestinationChanges,
  DestinationConfig,
  DestinationSettings,
} from './destination.js';
export type { Check, DiagnoseOptions } from './diagnose.js';
export type { Errno } from './errno.js';
export {
  type InputError,
  type InputErrorCode,
  IpvsError,
  type IpvsErrorCode,
  type IpvsErrorDetails,
  isInputError,
  type Missing,
} from './errors.js';
export type { Info } from './info.js';
export { diagnose, Ipvs, type SyncIpvs } from './ipvs.js';
export type { CancellableIterator } from './iterator.js';
export type {
  AddressConfig,
  AddressFlag,
  AddressScope,
  AddressSettings,
  LinkAddress,
} from './links/address.js';
export type { EnsuredLink } from './links/calls.js';
export type { Link, LinkReference, LinkState } from './links/link.js';
export { Links, type SyncLinks, type WatchLinksOptions } from './links/links.js';
export type {
  DummyOptions,
  LinkChanges,
  ListAddressesOptions,
  ListLinksOptions,
} from './links/operations.js';
export { type Reconciled, ReconcileError, type ReconcileOptions } from './links/reconcile.js';
export type { LinkEvent, LinkWatcher } from './links/watcher.js';
export { type LoadedModule, type LoadModulesOptions, loadModules } from './modules.js';
export type {
  Forwarding,
  KnownScheduler,
  Protocol,
  SchedulerFlag,
  TunnelChecksum,
  TunnelType,
  Unknown,
} from './names.js';
export type { NetworkNamespace, OpenOptions } from './netns.js';
export type { Persistence, PersistenceConfig } from './persistence.js';
export type { Place } from './queue/returns.js';
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
export type { Snapshot } from './snapshot.js';
export type { Counter, ReadOptions, Stats } from './stats.js';
export type { Status } from './status.js';
export type { SyncSysctlAccess, SysctlAccess, SysctlChanges, Sysctls } from './sysctls.js';
export type { TimeoutChanges, Timeouts } from './timeouts.js';
export type { Tunnel, TunnelConfig } from './tunnel.js';
export type { TableWatcher, WatchOptions } from './watch.js';
