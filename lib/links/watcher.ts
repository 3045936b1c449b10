/**
 * An async iterator over the events of links and addresses.
 * @module
 */

import { CancellableIterator } from '../core/iterator.js';
import type { NativeEvents, NativeWatcher } from '../native/addon.js';
import { layout } from '../native/layout.js';
import { nativeCallError } from '../native/native-errors.js';
import { Records } from '../native/records.js';
import { decodeLinkAddress, type LinkAddress } from './address.js';
import { decodeLink, type Link } from './link.js';

/**
 * An event:
 * - `link`: a link was created or has changed (RTM_NEWLINK), or was deleted (RTM_DELLINK)
 * - `address`: an address was added or has changed (RTM_NEWADDR), or was deleted (RTM_DELADDR)
 * - `overrun`: events were lost, because they arrived faster than they were read (ENOBUFS): list
 *   again what matters. Later changes are reported, or are another overrun
 */
export type LinkEvent =
  | { readonly type: 'link'; readonly action: 'changed' | 'deleted'; readonly link: Link }
  | {
      readonly type: 'address';
      readonly action: 'changed' | 'deleted';
      /** Has the index of the link, but not its name: the kernel does not send it. */
      readonly address: Omit<LinkAddress, 'link'>;
    }
  | { readonly type: 'overrun' };

/** Watchers that keep the process alive. */
const keepers = new Set<LinkWatcher>();

/**
 * The events of links and addresses since `links.watch()` returned, in the kernel's order. The
 * kernel keeps those that were not yet read, up to a limit, and reports when it has dropped some.
 * For reading and ending a watcher see {@link CancellableIterator}; closing the handle ends it too.
 * A watcher does not keep the process alive unless {@link LinkWatcher.ref} is called.
 *
 * A watcher needs a thread and three descriptors until it ends. The garbage collector ends a
 * watcher that nothing refers to, at some time, but not while a `next()` is pending, even if its
 * promise was abandoned, as by `Promise.race()`: end such a watcher by `return()` or the signal.
 */
export class LinkWatcher extends CancellableIterator<LinkEvent> {
  readonly #native: NativeWatcher;
  readonly #onEnd: (watcher: LinkWatcher) => void;
  #events: LinkEvent[] = [];
  #place = 0;

  /**
   * Not for callers: use `links.watch()`.
   * @internal
   */
  constructor(
    open: (notify: () => void) => NativeWatcher,
    signal: AbortSignal | undefined,
    onEnd: (watcher: LinkWatcher) => void,
  ) {
    super();
    this.#onEnd = onEnd;
    this.#native = open(LinkWatcher.#notifier(this));
    this.observe(signal);
  }

  /** Returns the function that the addon keeps and calls. It must not keep the watcher alive. */
  static #notifier(self: LinkWatcher): () => void {
    const reference = new WeakRef(self);
    return () => reference.deref()?.serve();
  }

  /** Keeps the process alive until the watcher ends. */
  ref(): this {
    if (this.ended) return this;
    this.#native.ref();
    keepers.add(this);
    return this;
  }

  /** Reverts {@link ref}. */
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
      throw nativeCallError(error, 'watch');
    }
  }

  /** Does nothing: the addon notifies when there are events again. */
  protected override refill(): void {}

  /** Takes the events that the kernel has; false if there are none at present. */
  #takeNative(): boolean {
    const native = this.#native.take();
    this.#events = decodeEvents(native);
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

function decodeEvents(native: NativeEvents): LinkEvent[] {
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
        return { type: 'link', action, link: decodeLink(links, place * layout.link.size) };
      case address: {
        const at = place * layout.linkAddress.size;
        const { link: _, ...found } = decodeLinkAddress(addresses, at);
        return { type: 'address', action, address: found };
      }
      default:
        return { type: 'overrun' };
    }
  });
}
