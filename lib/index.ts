/**
 * Control of the Linux IPVS load balancer.
 * @module
 */

export type {
  ConnectionCount,
  CountBy,
  CountColumns,
  CountOptions,
} from './connections/count.js';
export type { ConnectionFilter } from './connections/filter.js';
export type { ConnectionOptions, ConnectionStream } from './connections/stream.js';
export type {
  Connection,
  ConnectionProtocol,
  ConnectionState,
  Endpoint,
} from './connections/types.js';
export type { Family } from './core/address.js';
export type { DeleteOptions } from './core/delete-options.js';
export type { Errno } from './core/errno.js';
export {
  IpvsError,
  type IpvsErrorCode,
  type IpvsErrorDetails,
  type Missing,
} from './core/errors.js';
export { type InputError, type InputErrorCode, isInputError } from './core/input-errors.js';
export type { CancellableIterator } from './core/iterator.js';
export type { Unknown } from './core/name-table.js';
export { ReconcileError } from './core/reconcile-error.js';
export { Director } from './director.js';
export type { Check } from './host/diagnose/check.js';
export type { DiagnoseOptions } from './host/diagnose/options.js';
export type { Info } from './host/info.js';
export { type LoadedModule, type LoadModulesOptions, loadModules } from './host/load-modules.js';
export type { Status } from './host/status.js';
export type { Sysctls } from './host/sysctl-parameters.js';
export type { SyncSysctlAccess, SysctlAccess, SysctlChanges } from './host/sysctls.js';
export type { Batch, BatchOptions, BatchResult, BatchResults } from './ipvs/batch.js';
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
} from './ipvs/canonical.js';
export type {
  Destination,
  DestinationChanges,
  DestinationConfig,
  DestinationSettings,
} from './ipvs/destination.js';
export type {
  Forwarding,
  Protocol,
  TunnelChecksum,
  TunnelType,
} from './ipvs/names.js';
export type { Ensured, StopOptions, UpdateOptions } from './ipvs/options.js';
export type { Persistence, PersistenceConfig } from './ipvs/persistence.js';
export type {
  DestinationAddress,
  DestinationReference,
  FirewallMark,
  ServiceAddress,
  ServiceReference,
} from './ipvs/reference-types.js';
export type {
  Change,
  CounterName,
  Sample,
  WatchedDestination,
  WatchedService,
} from './ipvs/sample-changes.js';
export type { KnownScheduler, Scheduler, SchedulerFlag } from './ipvs/schedulers.js';
export type {
  NoAddress,
  NoMark,
  Service,
  ServiceChanges,
  ServiceConfig,
  ServiceSettings,
  ServiceState,
  ServiceWithDestinations,
} from './ipvs/service.js';
export type { Snapshot } from './ipvs/snapshot.js';
export type { BigintOptions, Counter, NumberOptions, ReadOptions, Stats } from './ipvs/stats.js';
export type { SyncDaemon, SyncDaemonConfig, SyncDaemonRole } from './ipvs/sync-daemon.js';
export type { TimeoutChanges, Timeouts } from './ipvs/timeouts.js';
export type { Tunnel, TunnelConfig } from './ipvs/tunnel.js';
export type { TableWatcher, WatchOptions } from './ipvs/watch.js';
export { diagnose, Ipvs, type SyncIpvs } from './ipvs.js';
export type {
  AddressConfig,
  AddressFlag,
  AddressScope,
  AddressSettings,
  LinkAddress,
} from './links/address.js';
export type { Link, LinkState } from './links/link.js';
export type { LinkReference } from './links/link-reference.js';
export { Links, type SyncLinks, type WatchLinksOptions } from './links/links.js';
export type { EnsuredLink } from './links/operations.js';
export type {
  DummyOptions,
  LinkChanges,
  ListAddressesOptions,
  ListLinksOptions,
} from './links/options.js';
export type { ReconcileAddressesOptions, Reconciled } from './links/reconcile.js';
export type { LinkEvent, LinkWatcher } from './links/watcher.js';
export { Namespace, type NamespaceOptions } from './native/namespace.js';
export type { NetworkNamespace, OpenOptions } from './native/netns.js';
export type { Activity } from './queue/activity.js';
export type { Place } from './queue/returns.js';
export type { CallMessage, ExchangeMessage } from './queue/trace.js';
export type { DirectorEvents, DirectorEventsOptions } from './state/director/events.js';
export type {
  ApplyOptions,
  DirectorChanges,
  DirectorDraining,
  DirectorDrainOptions,
  DirectorEvent,
  DirectorOptions,
  DirectorState,
  DrainedDestination,
} from './state/director/types.js';
export type { ReconcileResult } from './state/result.js';
export type {
  Difference,
  DrainingDestination,
  DrainOptions,
  KeptSetting,
  Prune,
  ReconcileOptions,
  Scope,
  State,
  StateChange,
  Unchanged,
  WantedService,
} from './state/types.js';
