/**
 * The types of the addon: the names in its layout, and its exports.
 * @module
 */
import type { layout } from './layout.js';

/** A field of a record: its offset and its size, in bytes. */
export interface Field {
  readonly offset: number;
  readonly size: number;
}

/** A record of fixed size, as csrc/binding/layout_*.cc describe it. */
export interface RecordLayout<Name extends string> {
  readonly size: number;
  readonly fields: Readonly<Record<Name, Field>>;
}

/** The records and enumerations that cross to the addon. */
export type Layout = typeof layout;

/** The name of an operation of IPVS: the method that requests it. */
export type OperationName = keyof Layout['operations'];

/** The status of a request to IPVS: Status in csrc/ipvs/request.h. */
export type StatusName = keyof Layout['statuses'];

/** A setting that an update may name: Changes in csrc/ipvs/request.h. */
export type ChangeName = keyof Layout['changes'];

/** A counter or rate: Stats in csrc/ipvs/types.h. */
export type StatsField = keyof Layout['stats']['fields'];

/**
 * The name of an operation on links: the method that requests it, but for `replaceAddress` and
 * `planAddresses`, which reconcileAddresses() requests.
 */
export type LinkOperationName = keyof Layout['linkOperations'];

/** The status of a request about a link: csrc/rtnl/request.h. */
export type LinkStatusName = keyof Layout['linkStatuses'];

/**
 * The response to the requests of an exchange: csrc/binding/response.h. Undefined instead, if all
 * requests succeeded and there is nothing else to say.
 */
export interface NativeResponse {
  /** A record for each request; left out if all requests succeeded without a value. */
  readonly results?: ArrayBuffer;
  /** The kernel's messages; a record of `results` has the place of its message, from 1. */
  readonly texts?: readonly string[];
  /** The CPU time that the kernel took, in milliseconds; left out unless it was asked for. */
  readonly elapsed?: number;
}

/**
 * The response to requests to IPVS. A list that is left out is empty. The ArrayBuffer of a list may
 * be longer than the list, whose place and length are in `results`; the bytes behind it have no
 * meaning.
 */
export interface NativeIpvsResponse extends NativeResponse {
  readonly services?: ArrayBuffer;
  readonly destinations?: ArrayBuffer;
  readonly daemons?: ArrayBuffer;
}

/** The response to requests about links. A list that is left out is empty. */
export interface NativeLinkResponse extends NativeResponse {
  readonly links?: ArrayBuffer;
  readonly addresses?: ArrayBuffer;
  readonly changes?: ArrayBuffer;
}

/** Events of links and addresses, in order. */
export interface NativeEvents {
  readonly events: ArrayBuffer;
  readonly links: ArrayBuffer;
  readonly addresses: ArrayBuffer;
  readonly more: boolean;
}

/** A watcher of links and addresses: csrc/binding/watcher.h. */
export interface NativeWatcher {
  take(): NativeEvents;
  ref(): void;
  unref(): void;
  close(): void;
}

/** A handle in a network namespace: csrc/binding/handle.h. */
export interface NativeHandle {
  hold(netns: number): void;
  open(netns: string | number, ipvs: boolean): Promise<void>;
  run(
    requests: Uint8Array,
    first: number,
    count: number,
    stopOnError: boolean,
    isTimed: boolean,
    memory?: ArrayBuffer | undefined,
  ): Promise<NativeIpvsResponse | undefined>;
  runSync(
    requests: Uint8Array,
    count: number,
    memory?: ArrayBuffer | undefined,
  ): NativeIpvsResponse | undefined;
  runLinks(requests: Uint8Array, addresses: Uint8Array): Promise<NativeLinkResponse | undefined>;
  runLinksSync(requests: Uint8Array, addresses: Uint8Array): NativeLinkResponse | undefined;
  readFiles(paths: readonly string[]): Promise<(string | number)[]>;
  readFilesSync(paths: readonly string[]): (string | number)[];
  writeFiles(files: readonly { path: string; text: string }[]): Promise<number[]>;
  writeFilesSync(files: readonly { path: string; text: string }[]): number[];
  recoveries(
    links: boolean,
  ): readonly [repeatedRequests: number, lostReplies: number, repeatedLists: number];
  close(): void;
}

/** A network namespace that this process makes: csrc/binding/namespace.h. */
export interface NativeNamespace {
  create(loopback: boolean): Promise<{ readonly fd: number; readonly path: string }>;
  close(): void;
}

/** A chunk of the connection table. */
export interface NativeConnections {
  readonly connections: ArrayBuffer;
  readonly texts: readonly string[];
  readonly done: boolean;
}

/** Counts of connections. */
export interface NativeCounts {
  readonly counts: ArrayBuffer;
  readonly texts: readonly string[];
}

/** A reader of the connection table: csrc/binding/cursor.h. */
export interface NativeCursor {
  next(limit: number): Promise<NativeConnections>;
  count(by: number): Promise<NativeCounts>;
  close(): void;
}

/** The changes of a plan: ipvs::PlannedChanges in csrc/ipvs/plan.h. */
export interface NativeChanges {
  readonly operations: ArrayBuffer;
  readonly origins: ArrayBuffer;
  readonly before: ArrayBuffer;
  readonly draining: ArrayBuffer;
  readonly connections: ArrayBuffer;
  readonly unchangedServices: number;
  readonly unchangedDestinations: number;
}

/** A plan of changes to the table: csrc/binding/plan.h. */
export interface NativePlan {
  duplicate(): readonly [first: number, second: number] | undefined;
  readServices(handle: NativeHandle): Promise<ArrayBuffer>;
  readServicesSync(handle: NativeHandle): ArrayBuffer;
  prune(flags: Uint8Array): void;
  readDestinations(handle: NativeHandle, limit: number): Promise<boolean>;
  readDestinationsSync(handle: NativeHandle, limit: number): boolean;
  finish(): NativeChanges;
  write(first: number, requests: Uint8Array): void;
}

/** The exports of the addon: csrc/binding/addon.cc. */
export interface Native {
  readonly Handle: new () => NativeHandle;
  readonly Plan: new (
    wanted: Uint8Array,
    compared: number,
    drains: boolean,
    drainedProtocols: number,
    ignoresInactive: boolean,
  ) => NativePlan;
  readonly Cursor: new (
    handle: NativeHandle,
    filter: Uint8Array,
    origins: boolean,
    claimedPorts: Uint8Array,
    destinations: Uint8Array,
  ) => NativeCursor;
  readonly Watcher: new (handle: NativeHandle, types: number, notify: () => void) => NativeWatcher;
  readonly Namespace: new () => NativeNamespace;
  /** csrc/binding/addresses.h */
  encodeAddresses(
    texts: readonly unknown[],
    from: number,
    family: number,
    records: Uint8Array,
  ): number;
  /** csrc/binding/addresses.h */
  findContradiction(records: Uint8Array): readonly [first: number, second: number] | undefined;
  /** csrc/binding/addresses.h */
  keepAddresses(records: Uint8Array): ArrayBuffer;
  /** csrc/binding/exports.h */
  readonly interfaceHash: number;
}
