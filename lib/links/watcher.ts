/**
 * What happens to links and addresses, as an async iterator.
 * @module
 */
import { explainNative } from '../explain.js';
import type { Layout, NativeEvents, NativeWatcher } from '../native.js';
import { Records } from '../records.js';
import { type LinkAddress, readLinkAddress } from './address.js';
import { type Link, readLink } from './link.js';

/**
 * - `link`: a link was made or has changed (RTM_NEWLINK), or was deleted (RTM_DELLINK)
 * - `address`: an address was added or has changed (RTM_NEWADDR), or was deleted (RTM_DELADDR)
 * - `overrun`: events were lost, because they came faster than they were taken (ENOBUFS): list again what matters
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

const DONE: IteratorReturnResult<undefined> = { value: undefined, done: true };

/**
 * Events of links and addresses, from the moment on that `links.watch()` returned, in the kernel's order. The kernel keeps those that
 * were not yet taken, up to a limit, and says when it had to drop some. Leaving a `for await` loop, `return()`, `await using` and closing the handle end
 * the watching. It does not keep the process alive unless `ref()` asks for it.
 */
export class LinkWatcher implements AsyncIterableIterator<LinkEvent, undefined, undefined> {
  readonly #native: NativeWatcher;
  readonly #layout: Layout;
  readonly #signal: AbortSignal | undefined;
  readonly #onEnd: (watcher: LinkWatcher) => void;
  #events: LinkEvent[] = [];
  #place = 0;
  /** Calls of next() that wait for an event, in order. */
  readonly #waiting: {
    resolve(result: IteratorResult<LinkEvent, undefined>): void;
    reject(error: unknown): void;
  }[] = [];
  #ended = false;
  readonly #abort = () => this.#fail(this.#signal?.reason);

  /** Not for callers: use `links.watch()`. @internal */
  constructor(
    open: (notify: () => void) => NativeWatcher,
    layout: Layout,
    signal: AbortSignal | undefined,
    onEnd: (watcher: LinkWatcher) => void,
  ) {
    this.#layout = layout;
    this.#signal = signal;
    this.#onEnd = onEnd;
    this.#native = open(() => this.#serve());
    signal?.addEventListener('abort', this.#abort, { once: true });
  }

  /** Itself, for `for await`. */
  [Symbol.asyncIterator](): this {
    return this;
  }

  /** Keeps the process alive while the watching lasts. */
  ref(): this {
    if (!this.#ended) this.#native.ref();
    return this;
  }

  /** Takes {@link ref} back. */
  unref(): this {
    if (!this.#ended) this.#native.unref();
    return this;
  }

  /** The next event. Rejects with the signal's reason once it is aborted. */
  next(): Promise<IteratorResult<LinkEvent, undefined>> {
    if (this.#signal?.aborted) {
      this.#end();
      return Promise.reject(this.#signal.reason);
    }
    if (this.#ended) return Promise.resolve(DONE);
    return new Promise((resolve, reject) => {
      this.#waiting.push({ resolve, reject });
      this.#serve();
    });
  }

  /** Ends the watching. */
  async return(): Promise<IteratorResult<LinkEvent, undefined>> {
    this.#end();
    return DONE;
  }

  /** {@link return}, for `await using`. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#end();
  }

  /** Gives out events to those who wait, as far as there are any. */
  #serve(): void {
    try {
      while (this.#waiting.length > 0 && !this.#ended) {
        const event = this.#events[this.#place];
        if (event !== undefined) {
          this.#place++;
          this.#waiting.shift()?.resolve({ value: event, done: false });
        } else if (!this.#take()) {
          // The addon notifies when there is something again.
          return;
        }
      }
    } catch (error) {
      this.#fail(explainNative(error, 'watch'));
    }
  }

  /** Takes what the kernel has. False: nothing, for now. */
  #take(): boolean {
    const native = this.#native.take();
    this.#events = readEvents(native, this.#layout);
    this.#place = 0;
    return native.more || this.#events.length > 0;
  }

  #fail(error: unknown): void {
    const waiting = this.#waiting.splice(0);
    this.#end();
    for (const { reject } of waiting) reject(error);
  }

  #end(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#signal?.removeEventListener('abort', this.#abort);
    this.#native.close();
    this.#events = [];
    this.#onEnd(this);
    for (const { resolve } of this.#waiting.splice(0)) resolve(DONE);
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
