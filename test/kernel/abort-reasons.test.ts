// The reason of a signal belongs to its owner, also where it is an error of this package.
import { getEventListeners } from 'node:events';
import { Ipvs, IpvsError, loadModules } from 'ipvs';
import { describe, expect, test } from 'vitest';
import { useNamespace } from './helpers/use-namespace.js';

const fixture = useNamespace();
const pending = () => new Promise<void>(() => undefined);

type Action = (ipvs: Ipvs, signal: AbortSignal) => Promise<unknown>;
const actions: readonly (readonly [string, Action])[] = [
  ['a batch that is being built', (ipvs, signal) => ipvs.batch(pending, { signal })],
  ['watch()', (ipvs, signal) => ipvs.watch({ signal }).next()],
  ['connections()', (ipvs, signal) => ipvs.connections({ signal }).next()],
  ['links.watch()', (ipvs, signal) => ipvs.links.watch({ signal }).next()],
  ['reconcileAddresses()', (ipvs, signal) => ipvs.links.reconcileAddresses('lo', [], { signal })],
  ['loadModules()', (_, signal) => loadModules(['ipvs_no_such_one'], { signal })],
];

const rejectionOf = (promise: Promise<unknown>) =>
  promise.then(
    () => expect.unreachable(),
    (reason: unknown) => reason,
  );
const reasons = [
  ['frozen', () => Object.freeze(new IpvsError('flush: no', { code: 'EPERM' }))],
  ['usual', () => new IpvsError('flush: no', { code: 'EPERM' })],
] as const;

describe.each(reasons)('a reason that is a %s IpvsError', (_, make) => {
  test.each(actions)('comes out of %s as it is when it was aborted before', async (_, action) => {
    const reason = make();
    const { stack } = reason;
    const rejection = await rejectionOf(action(fixture.ipvs, AbortSignal.abort(reason)));
    expect(rejection).toBe(reason);
    expect(reason.stack).toBe(stack);
    expect(reason).not.toHaveProperty('index');
  });

  test.each(actions.filter(([name]) => !/^(reconcile|connections|loadModules)/.test(name)))(
    'comes out of %s as it is when it is aborted later',
    async (_, action) => {
      const reason = make();
      const { stack } = reason;
      const controller = new AbortController();
      const rejection = rejectionOf(
        action(fixture.ipvs, controller.signal).then((value) =>
          // The first sample of a watch may come before.
          'done' in Object(value) ? Promise.reject(controller.signal.reason) : value,
        ),
      );
      controller.abort(reason);
      expect(await rejection).toBe(reason);
      expect(reason.stack).toBe(stack);
    },
  );

  test('is the result of what a batch has not sent', async () => {
    const reason = make();
    const { stack } = reason;
    const signal = AbortSignal.abort(reason);
    const results = await fixture.ipvs.batch((b) => void b.flush(), { signal });
    expect(results).toEqual([{ status: 'rejected', reason }]);
    expect(reason.stack).toBe(stack);
  });
});

test('many batches and loadings of modules share one listener of a signal', async () => {
  const controller = new AbortController();
  const { signal } = controller;
  const batches = Array.from({ length: 30 }, () => fixture.ipvs.batch(pending, { signal }));
  const loadings = Array.from({ length: 30 }, () => loadModules(['ipvs_no_such_one'], { signal }));
  const all = Promise.allSettled([...batches, ...loadings]);
  expect(getEventListeners(signal, 'abort')).toHaveLength(1);
  controller.abort(new Error('enough'));
  const rejected = { status: 'rejected', reason: new Error('enough') };
  expect(await all).toEqual(Array.from({ length: 60 }, () => rejected));
  expect(getEventListeners(signal, 'abort')).toEqual([]);
});

test('an iterator of an aborted signal is made, and rejects once with the reason', async () => {
  const signal = AbortSignal.abort(new Error('before'));
  const ipvs = await Ipvs.open({ netns: fixture.namespace.path });
  const iterators = [
    ipvs.watch({ signal }),
    ipvs.connections({ signal }),
    ipvs.links.watch({ signal }),
  ];
  for (const iterator of iterators) {
    await expect(iterator.next()).rejects.toBe(signal.reason);
    expect(await iterator.next()).toEqual({ value: undefined, done: true });
  }
  await ipvs.close();
});
