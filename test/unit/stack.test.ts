import { afterEach, describe, expect, test } from 'vitest';
import { describeInput, placeResult, wrongValue } from '../../lib/core/input-errors.js';
import {
  beginAtAwait,
  beginAtCaller,
  keepStack,
  withAwaitStack,
  withAwaitStacks,
} from '../../lib/core/stack.js';
import { IpvsError, isInputError } from '../../lib/index.js';

const refusal = () => new IpvsError('flush: no', { code: 'EPERM', operation: 'flush' });
const makers = [
  ['an IpvsError', refusal],
  ['an input error', () => wrongValue('name', 1, 'is wrong')],
] as const;

describe.each(makers)('%s', (_, make) => {
  const { stackTraceLimit, prepareStackTrace } = Error;
  afterEach(() => Object.assign(Error, { stackTraceLimit, prepareStackTrace }));

  test.each<readonly [string, () => unknown]>([
    ['as usual', () => undefined],
    ['made without Error.stackTraceLimit', () => Reflect.deleteProperty(Error, 'stackTraceLimit')],
    ['limited by a text', () => Object.assign(Error, { stackTraceLimit: 'all' })],
    ['limited to 0 frames', () => Object.assign(Error, { stackTraceLimit: 0 })],
    ['limited to NaN frames', () => Object.assign(Error, { stackTraceLimit: Number.NaN })],
    [
      'an array of call sites',
      () => Object.assign(Error, { prepareStackTrace: (_: Error, s: []) => s }),
    ],
    [
      'impossible to make',
      () =>
        Object.assign(Error, {
          prepareStackTrace: () => {
            throw new Error('no stack');
          },
        }),
    ],
  ])('is delivered if its stack is %s', async (_, change) => {
    const errors = [make(), make()];
    change();
    const results: unknown[] = [];
    expect(await withAwaitStacks(Promise.resolve({ results, errors }))).toBe(results);
    const [error] = errors;
    expect(await withAwaitStack(Promise.reject(make())).catch(isInputError)).toBe(
      isInputError(error),
    );
    expect(beginAtCaller(error, 'loadModules')).toBe(error);
  });

  test.each([
    ['is frozen', Object.freeze],
    ['is protected', keepStack],
  ])('that %s keeps its stack when it is delivered', async (_, keep) => {
    const error = make();
    const { stack } = error;
    keep(error);
    await withAwaitStacks(Promise.resolve({ results: [], errors: [error] }));
    expect(await withAwaitStack(Promise.reject(error)).catch((reason: unknown) => reason)).toBe(
      error,
    );
    expect(beginAtAwait(beginAtCaller(error, 'flush'), expect.unreachable)).toBe(error);
    expect(error.stack).toBe(stack);
  });

  test('keeps its stack when its results are delivered again', async () => {
    const error = make();
    const outcome = { results: [], errors: [error] };
    await withAwaitStacks(Promise.resolve(outcome));
    const { stack } = error;
    await (async function again() {
      await withAwaitStacks(Promise.resolve(outcome));
    })();
    expect(error.stack).toBe(stack);
  });

  test('that is frozen does not change when it gets a place', () => {
    const error = Object.freeze(make());
    const { message } = error;
    placeResult(error, 3);
    if (isInputError(error)) describeInput(error, 'addService', 'tcp://10.0.0.1:80');
    expect(error.message).toBe(message);
  });
});

test('an error that hides its prototype is passed on', async () => {
  const hiding = new Proxy(new Error('hidden'), {
    getPrototypeOf: () => {
      throw new Error('no prototype');
    },
  });
  expect(beginAtCaller(hiding, 'flush')).toBe(hiding);
  expect(isInputError(hiding)).toBe(false);
  await expect(
    withAwaitStack(Promise.reject(hiding)).catch((error) => error === hiding),
  ).resolves.toBe(true);
});
