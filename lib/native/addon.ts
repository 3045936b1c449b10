/**
 * The types of the addon: the names in its layout, and its exports.
 * @module
 */
import type { layout } from './layout.js';

/** Where a field lies in its record, and how many bytes it takes. */
export interface Field {
  readonly offset: number;
  readonly size: number;
}

/** A record of fixed size, as csrc/binding/layout.cc describes it. */
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

/** The name of an operation on links; `replaceAddress` and `planAddresses` serve reconcileAddresses. */
export type LinkOperationName = keyof Layout['linkOperations'];

/** The status of a request about a link: csrc/rtnl/request.h. */
export type LinkStatusName = keyof Layout['linkStatuses'];

/** What a plan does with an address: Change in csrc/rtnl/types.h. */
export type LinkChangeName = keyof Layout['linkChanges'];

/** A setting that was given for an address: AddressSettings in csrc/rtnl/types.h. */
export type AddressGivenName = keyof Layout['addressGiven'];

/** What answers a group of requests, as csrc/binding/results.h hands it over. */
export interface NativeAnswers {
  /** Absent: all are done, and there is nothing more to be said. */
  readonly results?: ArrayBuffer;
  readonly texts?: readonly string[];
  /** Milliseconds; 0 of what is synchronous. */
  readonly elapsed: number;
}

/** Of IPVS. A list that is absent is empty; one may be longer than the results say, and old behind that. */
export interface NativeResults extends NativeAnswers {
  readonly services?: ArrayBuffer;
  readonly destinations?: ArrayBuffer;
  readonly daemons?: ArrayBuffer;
}

/** Of links. */
export interface NativeLinkResults extends NativeAnswers {
  readonly links?: ArrayBuffer;
  readonly addresses?: ArrayBuffer;
  readonly changes?: ArrayBuffer;
}

/** Events of links and addresses. */
export interface NativeEvents {
  readonly events: ArrayBuffer;
  readonly links: ArrayBuffer;
  readonly addresses: ArrayBuffer;
  readonly more: boolean;
}

/** csrc/binding/watcher.h */
export interface NativeWatcher {
  take(): NativeEvents;
  ref(): void;
  unref(): void;
  close(): void;
}

/** csrc/binding/handle.h */
export interface NativeHandle {
  open(netns: string | number, ipvs: boolean): Promise<void>;
  run(
    requests: Uint8Array,
    stopOnError: boolean,
    memory?: ArrayBuffer | undefined,
  ): Promise<NativeResults>;
  runSync(requests: Uint8Array, memory?: ArrayBuffer | undefined): NativeResults;
  runLinks(requests: Uint8Array, addresses: Uint8Array): Promise<NativeLinkResults>;
  runLinksSync(requests: Uint8Array, addresses: Uint8Array): NativeLinkResults;
  readFiles(paths: readonly string[]): Promise<(string | number)[]>;
  readFilesSync(paths: readonly string[]): (string | number)[];
  writeFiles(files: readonly { path: string; text: string }[]): Promise<number[]>;
  writeFilesSync(files: readonly { path: string; text: string }[]): number[];
  close(): void;
}

/** A part of the connection table. */
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

/** csrc/binding/cursor.h */
export interface NativeCursor {
  next(limit: number): Promise<NativeConnections>;
  count(by: number): Promise<NativeCounts>;
  close(): void;
}

export interface Native {
  readonly Handle: new () => NativeHandle;
  readonly Cursor: new (
    handle: NativeHandle,
    filter: Uint8Array,
    origins: boolean,
    claimedPorts: Uint8Array,
    destinations: Uint8Array,
  ) => NativeCursor;
  readonly Watcher: new (handle: NativeHandle, types: number, notify: () => void) => NativeWatcher;
  /** csrc/binding/addresses.h */
  encodeAddresses(
    texts: readonly unknown[],
    from: number,
    family: number,
    records: Uint8Array,
  ): number;
  /** csrc/binding/addresses.h */
  findContradiction(records: Uint8Array): readonly [first: number, second: number] | undefined;
  /** A hash of the layout that the addon was built with. */
  readonly layoutHash: number;
  /** csrc/binding/layout.h */
  describeLayout(): unknown;
}
