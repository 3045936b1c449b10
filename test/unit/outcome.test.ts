import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { fulfilled, fulfilledWith, Gate } from '../../lib/queue/outcome.js';
import { STRIDE, Steps } from '../../lib/queue/turns.js';
import { nativeResults } from './answers.js';
import { bad, open, settled, unhandledOf } from './fake-handle.js';
import { calls } from './requests.js';

test('an outcome is its value, or throws its reason', () => {
  expect(fulfilled({ status: 'fulfilled', value: 7 })).toBe(7);
  expect(() => fulfilled({ status: 'rejected', reason: new Error('mine') })).toThrow('mine');
});

test('the outcome of a value has it', () => {
  for (const value of [undefined, null, false, 0, '', [1]]) {
    expect(fulfilledWith(value)).toEqual({ status: 'fulfilled', value });
  }
});

/** What a call comes to: a value, or an error. */
const outcomes = fc
  .tuple(fc.boolean(), fc.anything())
  .map(([isDone, value]) =>
    isDone ? fulfilledWith(value) : { status: 'rejected' as const, reason: value },
  );

describe('a gate', () => {
  test('gives each promise its own outcome, and none before the last is known', async () => {
    const several = fc.array(outcomes, { minLength: 1, maxLength: STRIDE, size: 'max' });
    await fc.assert(
      fc.asyncProperty(several, async (expected) => {
        const gate = new Gate();
        const promises = expected.map(() => gate.promise());
        let pending = promises.length;
        const count = () => pending--;
        for (const promise of promises) promise.then(count, count);
        for (const [place, outcome] of expected.entries()) {
          await settled();
          expect(pending).toBe(expected.length);
          expect(gate.settle(outcome)).toBe(place === expected.length - 1);
        }
        expect(await Promise.allSettled(promises)).toEqual(expected);
      }),
      { numRuns: 30 },
    );
  });

  test(`is full with ${STRIDE} promises`, () => {
    const gate = new Gate();
    for (let count = 0; count < STRIDE; count++) {
      expect(gate.isFull).toBe(false);
      void gate.promise();
    }
    expect(gate.isFull).toBe(true);
  });
});

const ensure = () => calls.ensureService({ fwmark: 1 });

/** A call whose answer is read in steps. */
const inSteps = (make: () => Generator<void, string>) => ({
  ...calls.flush(),
  read: () => new Steps(make),
});

/** What may become of a call, by what is called, and by its answer. */
const KINDS = {
  created: [ensure, { created: 1 }],
  updated: [ensure, { created: 0 }],
  EPERM: [ensure, { status: 'refused', error: 1 }],
  ERR_INVALID_ARG_VALUE: [bad],
  long: [
    () =>
      inSteps(function* () {
        yield;
        return 'long';
      }),
    {},
  ],
  EBROKEN: [
    () =>
      // biome-ignore lint/correctness/useYield: it does not come so far
      inSteps(function* () {
        throw Object.assign(new Error('broken'), { code: 'EBROKEN' });
      }),
    {},
  ],
} as const;
type Kind = keyof typeof KINDS;

const kindOf = (result: PromiseSettledResult<unknown>): unknown =>
  result.status === 'fulfilled' ? result.value : result.reason.code;

test('hundreds of calls of a turn have their own outcomes, whatever becomes of the others', async () => {
  // Object.keys() widens the names.
  const names = Object.keys(KINDS) as Kind[];
  const several = fc.array(fc.constantFrom(...names), { maxLength: 3 * STRIDE + 7, size: 'max' });
  await fc.assert(
    fc.asyncProperty(several, async (kinds) => {
      const { handle, queue } = open();
      const told = Promise.allSettled(
        kinds.map((kind) => queue.run<unknown, []>(KINDS[kind][0]())),
      );
      await settled();
      const outcomes = kinds.map((kind) => KINDS[kind][1]).filter((each) => each !== undefined);
      const answer = () => handle.job(0).answer(nativeResults({ outcomes }));
      if (outcomes.length > 0) expect(await unhandledOf(answer)).toEqual([]);
      expect((await told).map(kindOf)).toEqual(kinds);
      await queue.close();
    }),
    { numRuns: 20 },
  );
});
