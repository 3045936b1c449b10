import { execFileSync } from 'node:child_process';
import { getEventListeners } from 'node:events';
import { describe, expect, test, vi } from 'vitest';
import { LinkWatcher } from '../../lib/links/watcher.js';
import type { NativeEvents } from '../../lib/native/addon.js';
import { programPath } from '../kernel/helpers/programs.js';
import { encode, layout } from './helpers/requests.js';
import { nameBytes } from './helpers/responses.js';

/** An event in short. */
type Described = 'overrun' | { link: string; deleted?: boolean } | { address: number };

const concatenate = (records: readonly Uint8Array[]) =>
  Uint8Array.from(records.flatMap((record) => [...record])).buffer;

/** Returns events as the addon returns them. */
function nativeEvents(described: readonly Described[], more = false): NativeEvents {
  const events: Uint8Array[] = [];
  const links: Uint8Array[] = [];
  const addresses: Uint8Array[] = [];
  const { linkEventTypes: types } = layout;
  for (const each of described) {
    if (each === 'overrun') {
      events.push(encode(layout.linkEvent, { type: types.overrun }));
    } else if ('link' in each) {
      const deleted = each.deleted === true ? 1 : 0;
      events.push(encode(layout.linkEvent, { type: types.link, deleted, place: links.length }));
      const name = Uint8Array.from(nameBytes(each.link));
      links.push(encode(layout.link, { index: 7, name }));
    } else {
      events.push(encode(layout.linkEvent, { type: types.address, place: addresses.length }));
      const address = Uint8Array.of(10, 0, 0, each.address);
      const settings = encode(layout.addressSettings, { family: 2, address });
      addresses.push(encode(layout.linkAddress, { index: 7, settings }));
    }
  }
  return {
    events: concatenate(events),
    links: concatenate(links),
    addresses: concatenate(addresses),
    more,
  };
}

function opened(signal?: AbortSignal) {
  const waiting: NativeEvents[] = [];
  const native = {
    take: vi.fn(() => waiting.shift() ?? nativeEvents([])),
    ref: vi.fn(),
    unref: vi.fn(),
    close: vi.fn(),
  };
  const onEnd = vi.fn();
  let notify = () => {};
  const open = (callback: () => void) => {
    notify = callback;
    return native;
  };
  const watcher = new LinkWatcher(open, signal, onEnd);
  const arrive = (...events: readonly NativeEvents[]) => {
    waiting.push(...events);
    notify();
  };
  return { watcher, native, waiting, onEnd, arrive };
}

const link = (name: string, action = 'changed') => ({
  value: { type: 'link', action, link: { name } },
  done: false,
});
const DONE = { value: undefined, done: true };
const reason = new Error('enough');

describe('events', () => {
  test('of links and addresses are returned in the order of the kernel', async () => {
    const { watcher, arrive } = opened();
    arrive(nativeEvents([{ link: 'a' }, { address: 1 }, { link: 'b', deleted: true }, 'overrun']));
    expect(await watcher.next()).toMatchObject(link('a'));
    const second = await watcher.next();
    expect(second.value).toMatchObject({ type: 'address', address: { address: '10.0.0.1' } });
    // The kernel sends the index of the link only.
    expect(second.value).not.toHaveProperty('address.link');
    expect(await watcher.next()).toMatchObject(link('b', 'deleted'));
    expect(await watcher.next()).toEqual({ value: { type: 'overrun' }, done: false });
  });

  test('settle pending calls of next() in their order', async () => {
    const { watcher, arrive } = opened();
    const all = Promise.all([watcher.next(), watcher.next(), watcher.next()]);
    arrive(nativeEvents([{ link: 'a' }, { link: 'b' }]));
    arrive(nativeEvents([{ link: 'c' }, { link: 'd' }]));
    expect(await all).toMatchObject([link('a'), link('b'), link('c')]);
    expect(await watcher.next()).toMatchObject(link('d'));
  });

  test('settle the pending call first, even if a later call reads them', async () => {
    const { watcher, waiting, arrive } = opened();
    const first = watcher.next();
    // The events have arrived, but the notification has not.
    waiting.push(nativeEvents([{ link: 'a' }, { link: 'b' }]));
    const second = watcher.next();
    arrive();
    expect(await Promise.all([first, second])).toMatchObject([link('a'), link('b')]);
  });

  test('are not read before next() is called', () => {
    const { native, arrive } = opened();
    arrive(nativeEvents([{ link: 'a' }]));
    expect(native.take).not.toHaveBeenCalled();
  });

  test('are read again if a buffer had none of the watched types', async () => {
    const { watcher, arrive } = opened();
    arrive(nativeEvents([], true), nativeEvents([{ link: 'a' }]));
    expect(await watcher.next()).toMatchObject(link('a'));
  });

  test('can be iterated over, and leaving the loop ends the watcher', async () => {
    const { watcher, native, onEnd, arrive } = opened();
    arrive(nativeEvents([{ link: 'a' }, { link: 'b' }, { link: 'c' }]));
    const names: string[] = [];
    for await (const event of watcher) {
      if (event.type === 'link') names.push(event.link.name);
      if (names.length === 2) break;
    }
    expect(names).toEqual(['a', 'b']);
    expect(native.close).toHaveBeenCalledTimes(1);
    expect(onEnd).toHaveBeenCalledExactlyOnceWith(watcher);
  });
});

describe('a watcher', () => {
  test('is ended once by return(), for pending and later calls', async () => {
    const { watcher, native, onEnd, arrive } = opened();
    const waiting = [watcher.next(), watcher.next()];
    expect(await watcher.return()).toEqual(DONE);
    expect(await Promise.all(waiting)).toEqual([DONE, DONE]);
    await watcher[Symbol.asyncDispose]();
    arrive(nativeEvents([{ link: 'a' }]));
    expect(await watcher.next()).toEqual(DONE);
    expect(native.close).toHaveBeenCalledTimes(1);
    expect(onEnd).toHaveBeenCalledTimes(1);
  });

  test("is ended by the signal, and rejects with the signal's reason", async () => {
    const controller = new AbortController();
    const { watcher, native, onEnd } = opened(controller.signal);
    const waiting = Promise.allSettled([watcher.next(), watcher.next()]);
    controller.abort(reason);
    expect(await waiting).toEqual([
      { status: 'rejected', reason },
      { status: 'rejected', reason },
    ]);
    expect(await watcher.next()).toEqual(DONE);
    expect(native.close).toHaveBeenCalledTimes(1);
    expect(onEnd).toHaveBeenCalledTimes(1);
  });

  test('drops the events that were not yet returned when the signal ends it', async () => {
    const controller = new AbortController();
    const { watcher, native, arrive } = opened(controller.signal);
    arrive(nativeEvents([{ link: 'a' }, { link: 'b' }]));
    await watcher.next();
    controller.abort(reason);
    expect(native.close).toHaveBeenCalledTimes(1);
    await expect(watcher.next()).rejects.toBe(reason);
  });

  test('that has ended ignores its signal', async () => {
    const controller = new AbortController();
    const { watcher, native } = opened(controller.signal);
    await watcher.return();
    controller.abort(reason);
    expect(native.close).toHaveBeenCalledTimes(1);
  });

  test('is ended by throw(), which rejects with the error', async () => {
    const { watcher, native } = opened();
    const waiting = watcher.next();
    await expect(watcher.throw(reason)).rejects.toBe(reason);
    expect(await waiting).toEqual(DONE);
    expect(await watcher.next()).toEqual(DONE);
    await expect(watcher.throw(reason)).rejects.toBe(reason);
    expect(await watcher.return()).toEqual(DONE);
    expect(native.close).toHaveBeenCalledTimes(1);
  });

  test('that was ended by return() does not throw the reason of a later abort', async () => {
    const controller = new AbortController();
    const { watcher } = opened(controller.signal);
    await watcher.return();
    await watcher.return();
    controller.abort(reason);
    expect(await watcher.next()).toEqual(DONE);
  });

  test('shares one listener on its signal with others until the last of them ends', async () => {
    const { signal } = new AbortController();
    const before = getEventListeners(signal, 'abort').length;
    const warn = vi.spyOn(process, 'emitWarning');
    const all = Array.from({ length: 50 }, () => opened(signal));
    expect(getEventListeners(signal, 'abort')).toHaveLength(before + 1);
    for (const { watcher } of all) await watcher.return();
    expect(getEventListeners(signal, 'abort')).toHaveLength(before);
    const again = opened(signal);
    expect(getEventListeners(signal, 'abort')).toHaveLength(before + 1);
    await again.watcher.return();
    expect(getEventListeners(signal, 'abort')).toHaveLength(before);
    expect(warn).not.toHaveBeenCalled();
  });

  test('is ended with all others of the same signal', async () => {
    const controller = new AbortController();
    const all = Array.from({ length: 20 }, () => opened(controller.signal));
    const waiting = Promise.allSettled(all.map(({ watcher }) => watcher.next()));
    controller.abort(reason);
    expect(await waiting).toEqual(all.map(() => ({ status: 'rejected', reason })));
    expect(all.every(({ native }) => native.close.mock.calls.length === 1)).toBe(true);
    expect(getEventListeners(controller.signal, 'abort')).toEqual([]);
  });

  test('is ended by a failure to read, which rejects the first pending call', async () => {
    const { watcher, native, onEnd } = opened();
    native.take.mockImplementation(() => {
      throw Object.assign(new Error('recvmmsg'), { errno: 12, syscall: 'recvmmsg', text: '' });
    });
    await expect(watcher.next()).rejects.toMatchObject({ code: 'ENOMEM', operation: 'watch' });
    expect(await watcher.next()).toEqual(DONE);
    expect(native.close).toHaveBeenCalledTimes(1);
    expect(onEnd).toHaveBeenCalledTimes(1);
  });
});

test('ref() and unref() are passed on to the addon until the watcher ends', async () => {
  const { watcher, native } = opened();
  expect(watcher.ref()).toBe(watcher);
  expect(watcher.unref()).toBe(watcher);
  await watcher.return();
  watcher.ref().unref();
  expect(native.ref).toHaveBeenCalledTimes(1);
  expect(native.unref).toHaveBeenCalledTimes(1);
});

test('watchers that end with their worker leave no memory behind', async () => {
  const [watchers, rounds] = [600, 8];
  const args = [programPath('leave-watchers.mjs'), String(watchers), String(rounds)];
  const output = execFileSync(process.execPath, args, { encoding: 'utf8' });
  const [before, after] = JSON.parse(output);
  // Node.js 24 would keep more than 2 KB of each whose function was not released.
  expect((after - before) / (watchers * rounds)).toBeLessThan(1500);
});
