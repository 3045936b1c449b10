/**
 * The addon: what it exports, and how it is found.
 * @module
 */
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { IpvsError } from '../core/errors.js';
import { packageRoot } from '../package-root.js';
import { LAYOUT_HASH, type layout } from './layout.js';

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
  readonly outcomes?: ArrayBuffer;
  readonly texts?: readonly string[];
  /** Milliseconds; 0 of what is synchronous. */
  readonly elapsed: number;
}

/** Of IPVS. A list that is absent is empty; one may be longer than the outcomes say, and old behind that. */
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

/** csrc/binding/cursor.h */
export interface NativeCursor {
  next(limit: number): Promise<NativeConnections>;
  count(by: number): Promise<{ readonly counts: ArrayBuffer; readonly texts: readonly string[] }>;
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
  packAddresses(
    texts: readonly unknown[],
    from: number,
    family: number,
    records: Uint8Array,
  ): number;
  /** csrc/binding/addresses.h */
  contradictionOf(records: Uint8Array): readonly [first: number, second: number] | undefined;
  /** A hash of the layout that the addon was built with. */
  readonly layoutHash: number;
  /** csrc/binding/layout.h */
  describeLayout(): unknown;
}

let loaded: Native | undefined;

/**
 * Loads the addon: a build of this checkout, or the prebuild for this platform.
 * @throws IpvsError ERR_IPVS_NO_ADDON where there is neither, or Node.js may not load it; its message says what to do
 */
export function loadNative(): Native {
  if (loaded === undefined) {
    const root = packageRoot();
    try {
      if (root === undefined) throw new TypeError('a CommonJS bundle has no import.meta.url');
      // node-gyp-build has no types: it takes the folder of a package and returns its addon.
      const load = createRequire(import.meta.url)('node-gyp-build') as (folder: string) => Native;
      const addon = load(root);
      if (addon.layoutHash !== LAYOUT_HASH) throw new Error(OTHER_VERSION);
      loaded = addon;
    } catch (error) {
      throw new IpvsError(`the native addon of ipvs cannot be loaded: ${whyNot(error, root)}`, {
        code: 'ERR_IPVS_NO_ADDON',
        operation: 'open',
        cause: error,
      });
    }
  }
  return loaded;
}

const OTHER_VERSION =
  'it is of another version of ipvs: build it again with "npm rebuild ipvs --ignore-scripts=false"';

const MISSING =
  `there is none for ${process.platform}-${process.arch}: where the package brings no prebuild and ` +
  'install scripts are blocked, build it by hand with "npm rebuild ipvs --ignore-scripts=false" ' +
  '(needs python3, make and a C++20 compiler; npm 12 wants "npm install-scripts approve ipvs" before)';

const BUNDLED =
  'ipvs was bundled, or moved out of its package, where the addon is: mark ipvs as external ' +
  "(esbuild --external:ipvs; external: ['ipvs'] of rollup, rolldown and vite; externals of webpack), " +
  'and install it where the bundle runs';

/** Whether this module is still in its package. */
function isInPackage(root: string): boolean {
  try {
    const { readFileSync } = process.getBuiltinModule('node:fs');
    const { name } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
    return name === 'ipvs';
  } catch {
    return false;
  }
}

/** What keeps the addon from being loaded, and what to do; `root` is the folder of the package. */
function whyNot(error: unknown, root: string | undefined): string {
  if (root === undefined) return BUNDLED;
  if (error instanceof Error && error.message === OTHER_VERSION) return OTHER_VERSION;
  const { code, resource } = error as { readonly code?: unknown; readonly resource?: unknown };
  if (code === 'ERR_DLOPEN_DISABLED') {
    return process.permission === undefined
      ? 'Node.js runs with --no-addons: leave that out'
      : 'Node.js runs with --permission, which forbids addons: add --allow-addons';
  }
  // The loader takes a folder that it may not read for one that is empty.
  const unreadable = process.permission?.has('fs.read', root) === false;
  if (code === 'ERR_ACCESS_DENIED' || unreadable) {
    const file = typeof resource === 'string' && resource !== '' ? resource : root;
    const addons = process.execArgv.includes('--allow-addons') ? '' : ' and --allow-addons';
    return `Node.js runs with --permission and may not read ${file}: add --allow-fs-read=${file}${addons}`;
  }
  if (code === 'ERR_DLOPEN_FAILED') {
    const why = error instanceof Error ? error.message : String(error);
    return `${why}; built for this system it may load: "npm rebuild ipvs --ignore-scripts=false"`;
  }
  return isInPackage(root) ? MISSING : BUNDLED;
}
