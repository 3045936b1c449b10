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
/** Each operation with a signal, from beginning to end. Iterators are left after one item. */
const operations: readonly { readonly operation: string; readonly call: Call }[] = [
  { operation: 'batch', call: (ipvs, signal) => ipvs.batch(services, { signal }) },
  {
    operation: 'batch in order',
    call: (ipvs, signal) => ipvs.batch(services, { signal, stopOnError: true }),
  },
  {
    operation: 'batch that takes a while to build',
    call: (ipvs, signal) =>
      ipvs.batch(
        async (b) => {
          await sleep(20);
          // Once it has ended, nothing can be added.
          if (!signal.aborted) b.addService({ fwmark: 1 });
        },
        { signal },
      ),
  },
  {
    operation: 'connections',
    call: async (ipvs, signal) => void (await ipvs.connections({ signal }).next()),
  },
  {
    operation: 'watch',
    call: async (ipvs, signal) => {
      for await (const _ of ipvs.watch({ signal })) return;
    },
  },
  {
    operation: 'links.watch',
    call: async ({ links }, signal) => {
      await using events = links.watch({ types: ['link'], signal });
      await Promise.all([events.next(), links.setLink('vip0', { mtu: 1300 + (mtu++ % 2) })]);
    },
  },
  {
    operation: 'links.reconcileAddresses',
    call: ({ links }, signal) =>
      links.reconcileAddresses('vip0', addresses, { prune: true, signal }),
  },
];
let mtu = 0;

beforeEach(async () => {
  await fixture.ipvs.flush();
  await fixture.ipvs.links.ensureDummy('vip0');
  await fixture.ipvs.links.reconcileAddresses('vip0', [], { prune: true });
});

describe.each(operations)('$operation leaves no listener on its signal', ({ call }) => {
  test('after it is executed twice', async () => {
    const { signal } = new AbortController();
    await call(fixture.ipvs, signal);
    await fixture.ipvs.flush();
    await call(fixture.ipvs, signal);
    expect(getEventListeners(signal, 'abort')).toEqual([]);
  });

  test('if the signal was aborted before', async () => {
    const signal = AbortSignal.abort(reason);
    await call(fixture.ipvs, signal).catch((error) => expect(error).toBe(reason));
    expect(getEventListeners(signal, 'abort')).toEqual([]);
  });

  test('if the signal is aborted during it', async () => {
    const controller = new AbortController();
    const pending = call(fixture.ipvs, controller.signal);
    await Promise.resolve();
    controller.abort(reason);
    await pending.catch((error) => expect(error).toBe(reason));
    expect(getEventListeners(controller.signal, 'abort')).toEqual([]);
  });

  test('if the handle is closed', async () => {
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

test.each<{ readonly name: string; readonly action: Action }>([
  { name: 'a batch', action: (ipvs, { signal }) => ipvs.batch((b) => void b.flush(), { signal }) },
  {
    name: 'a batch that is built meanwhile',
    action: (ipvs, { signal }) =>
      ipvs.batch(
        async (b) => {
          await later();
          b.flush();
        },
        { signal },
      ),
  },
  {
    name: 'a batch whose build is aborted',
    action: (ipvs, controller) => {
      const batch = ipvs.batch(() => new Promise<void>(() => undefined), {
        signal: controller.signal,
      });
      controller.abort();
      return batch;
    },
  },
  {
    name: 'a batch whose handle is closed',
    action: (ipvs, { signal }) => {
      const batch = ipvs.batch(() => new Promise<void>(() => undefined), { signal });
      void ipvs.close();
      return batch;
    },
  },
  {
    name: 'a watch that is left',
    action: (ipvs, { signal }) => drained(ipvs.watch({ interval: 1, signal })),
  },
  {
    name: 'a watch that is aborted',
    action: (ipvs, controller) =>
      drained(ipvs.watch({ interval: 1, signal: controller.signal }), () => controller.abort()),
  },
  {
    name: 'a watch whose handle is closed',
    action: (ipvs, { signal }) =>
      drained(ipvs.watch({ interval: 1, signal }), () => void ipvs.close()),
  },
  {
    name: 'connections',
    action: (ipvs, { signal }) => drained(ipvs.connections({ signal }), () => undefined),
  },
  {
    name: 'connections of a handle that is closed',
    action: async (ipvs, { signal }) => {
      await ipvs.close();
      await drained(ipvs.connections({ signal }));
    },
  },
  {
    name: 'a watch of links that is aborted',
    action: (ipvs, controller) => {
      const events = drained(ipvs.links.watch({ signal: controller.signal }));
      controller.abort();
      return events;
    },
  },
  {
    name: 'a watch of links whose handle is closed',
    action: (ipvs, { signal }) => {
      const events = drained(ipvs.links.watch({ signal }));
      void ipvs.close();
      return events;
    },
  },
  {
    name: 'reconcileAddresses',
    action: (ipvs, { signal }) => ipvs.links.reconcileAddresses('lo', ['10.9.9.9'], { signal }),
  },
])('$name leaves no listener', async ({ action }) => {
  const ipvs = await Ipvs.open({ netns: fixture.namespace.path });
  const controller = new AbortController();
  await action(ipvs, controller).catch(() => undefined);
  await ipvs.close();
  expect(getEventListeners(controller.signal, 'abort')).toEqual([]);
});
