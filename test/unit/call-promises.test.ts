import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Incremental } from '../../lib/queue/incremental.js';
import { fulfilledValue } from '../../lib/queue/results.js';
import { CallPromises } from '../../lib/queue/shared-promise.js';
import { YIELD_INTERVAL } from '../../lib/queue/slicer.js';
import { bad, open, settled, unhandledOf } from './helpers/fake-handle.js';
import { calls } from './helpers/requests.js';
import { nativeResponse } from './helpers/responses.js';

test('fulfilledValue() returns the value of a result, or throws its reason', () => {
  expect(fulfilledValue({ status: 'fulfilled', value: 7 })).toBe(7);
  expect(() => fulfilledValue({ status: 'rejected', reason: new Error('mine') })).toThrow('mine');
});

/** Arbitrary results: values and errors. */
const results = fc
  .tuple(fc.boolean(), fc.anything())
  .map(([isDone, value]) =>
    isDone
      ? { status: 'fulfilled' as const, value }
      : { status: 'rejected' as const, reason: value },
  );

describe('the promises of calls', () => {
  test('promises settle with their own results, up to 256 at the same time', async () => {
    const several = fc.array(results, { minLength: 1, maxLength: 3 * YIELD_INTERVAL, size: 'max' });
    await fc.assert(
      fc.asyncProperty(several, async (expected) => {
        const calls = new CallPromises();
        const promises = expected.map(() => {
          calls.reserve();
          return calls.next();
        });
        let settledCount = 0;
        const count = () => settledCount++;
        for (const promise of promises) promise.then(count, count);
        for (const [place, result] of expected.entries()) {
          if (place % 100 === 0) await settled();
          const whole = place - (place % YIELD_INTERVAL);
          if (place % 100 === 0) expect(settledCount).toBe(whole);
          calls.settle(result);
        }
        expect(await Promise.allSettled(promises)).toEqual(expected);
      }),
      { numRuns: 30 },
    );
  });
});

const ensure = () => calls.ensureService({ fwmark: 1 });

/** Returns a call whose result is decoded incrementally. */
const incremental = (make: () => Generator<void, string>) => ({
  ...calls.flush(),
  decode: () => new Incremental(make),
});

/** The results of calls: for each, the call and the native outcome. */
const KINDS = {
  created: [ensure, { created: 1 }],
  updated: [ensure, { created: 0 }],
  EPERM: [ensure, { status: 'refused', error: 1 }],
  ERR_INVALID_ARG_VALUE: [bad],
  long: [
    () =>
      incremental(function* () {
        yield;
        return 'long';
      }),
    {},
  ],
  EBROKEN: [
    () =>
      // biome-ignore lint/correctness/useYield: it throws before it yields
      incremental(function* () {
        throw Object.assign(new Error('broken'), { code: 'EBROKEN' });
      }),
    {},
  ],
} as const;
type Kind = keyof typeof KINDS;

const kindOf = (result: PromiseSettledResult<unknown>): unknown =>
  result.status === 'fulfilled' ? result.value : result.reason.code;

test('hundreds of calls of one turn have their own results', async () => {
  // Object.keys() widens the names.
  const names = Object.keys(KINDS) as Kind[];
  const several = fc.array(fc.constantFrom(...names), {
    maxLength: 3 * YIELD_INTERVAL + 7,
    size: 'max',
  });
  await fc.assert(
    fc.asyncProperty(several, async (kinds) => {
      const { handle, queue } = open();
      const pending = Promise.allSettled(
        kinds.map((kind) => queue.run<unknown, []>(KINDS[kind][0]())),
      );
      await settled();
      const results = kinds.map((kind) => KINDS[kind][1]).filter((each) => each !== undefined);
      const answer = () => handle.job(0).respond(nativeResponse({ results }));
      if (results.length > 0) expect(await unhandledOf(answer)).toEqual([]);
      expect((await pending).map(kindOf)).toEqual(kinds);
      await queue.close();
    }),
    { numRuns: 20 },
  );
});
