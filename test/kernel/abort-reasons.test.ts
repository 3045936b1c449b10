// The reason of a signal belongs to its owner, also where it is an error of this package.
import { getEventListeners } from 'node:events';
import { Ipvs, IpvsError, loadModules } from 'ipvs';
import { describe, expect, test } from 'vitest';
import { useNamespace } from './helpers/use-namespace.js';

const fixture = useNamespace();
const pending = () => new Promise<void>(() => undefined);

type Action = (ipvs: Ipvs, signal: AbortSignal) => Promise<unknown>;
const actions: readonly { readonly name: string; readonly action: Action }[] = [
  {
    name: 'a batch that is being built',
    action: (ipvs, signal) => ipvs.batch(pending, { signal }),
  },
  { name: 'watch()', action: (ipvs, signal) => ipvs.watch({ signal }).next() },
  { name: 'connections()', action: (ipvs, signal) => ipvs.connections({ signal }).next() },
  { name: 'links.watch()', action: (ipvs, signal) => ipvs.links.watch({ signal }).next() },
  {
    name: 'reconcileAddresses()',
    action: (ipvs, signal) => ipvs.links.reconcileAddresses('lo', [], { signal }),
  },
  { name: 'loadModules()', action: (_, signal) => loadModules(['ipvs_no_such_one'], { signal }) },
];

const rejectionOf = (promise: Promise<unknown>) =>
  promise.then(
    () => expect.unreachable(),
    (reason: unknown) => reason,
  );
const reasons = [
  { kind: 'frozen', make: () => Object.freeze(new IpvsError('flush: no', { code: 'EPERM' })) },
  { kind: 'usual', make: () => new IpvsError('flush: no', { code: 'EPERM' }) },
] as const;

describe.each(reasons)('an abort reason that is a $kind IpvsError', ({ make }) => {
  test.each(actions)(
    'rejects $name unchanged if the signal was aborted before',
    async ({ action }) => {
      const reason = make();
      const { stack } = reason;
      const rejection = await rejectionOf(action(fixture.ipvs, AbortSignal.abort(reason)));
      expect(rejection).toBe(reason);
      expect(reason.stack).toBe(stack);
      expect(reason).not.toHaveProperty('index');
    },
  );

  test.each(actions.filter(({ name }) => !/^(reconcile|connections|loadModules)/.test(name)))(
    'rejects $name unchanged if the signal is aborted later',
    async ({ action }) => {
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

  test('is the reason of the operations that a batch has not sent', async () => {
    const reason = make();
    const { stack } = reason;
    const signal = AbortSignal.abort(reason);
    const results = await fixture.ipvs.batch((b) => void b.flush(), { signal });
    expect(results).toEqual([{ status: 'rejected', reason }]);
    expect(reason.stack).toBe(stack);
  });
});

test('many batches and loadModules calls share one listener of a signal', async () => {
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

test('an iterator with an aborted signal is created and rejects once with the reason', async () => {
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
