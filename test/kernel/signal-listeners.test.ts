/**
 * Signals: however an operation ends that was given one, it leaves no listener behind.
 * @module
 */
import { getEventListeners } from 'node:events';
import { Ipvs } from 'ipvs';
import { expect, test } from 'vitest';
import { useNamespace } from './namespace.js';

const lab = useNamespace();

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
  const ipvs = await Ipvs.open({ netns: lab.namespace.path });
  const controller = new AbortController();
  await action(ipvs, controller).catch(() => undefined);
  await ipvs.close();
  expect(getEventListeners(controller.signal, 'abort')).toEqual([]);
});
