import { getEventListeners } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test, vi } from 'vitest';
import type { Chunk } from '../../lib/connections/decode.js';
import { ConnectionStream } from '../../lib/connections/stream.js';
import type { CancellableIterator } from '../../lib/core/iterator.js';
import type { Snapshot } from '../../lib/ipvs/snapshot.js';
import { TableWatcher } from '../../lib/ipvs/watch.js';
import { LinkWatcher } from '../../lib/links/watcher.js';
import type { NativeEvents } from '../../lib/native/addon.js';
import { settled, unhandledOf, withResolvers } from './helpers/fake-handle.js';
import { encode, layout } from './helpers/requests.js';

/** An iterator, and what the test decides. */
interface Subject {
  readonly iterator: CancellableIterator<unknown>;
  /** Has one item ready, for the call that waits or for the next one. */
  give(): Promise<void>;
  /** Fails what is being read, and what is read from now on. */
  fail(error: Error): Promise<void>;
  /** How often it has freed what it held. */
  freed(): number;
}

const entries = (count: number, last = false): Chunk => ({
  count,
  last,
  read: () => ({}) as ReturnType<Chunk['read']>,
});

/** Reads that the test answers. What is given while nothing is read answers the next read. */
function reads<Answer>() {
  const pending: ReturnType<typeof withResolvers<Answer>>[] = [];
  const given: (() => Promise<Answer>)[] = [];
  const settle = async (answer: () => Promise<Answer>) => {
    const read = pending.shift();
    if (read === undefined) given.push(answer);
    else answer().then(read.resolve, read.reject);
    await settled();
  };
  return {
    read: () => {
      const answer = given.shift();
      if (answer !== undefined) return answer();
      const read = withResolvers<Answer>();
      pending.push(read);
      return read.promise;
    },
    give: (answer: Answer) => settle(async () => answer),
    fail: (error: Error) => settle(() => Promise.reject(error)),
  };
}

function connectionStream(signal: AbortSignal): Subject {
  const parts = reads<Chunk>();
  const close = vi.fn();
  const iterator = new ConnectionStream({ next: parts.read, close }, signal);
  return {
    iterator,
    give: () => parts.give(entries(1)),
    fail: parts.fail,
    // It closes when nothing is being read any more.
    freed: () => {
      void parts.give(entries(0));
      return close.mock.calls.length;
    },
  };
}

function tableWatcher(signal: AbortSignal, interval: number): Subject {
  const snapshots = reads<Snapshot>();
  const onEnd = vi.fn();
  const source = { interval, signal, snapshot: snapshots.read };
  const iterator = new TableWatcher(source, onEnd);
  // Only a timer that keeps the process alive is among its resources.
  iterator.ref();
  const timers = () => process.getActiveResourcesInfo().filter((each) => each === 'Timeout').length;
  const before = timers();
  return {
    iterator,
    give: () => snapshots.give({ services: [] }),
    fail: snapshots.fail,
    freed: () => (timers() <= before ? onEnd.mock.calls.length : 0),
  };
}

function linkWatcher(signal: AbortSignal): Subject {
  const overrun = encode(layout.linkEvent, { type: layout.linkEventTypes.overrun });
  const events = Uint8Array.from(overrun).buffer;
  const none = new ArrayBuffer(0);
  const given: (() => NativeEvents)[] = [];
  const native = {
    take: () => given.shift()?.() ?? { events: none, links: none, addresses: none, more: false },
    ref: vi.fn(),
    unref: vi.fn(),
    close: vi.fn(),
  };
  let notify = () => {};
  const open = (callback: () => void) => {
    notify = callback;
    return native;
  };
  const iterator = new LinkWatcher(open, signal, () => {});
  const arrive = async (take: () => NativeEvents) => {
    given.push(take);
    notify();
    await settled();
  };
  return {
    iterator,
    give: () => arrive(() => ({ events, links: none, addresses: none, more: false })),
    fail: (error) =>
      arrive(() => {
        throw error;
      }),
    freed: () => native.close.mock.calls.length,
  };
}

const iterators: readonly (readonly [string, (signal: AbortSignal) => Subject])[] = [
  ['ConnectionStream', connectionStream],
  ['TableWatcher that reads', (signal) => tableWatcher(signal, 1)],
  ['TableWatcher that waits for its interval', (signal) => tableWatcher(signal, 2 ** 31 - 1)],
  ['LinkWatcher', linkWatcher],
];

const reason = new Error('enough');
const thrown = new Error('thrown');
const DONE = { value: undefined, done: true };
const done = { status: 'fulfilled', value: DONE };
const rejected = { status: 'rejected', reason };
type End = (iterator: CancellableIterator<unknown>, controller: AbortController) => unknown;

/** The ways to end an iterator: the result of a pending call, and of the next one if none is. */
const ends: readonly (readonly [string, End, object, object])[] = [
  ['return()', (iterator) => void iterator.return(), done, done],
  ['throw()', (iterator) => void iterator.throw(thrown).catch(() => {}), done, done],
  ['await using', (iterator) => void iterator[Symbol.asyncDispose](), done, done],
  ['abort', (_, controller) => controller.abort(reason), rejected, rejected],
];

/** An iterator with a signal, after its first item. */
async function begun(make: (signal: AbortSignal) => Subject) {
  const controller = new AbortController();
  const subject = make(controller.signal);
  const first = subject.iterator.next();
  await subject.give();
  expect(await first).toMatchObject({ done: false });
  // The short interval is over, so that the next call reads at once.
  await sleep(2);
  return { ...subject, controller };
}

const outcomes = (calls: readonly Promise<unknown>[]) => Promise.allSettled(calls);

/** Rejects unless `promise` settles without a timer and without a response of the kernel. */
async function atOnce<Value>(promise: Promise<Value>): Promise<Value> {
  const late = new Promise<never>((_, reject) => setImmediate(reject, new Error('not at once')));
  return Promise.race([promise, late]);
}

describe.each(iterators)('%s', (_, make) => {
  describe.each(ends)('%s', (_, end, ofPending, ofNext) => {
    test('ends it at once while two calls of next() are pending', async () => {
      const { iterator, controller, freed } = await begun(make);
      const calls = outcomes([iterator.next(), iterator.next()]);
      await settled();
      end(iterator, controller);
      expect(await atOnce(calls)).toEqual([ofPending, ofPending]);
      expect(await atOnce(iterator.next())).toEqual(DONE);
      expect(getEventListeners(controller.signal, 'abort')).toEqual([]);
      freed();
      await iterator.return();
      expect(freed()).toBe(1);
    });

    test('ends it while no call is pending', async () => {
      const { iterator, controller, freed } = await begun(make);
      end(iterator, controller);
      expect(getEventListeners(controller.signal, 'abort')).toEqual([]);
      expect(await atOnce(outcomes([iterator.next(), iterator.next()]))).toEqual([ofNext, done]);
      freed();
      await iterator.return();
      expect(freed()).toBe(1);
    });

    test('ends it before the first item', async () => {
      const controller = new AbortController();
      const { iterator } = make(controller.signal);
      end(iterator, controller);
      expect(await atOnce(outcomes([iterator.next(), iterator.next()]))).toEqual([ofNext, done]);
      expect(getEventListeners(controller.signal, 'abort')).toEqual([]);
    });

    test.each(ends)('ends it, and %s has no effect afterwards', async (_, again) => {
      const { iterator, controller, freed } = await begun(make);
      const calls = outcomes([iterator.next()]);
      await settled();
      end(iterator, controller);
      again(iterator, controller);
      expect(await atOnce(calls)).toEqual([ofPending]);
      expect(await atOnce(outcomes([iterator.next(), iterator.next()]))).toEqual([done, done]);
      freed();
      await iterator.return();
      await iterator[Symbol.asyncDispose]();
      expect(freed()).toBe(1);
    });

    test.each(['give', 'fail'] as const)(
      'ends it before a read that is in flight ends: %s',
      async (answer) => {
        const subject = await begun(make);
        const calls = outcomes([subject.iterator.next()]);
        await settled();
        end(subject.iterator, subject.controller);
        await subject[answer](new Error('too late'));
        expect(await calls).toEqual([ofPending]);
        expect(await subject.iterator.next()).toEqual(DONE);
      },
    );
  });

  test('does not reject after return() with an abort that no call has seen', async () => {
    const { iterator, controller } = await begun(make);
    controller.abort(reason);
    void iterator.return();
    expect(await atOnce(iterator.next())).toEqual(DONE);
  });

  test('rejects throw() with its argument, also after the end', async () => {
    const { iterator, freed } = await begun(make);
    freed();
    await expect(iterator.throw(thrown)).rejects.toBe(thrown);
    await expect(iterator.throw(thrown)).rejects.toBe(thrown);
    expect(await iterator.return()).toEqual(DONE);
  });

  test('causes no unhandled rejection when it is aborted', async () => {
    const { iterator, controller } = await begun(make);
    expect(await unhandledOf(() => controller.abort(reason))).toEqual([]);
    await expect(iterator.next()).rejects.toBe(reason);
  });
});

describe.each(iterators.filter(([name]) => !name.includes('waits')))('%s', (_, make) => {
  test('gives two consumers different items, in the order of their calls', async () => {
    const { iterator, give } = await begun(make);
    const order: string[] = [];
    const consume = async (name: string) => {
      for (let count = 0; count < 3; count++) {
        const { done } = await iterator.next();
        order.push(done === true ? 'done' : name);
      }
    };
    const consumers = Promise.all([consume('a'), consume('b')]);
    for (let count = 0; count < 6; count++) {
      await give();
      await vi.waitUntil(() => order.length === count + 1, { interval: 1 });
    }
    await consumers;
    expect(order).toEqual(['a', 'b', 'a', 'b', 'a', 'b']);
  });

  test('rejects all pending calls with an error, and ends', async () => {
    const { iterator, controller, fail } = await begun(make);
    const calls = outcomes([iterator.next(), iterator.next()]);
    const error = Object.assign(new Error('broken'), { errno: 12, syscall: 'read', text: '' });
    await fail(error);
    for (const each of await calls) {
      expect(each).toMatchObject({ status: 'rejected', reason: { message: /broken|memory/ } });
    }
    expect(await iterator.next()).toEqual(DONE);
    expect(getEventListeners(controller.signal, 'abort')).toEqual([]);
  });

  test('rejects if its signal was aborted before, and leaves no listener', async () => {
    const signal = AbortSignal.abort(reason);
    const { iterator } = make(signal);
    expect(await outcomes([iterator.next(), iterator.next()])).toEqual([rejected, done]);
    expect(getEventListeners(signal, 'abort')).toEqual([]);
  });

  test('ends when a for await loop is left', async () => {
    const { iterator, controller, give, freed } = await begun(make);
    const loop = (async () => {
      for await (const _ of iterator) break;
    })();
    await give();
    freed();
    await loop;
    expect(await iterator.next()).toEqual(DONE);
    expect(freed()).toBe(1);
    expect(getEventListeners(controller.signal, 'abort')).toEqual([]);
  });
});
