/**
 * Network namespaces that the process makes.
 * @module
 */
import { checkArguments } from '../core/arguments.js';
import { checkBoolean, readOptions } from '../core/check.js';
import { IpvsError } from '../core/errors.js';
import { lazyPart } from '../core/load-part.js';
import { beginAtCaller, registerEntries, registerEntry, withAwaitStack } from '../core/stack.js';
import type { NativeNamespace } from './addon.js';
import { loadNative } from './load.js';
import { checkPlatform } from './open.js';

/** Options of {@link Namespace.create}. */
export interface NamespaceOptions {
  /**
   * If true, the loopback link is up, with 127.0.0.1 and ::1. The kernel refuses IPv4 destinations
   * until the link has been up once. Default: true.
   */
  readonly loopback?: boolean | undefined;
}

const OPTION_KEYS = new Set(['loopback'] as const);

/** An open namespace. */
interface Opened {
  readonly native: NativeNamespace;
  readonly fd: number;
  readonly path: string;
}

/** Restricts the constructor to the functions of this module. */
const KEY = Symbol('Namespace');

const loadErrors = lazyPart(() => import('./native-errors.js'));

/**
 * Returns the descriptor of a {@link Namespace}, or -1 if it is closed; undefined for any other
 * object.
 * @internal
 */
export let descriptorOf: (value: object) => number | undefined;

/**
 * An anonymous network namespace: with a table of IPVS, links, addresses and parameters of its own,
 * as a test needs it. It is accepted wherever `netns` is.
 *
 * The object holds the namespace open until it is closed or garbage-collected. After that, the
 * kernel deletes the namespace and all that is in it as soon as no handle, no socket and no process
 * uses it. Handles keep a namespace open by themselves: they can outlive the object.
 *
 * No thread of Node.js changes its namespace. Child processes do not inherit the descriptor; they
 * enter the namespace by its {@link path}. So do worker threads, because a Namespace cannot be
 * posted to them.
 * @example
 * ```ts
 * import { Ipvs, Namespace } from 'ipvs';
 *
 * const namespace = await Namespace.create();
 * const ipvs = await Ipvs.open({ netns: namespace });
 * await ipvs.addService({ protocol: 'tcp', address: '10.96.0.1', port: 80 });
 * console.log((await ipvs.listServices()).length); // 1
 * await ipvs.close();
 * namespace.close();
 * ```
 */
export class Namespace implements Disposable, AsyncDisposable {
  #opened: Opened | undefined;

  static {
    descriptorOf = (value) => (#opened in value ? (value.#opened?.fd ?? -1) : undefined);
  }

  /** Not for callers: use {@link Namespace.create}. */
  private constructor(key: symbol, opened: Opened) {
    if (key !== KEY) throw new TypeError('Illegal constructor: use Namespace.create()');
    this.#opened = opened;
  }

  /**
   * Makes a network namespace. It needs no IPVS.
   * @throws TypeError: bad options
   * @throws IpvsError ERR_IPVS_UNSUPPORTED_PLATFORM: not Linux
   * @throws IpvsError ERR_IPVS_NO_ADDON: no addon for this platform, or it cannot be loaded
   * @throws IpvsError EPERM: CAP_SYS_ADMIN is missing or, for the loopback link, CAP_NET_ADMIN
   * @throws IpvsError EMFILE, ENFILE: too many open files; ENOSPC: too many network namespaces;
   *   ENOMEM, EAGAIN: too little memory
   */
  static create(options?: NamespaceOptions): Promise<Namespace>;
  static create(...args: readonly unknown[]): Promise<Namespace> {
    return withAwaitStack(Namespace.#create(args));
  }

  static async #create(args: readonly unknown[]): Promise<Namespace> {
    const loopback = checkArguments('create', args, 1, checkOptions);
    // Loaded first, so that an error has its words also if no file can be opened any more.
    const { creationError } = await loadErrors('create');
    try {
      checkPlatform('create');
      const native = new (loadNative('create').Namespace)();
      return new Namespace(KEY, { native, ...(await native.create(loopback)) });
    } catch (error) {
      throw creationError(error);
    }
  }

  /**
   * The descriptor of the namespace, which is open until the Namespace is closed or
   * garbage-collected.
   * @throws IpvsError ERR_IPVS_CLOSED
   */
  get fd(): number {
    return this.#open('fd').fd;
  }

  /**
   * The path by which other processes enter the namespace, as `nsenter --net=PATH` does:
   * '/proc/1234/fd/21', with the id of this process. It leads to the namespace until the Namespace
   * is closed or garbage-collected; after that, it may lead to another file.
   * @throws IpvsError ERR_IPVS_CLOSED
   */
  get path(): string {
    return this.#open('path').path;
  }

  #open(property: 'fd' | 'path'): Opened {
    if (this.#opened !== undefined) return this.#opened;
    const details = { code: 'ERR_IPVS_CLOSED', operation: property } as const;
    throw beginAtCaller(new IpvsError(`${property}: the namespace is closed`, details), property);
  }

  /**
   * Closes the descriptor, at once. Handles that are open in the namespace stay usable. Closing
   * again does nothing.
   */
  close(): void {
    this.#opened?.native.close();
    this.#opened = undefined;
  }

  /** {@link close}, for `using`. */
  [Symbol.dispose](): void {
    this.close();
  }

  /** {@link close}, for `await using`. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.close();
  }
}

registerEntries(Namespace.prototype);
registerEntry('create', Namespace.create);

function checkOptions(options: unknown): boolean {
  const { loopback = true } = readOptions(options, OPTION_KEYS);
  return checkBoolean('options.loopback', loopback);
}
