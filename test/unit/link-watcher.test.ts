import { getEventListeners } from 'node:events';
import { describe, expect, test, vi } from 'vitest';
import { LinkWatcher } from '../../lib/links/watcher.js';
import type { NativeEvents } from '../../lib/native/addon.js';
import { nameBytes } from './answers.js';
import { encode, layout } from './requests.js';

type Told = 'overrun' | { link: string; deleted?: boolean } | { address: number };

const concatenate = (records: readonly Uint8Array[]) =>
  Uint8Array.from(records.flatMap((record) => [...record])).buffer;

/** Events as the addon hands them over. */
function nativeEvents(told: readonly Told[], more = false): NativeEvents {
  const events: Uint8Array[] = [];
  const links: Uint8Array[] = [];
  const addresses: Uint8Array[] = [];
  const { linkEventTypes: types } = layout;
  for (const each of told) {
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
  test('come in the order of the kernel, whatever they are of', async () => {
    const { watcher, arrive } = opened();
    arrive(nativeEvents([{ link: 'a' }, { address: 1 }, { link: 'b', deleted: true }, 'overrun']));
    expect(await watcher.next()).toMatchObject(link('a'));
    const second = await watcher.next();
    expect(second.value).toMatchObject({ type: 'address', address: { address: '10.0.0.1' } });
    // The kernel names the link of an address by its index.
    expect(second.value).not.toHaveProperty('address.link');
    expect(await watcher.next()).toMatchObject(link('b', 'deleted'));
    expect(await watcher.next()).toEqual({ value: { type: 'overrun' }, done: false });
  });

  test('go to those who wait, in the order of their calls', async () => {
    const { watcher, arrive } = opened();
    const all = Promise.all([watcher.next(), watcher.next(), watcher.next()]);
    arrive(nativeEvents([{ link: 'a' }, { link: 'b' }]));
    arrive(nativeEvents([{ link: 'c' }, { link: 'd' }]));
    expect(await all).toMatchObject([link('a'), link('b'), link('c')]);
    expect(await watcher.next()).toMatchObject(link('d'));
  });

  test('go to the call that waits also when another one finds them', async () => {
    const { watcher, waiting, arrive } = opened();
    const first = watcher.next();
    // They have arrived, and the notification is still on its way.
    waiting.push(nativeEvents([{ link: 'a' }, { link: 'b' }]));
    const second = watcher.next();
    arrive();
    expect(await Promise.all([first, second])).toMatchObject([link('a'), link('b')]);
  });

  test('are not taken before somebody wants them', () => {
    const { native, arrive } = opened();
    arrive(nativeEvents([{ link: 'a' }]));
    expect(native.take).not.toHaveBeenCalled();
  });

  test('are looked for again where a buffer had none of ours', async () => {
    const { watcher, arrive } = opened();
    arrive(nativeEvents([], true), nativeEvents([{ link: 'a' }]));
    expect(await watcher.next()).toMatchObject(link('a'));
  });

  test('are iterated over, and leaving the loop ends the watching', async () => {
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

describe('the end', () => {
  test('by return(): once, for those who wait and for those who ask later', async () => {
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

  test("by the signal: with the signal's reason", async () => {
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

  test('by the signal, while nobody waits: what was not yet taken is dropped', async () => {
    const controller = new AbortController();
    const { watcher, native, arrive } = opened(controller.signal);
    arrive(nativeEvents([{ link: 'a' }, { link: 'b' }]));
    await watcher.next();
    controller.abort(reason);
    expect(native.close).toHaveBeenCalledTimes(1);
    await expect(watcher.next()).rejects.toBe(reason);
  });

  test('the signal has no say after it', async () => {
    const controller = new AbortController();
    const { watcher, native } = opened(controller.signal);
    await watcher.return();
    controller.abort(reason);
    expect(native.close).toHaveBeenCalledTimes(1);
  });

  test('by throw(): it rejects with the error, and nobody waits any more', async () => {
    const { watcher, native } = opened();
    const waiting = watcher.next();
    await expect(watcher.throw(reason)).rejects.toBe(reason);
    expect(await waiting).toEqual(DONE);
    expect(await watcher.next()).toEqual(DONE);
    await expect(watcher.throw(reason)).rejects.toBe(reason);
    expect(await watcher.return()).toEqual(DONE);
    expect(native.close).toHaveBeenCalledTimes(1);
  });

  test('by return(): a signal that is aborted later changes nothing', async () => {
    const controller = new AbortController();
    const { watcher } = opened(controller.signal);
    await watcher.return();
    await watcher.return();
    controller.abort(reason);
    expect(await watcher.next()).toEqual(DONE);
  });

  test('of many watchers by one signal: it has one listener, and none after the last of them', async () => {
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

  test('of many watchers by one signal that is aborted: all of them', async () => {
    const controller = new AbortController();
    const all = Array.from({ length: 20 }, () => opened(controller.signal));
    const waiting = Promise.allSettled(all.map(({ watcher }) => watcher.next()));
    controller.abort(reason);
    expect(await waiting).toEqual(all.map(() => ({ status: 'rejected', reason })));
    expect(all.every(({ native }) => native.close.mock.calls.length === 1)).toBe(true);
    expect(getEventListeners(controller.signal, 'abort')).toEqual([]);
  });

  test('by a reading that fails: the first to wait learns of it', async () => {
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

test('ref() and unref() are passed on, until the end', async () => {
  const { watcher, native } = opened();
  expect(watcher.ref()).toBe(watcher);
  expect(watcher.unref()).toBe(watcher);
  await watcher.return();
  watcher.ref().unref();
  expect(native.ref).toHaveBeenCalledTimes(1);
  expect(native.unref).toHaveBeenCalledTimes(1);
});
