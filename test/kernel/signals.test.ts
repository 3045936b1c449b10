import { getEventListeners } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Batch, Ipvs } from 'ipvs';
import { beforeEach, describe, expect, test } from 'vitest';
import { useNamespace } from './namespace.js';

const lab = useNamespace();
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
  await lab.ipvs.flush();
  await lab.ipvs.links.ensureDummy('vip0');
  await lab.ipvs.links.reconcileAddresses('vip0', [], { prune: true });
});

describe.each(operations)('%s leaves no listener on its signal', (_, call) => {
  test('when it is carried out, twice', async () => {
    const { signal } = new AbortController();
    await call(lab.ipvs, signal);
    await lab.ipvs.flush();
    await call(lab.ipvs, signal);
    expect(getEventListeners(signal, 'abort')).toEqual([]);
  });

  test('when it was aborted before', async () => {
    const signal = AbortSignal.abort(reason);
    await call(lab.ipvs, signal).catch((error) => expect(error).toBe(reason));
    expect(getEventListeners(signal, 'abort')).toEqual([]);
  });

  test('when it is aborted under way', async () => {
    const controller = new AbortController();
    const pending = call(lab.ipvs, controller.signal);
    await Promise.resolve();
    controller.abort(reason);
    await pending.catch((error) => expect(error).toBe(reason));
    expect(getEventListeners(controller.signal, 'abort')).toEqual([]);
  });

  test('when the handle is closed', async () => {
    const { signal } = new AbortController();
    const ipvs = await Ipvs.open({ netns: lab.namespace.path });
    const [outcome] = await Promise.allSettled([call(ipvs, signal), ipvs.close()]);
    if (outcome.status === 'rejected') {
      expect(outcome.reason).toMatchObject({ code: 'ERR_IPVS_CLOSED' });
    }
    expect(getEventListeners(signal, 'abort')).toEqual([]);
  });
});
