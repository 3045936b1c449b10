import { getEventListeners } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Batch, Ipvs } from 'ipvs';
import { beforeEach, describe, expect, test } from 'vitest';
import { useNamespace } from './helpers/use-namespace.js';

const fixture = useNamespace();
const reason = new Error('enough');
const MANY = 3000;
const services = (b: Batch) => {
  for (let fwmark = 1; fwmark <= MANY; fwmark++) b.addService({ fwmark });
};
const addresses = Array.from({ length: 600 }, (_, n) => `10.9.${n >> 8}.${n & 255}/32`);

type Call = (ipvs: Ipvs, signal: AbortSignal) => Promise<unknown>;
/** Each operation that takes a signal, from its beginning to its end. The watchers are left after an item. */
const operations: readonly (readonly [string, Call])[] = [
  ['batch', (ipvs, signal) => ipvs.batch(services, { signal })],
  ['batch in order', (ipvs, signal) => ipvs.batch(services, { signal, stopOnError: true })],
  [
    'batch that takes a while to build',
    (ipvs, signal) =>
      ipvs.batch(
        async (b) => {
          await sleep(20);
          // Once it has ended, nothing can be added.
          if (!signal.aborted) b.addService({ fwmark: 1 });
        },
        { signal },
      ),
  ],
  ['connections', async (ipvs, signal) => void (await ipvs.connections({ signal }).next())],
  [
    'watch',
    async (ipvs, signal) => {
      for await (const _ of ipvs.watch({ signal })) return;
    },
  ],
  [
    'links.watch',
    async ({ links }, signal) => {
      await using events = links.watch({ types: ['link'], signal });
      await Promise.all([events.next(), links.setLink('vip0', { mtu: 1300 + (mtu++ % 2) })]);
    },
  ],
  [
    'links.reconcileAddresses',
    ({ links }, signal) => links.reconcileAddresses('vip0', addresses, { prune: true, signal }),
  ],
];
let mtu = 0;

beforeEach(async () => {
  await fixture.ipvs.flush();
  await fixture.ipvs.links.ensureDummy('vip0');
  await fixture.ipvs.links.reconcileAddresses('vip0', [], { prune: true });
});

describe.each(operations)('%s leaves no listener on its signal', (_, call) => {
  test('when it is carried out, twice', async () => {
    const { signal } = new AbortController();
    await call(fixture.ipvs, signal);
    await fixture.ipvs.flush();
    await call(fixture.ipvs, signal);
    expect(getEventListeners(signal, 'abort')).toEqual([]);
  });

  test('when it was aborted before', async () => {
    const signal = AbortSignal.abort(reason);
    await call(fixture.ipvs, signal).catch((error) => expect(error).toBe(reason));
    expect(getEventListeners(signal, 'abort')).toEqual([]);
  });

  test('when it is aborted under way', async () => {
    const controller = new AbortController();
    const pending = call(fixture.ipvs, controller.signal);
    await Promise.resolve();
    controller.abort(reason);
    await pending.catch((error) => expect(error).toBe(reason));
    expect(getEventListeners(controller.signal, 'abort')).toEqual([]);
  });

  test('when the handle is closed', async () => {
    const { signal } = new AbortController();
    const ipvs = await Ipvs.open({ netns: fixture.namespace.path });
    const [outcome] = await Promise.allSettled([call(ipvs, signal), ipvs.close()]);
    if (outcome.status === 'rejected') {
      expect(outcome.reason).toMatchObject({ code: 'ERR_IPVS_CLOSED' });
    }
    expect(getEventListeners(signal, 'abort')).toEqual([]);
  });
});

/** Waits until an iterator of a handle is over, however it ends. */
const drained = async (items: AsyncIterable<unknown>, first?: () => void) => {
  for await (const _ of items) {
    if (first === undefined) break;
    first();
  }
};

type Action = (ipvs: Ipvs, controller: AbortController) => Promise<unknown>;
const later = () => new Promise((resolve) => setImmediate(resolve));

test.each<readonly [string, Action]>([
  ['a batch', (ipvs, { signal }) => ipvs.batch((b) => void b.flush(), { signal })],
  [
    'a batch that is built meanwhile',
    (ipvs, { signal }) =>
      ipvs.batch(
        async (b) => {
          await later();
          b.flush();
        },
        { signal },
      ),
  ],
  [
    'a batch whose build is aborted',
    (ipvs, controller) => {
      const batch = ipvs.batch(() => new Promise<void>(() => undefined), {
        signal: controller.signal,
      });
      controller.abort();
      return batch;
    },
  ],
  [
    'a batch whose handle is closed',
    (ipvs, { signal }) => {
      const batch = ipvs.batch(() => new Promise<void>(() => undefined), { signal });
      void ipvs.close();
      return batch;
    },
  ],
  ['a watch that is left', (ipvs, { signal }) => drained(ipvs.watch({ interval: 1, signal }))],
  [
    'a watch that is aborted',
    (ipvs, controller) =>
      drained(ipvs.watch({ interval: 1, signal: controller.signal }), () => controller.abort()),
  ],
  [
    'a watch whose handle is closed',
    (ipvs, { signal }) => drained(ipvs.watch({ interval: 1, signal }), () => void ipvs.close()),
  ],
  ['connections', (ipvs, { signal }) => drained(ipvs.connections({ signal }), () => undefined)],
  [
    'connections of a handle that is closed',
    async (ipvs, { signal }) => {
      await ipvs.close();
      await drained(ipvs.connections({ signal }));
    },
  ],
  [
    'a watch of links that is aborted',
    (ipvs, controller) => {
      const events = drained(ipvs.links.watch({ signal: controller.signal }));
      controller.abort();
      return events;
    },
  ],
  [
    'a watch of links whose handle is closed',
    (ipvs, { signal }) => {
      const events = drained(ipvs.links.watch({ signal }));
      void ipvs.close();
      return events;
    },
  ],
  [
    'reconcileAddresses',
    (ipvs, { signal }) => ipvs.links.reconcileAddresses('lo', ['10.9.9.9'], { signal }),
  ],
])('%s leaves no listener', async (_, action) => {
  const ipvs = await Ipvs.open({ netns: fixture.namespace.path });
  const controller = new AbortController();
  await action(ipvs, controller).catch(() => undefined);
  await ipvs.close();
  expect(getEventListeners(controller.signal, 'abort')).toEqual([]);
});
