/**
 * What happens to links and addresses, as an async iterator.
 * @module
 */

import { CancellableIterator } from '../core/iterator.js';
import type { Layout, NativeEvents, NativeWatcher } from '../native/addon.js';
import { jobError } from '../native/native-errors.js';
import { Records } from '../native/records.js';
import { type LinkAddress, readLinkAddress } from './address.js';
import { type Link, readLink } from './link.js';

/**
 * - `link`: a link was made or has changed (RTM_NEWLINK), or was deleted (RTM_DELLINK)
 * - `address`: an address was added or has changed (RTM_NEWADDR), or was deleted (RTM_DELADDR)
 * - `overrun`: events were lost, because they came faster than they were taken (ENOBUFS): list
 *   again what matters
 */
export type LinkEvent =
  | { readonly type: 'link'; readonly action: 'changed' | 'deleted'; readonly link: Link }
  | {
      readonly type: 'address';
      readonly action: 'changed' | 'deleted';
      /** The kernel names its link by the index. */
      readonly address: Omit<LinkAddress, 'link'>;
    }
  | { readonly type: 'overrun' };

/** Watchers that keep the process alive. */
const keepers = new Set<LinkWatcher>();

/**
 * Events of links and addresses, from the moment on that `links.watch()` returned, in the kernel's
 * order. The kernel keeps those that were not yet taken, up to a limit, and says when it had to
 * drop some. It is read and ended as {@link CancellableIterator} says; closing the handle ends it.
 * It does not keep the process alive unless {@link LinkWatcher.ref} asks for it.
 *
 * A watcher takes a thread and three descriptors until it ends. The garbage collector ends one that
 * nobody refers to, at some time, but not while a `next()` is pending, also one that was given up,
 * as by `Promise.race()`: `return()` or the signal ends the watcher then.
 */
export class LinkWatcher extends CancellableIterator<LinkEvent> {
  readonly #native: NativeWatcher;
  readonly #layout: Layout;
  readonly #onEnd: (watcher: LinkWatcher) => void;
  #events: LinkEvent[] = [];
  #place = 0;

  /**
   * Not for callers: use `links.watch()`.
   * @internal
   */
  constructor(
    open: (notify: () => void) => NativeWatcher,
    layout: Layout,
    signal: AbortSignal | undefined,
    onEnd: (watcher: LinkWatcher) => void,
  ) {
    super();
    this.#layout = layout;
    this.#onEnd = onEnd;
    this.#native = open(LinkWatcher.#notifier(this));
    this.observe(signal);
  }

  /** What the addon calls, and so holds on to: it must not hold on to the watcher. */
  static #notifier(self: LinkWatcher): () => void {
    const reference = new WeakRef(self);
    return () => reference.deref()?.serve();
  }

  /** Keeps the process alive while the watching lasts. */
  ref(): this {
    if (this.ended) return this;
    this.#native.ref();
    keepers.add(this);
    return this;
  }

  /** Takes {@link ref} back. */
  unref(): this {
    if (!this.ended) this.#native.unref();
    keepers.delete(this);
    return this;
  }

  protected override take(): LinkEvent | undefined {
    try {
      while (this.#place === this.#events.length) if (!this.#takeNative()) return undefined;
      return this.#events[this.#place++];
    } catch (error) {
      throw jobError(error, 'watch');
    }
  }

  /** The addon notifies when there is something again. */
  protected override refill(): void {}

  /** Takes what the kernel has. False: nothing, for now. */
  #takeNative(): boolean {
    const native = this.#native.take();
    this.#events = readEvents(native, this.#layout);
    this.#place = 0;
    return native.more || this.#events.length > 0;
  }

  protected override release(): void {
    keepers.delete(this);
    this.#native.close();
    this.#events = [];
    this.#onEnd(this);
  }
}

function readEvents(native: NativeEvents, layout: Layout): LinkEvent[] {
  const { size, fields } = layout.linkEvent;
  const { link, address } = layout.linkEventTypes;
  const events = new Records(native.events);
  const links = new Records(native.links);
  const addresses = new Records(native.addresses);
  return Array.from({ length: events.bytes.length / size }, (_, index): LinkEvent => {
    const base = index * size;
    const place = events.number(base, fields.place);
    const action = events.number(base, fields.deleted) === 0 ? 'changed' : 'deleted';
    switch (events.number(base, fields.type)) {
      case link:
        return { type: 'link', action, link: readLink(links, place * layout.link.size, layout) };
      case address: {
        const at = place * layout.linkAddress.size;
        const { link: _, ...found } = readLinkAddress(addresses, at, layout);
        return { type: 'address', action, address: found };
      }
      default:
        return { type: 'overrun' };
    }
  });
}
