/**
 * An addon without a kernel, under the Ipvs that a test opens. The test file mocks its loader:
 * `vi.mock('../../lib/native/load.js', () => import('./helpers/fake-addon.js'))`.
 * @module
 */
import { expect } from 'vitest';
import type {
  NativeConnections,
  NativeCursor,
  NativeHandle,
  NativeIpvsResponse,
  NativeLinkResponse,
  NativeNamespace,
} from '../../../lib/native/addon.js';
import { requestBytes, UnusedHandle } from './fake-handle.js';
import { layout } from './requests.js';
import { nativeLinkResponse, nativeResponse } from './responses.js';

const ENOENT = 2;

interface FileText {
  readonly path: string;
  readonly text: string;
}

/** The arguments of a call of the handle: requests and addresses in hexadecimal. */
export type Exchange =
  | { readonly requests: string }
  | { readonly linkRequests: string; readonly addresses: string }
  | { readonly read: readonly string[] }
  | { readonly written: readonly FileText[] };

const initial = () => ({
  /** The namespaces of the handles that were opened. */
  opened: [] as (string | number)[],
  closed: 0,
  /** The namespaces that were created, by their descriptor: the option, and if it is closed. */
  namespaces: new Map<number, { readonly loopback: boolean; isClosed: boolean }>(),
  /** Called with the descriptor of a namespace that a handle will be opened in. */
  hold: (_: number): unknown => undefined,
  /** Called before a handle is opened, and before a namespace is created. */
  open: (): unknown => undefined,
  create: (): unknown => undefined,
  /** All exchanges, in order. */
  exchanges: [] as Exchange[],
  /** False: a synchronous call fails the test, but for reads of files. */
  allowsSync: true,
  /** Responds to so many requests. Default: all succeed, without a value. */
  respond: (count: number): NativeIpvsResponse =>
    nativeResponse({ results: Array.from({ length: count }, () => ({})) }),
  respondLinks: (count: number): NativeLinkResponse =>
    nativeLinkResponse(
      Array.from({ length: count }, () => ({})),
      0,
    ),
  /** The contents of files by path, or the errno of reading them. Others do not exist. */
  files: {} as Readonly<Record<string, string | number>>,
  /** The errno of writing a file; 0 if it succeeds. */
  write: (_: FileText) => 0,
  /** The results of reads of the connection table, in order. */
  connections: [] as (NativeConnections | Error)[],
  /** What the clients did again, by `links`. */
  recoveries: (_links: boolean) => [0, 0, 0] as readonly [number, number, number],
  /** The number of open cursors. */
  cursors: 0,
});

/** The addon of a test file: its behaviour, and the exchanges so far. */
export const addon = initial();

/** Resets the addon, before each test. */
export function resetAddon(): void {
  Object.assign(addon, initial());
}

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');

class Handle extends UnusedHandle implements NativeHandle {
  override hold = (netns: number) => {
    addon.hold(netns);
  };

  override open = async (netns: string | number) => {
    addon.open();
    addon.opened.push(netns);
  };

  override close = () => {
    addon.closed++;
  };

  override recoveries = (links: boolean) => addon.recoveries(links);

  override run = async (requests: Uint8Array, first: number, count: number) =>
    this.#respond(requests, first, count);

  override runSync = (requests: Uint8Array, count: number) => {
    expect(addon.allowsSync).toBe(true);
    return this.#respond(requests, 0, count);
  };

  #respond(requests: Uint8Array, first: number, count: number): NativeIpvsResponse {
    addon.exchanges.push({ requests: hex(requestBytes(requests, first, count)) });
    return addon.respond(count);
  }

  override runLinks = async (requests: Uint8Array, addresses: Uint8Array) =>
    this.runLinksSync(requests, addresses);

  override runLinksSync = (requests: Uint8Array, addresses: Uint8Array) => {
    addon.exchanges.push({ linkRequests: hex(requests), addresses: hex(addresses) });
    return addon.respondLinks(requests.length / layout.linkRequest.size);
  };

  override readFiles = async (paths: readonly string[]) => this.readFilesSync(paths);

  override readFilesSync = (paths: readonly string[]) => {
    addon.exchanges.push({ read: paths });
    return paths.map((path) => addon.files[path] ?? ENOENT);
  };

  override writeFiles = async (files: readonly FileText[]) => this.#write(files);

  override writeFilesSync = (files: readonly FileText[]) => {
    expect(addon.allowsSync).toBe(true);
    return this.#write(files);
  };

  #write(files: readonly FileText[]): number[] {
    addon.exchanges.push({ written: files });
    return files.map((file) => addon.write(file));
  }
}

class Cursor implements Pick<NativeCursor, 'next' | 'close'> {
  constructor() {
    addon.cursors++;
  }

  async next(): Promise<NativeConnections> {
    const part = addon.connections.shift() ?? expect.unreachable('read beyond the end');
    if (part instanceof Error) throw part;
    return part;
  }

  count = () => expect.unreachable('nothing is counted');

  close(): void {
    addon.cursors--;
  }
}

const FIRST_DESCRIPTOR = 100;

class Namespace implements NativeNamespace {
  readonly #fd = FIRST_DESCRIPTOR + addon.namespaces.size;

  async create(loopback: boolean) {
    addon.create();
    addon.namespaces.set(this.#fd, { loopback, isClosed: false });
    return { fd: this.#fd, path: `/proc/7/fd/${this.#fd}` };
  }

  close(): void {
    const namespace = addon.namespaces.get(this.#fd) ?? expect.unreachable('it was not created');
    expect(namespace.isClosed).toBe(false);
    namespace.isClosed = true;
  }
}

export const loadNative = () => ({ Handle, Cursor, Namespace, layout });
