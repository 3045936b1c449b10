import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { fulfilled, fulfilledWith, Gate } from '../../lib/queue/outcome.js';
import { STRIDE } from '../../lib/queue/turns.js';
import { bad, open, settled } from './fake-handle.js';
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
        let isSettled = false;
        const together = Promise.allSettled(promises).then((told) => {
          isSettled = true;
          return told;
        });
        for (const [place, outcome] of expected.entries()) {
          await Promise.resolve();
          expect(isSettled).toBe(false);
          expect(gate.settle(outcome)).toBe(place === expected.length - 1);
        }
        expect(await together).toEqual(expected);
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

/** What may become of a call that ensures, and the answer of which it comes. */
const KINDS = {
  created: { created: 1 },
  updated: { created: 0 },
  refused: { status: 'refused', error: 1 },
  bad: undefined,
} as const;
type Kind = keyof typeof KINDS;

function kindOf(result: PromiseSettledResult<string | undefined>): unknown {
  if (result.status === 'fulfilled') return result.value;
  return 'code' in result.reason && result.reason.code === 'EPERM' ? 'refused' : 'bad';
}

test('hundreds of calls of a turn have their own outcomes, whatever becomes of the others', async () => {
  // Object.keys() widens the names.
  const names = Object.keys(KINDS) as Kind[];
  const several = fc.array(fc.constantFrom(...names), { maxLength: 3 * STRIDE + 7, size: 'max' });
  await fc.assert(
    fc.asyncProperty(several, async (kinds) => {
      const { handle, queue } = open();
      const told = Promise.allSettled<string | undefined>(
        kinds.map((kind) => {
          if (kind === 'bad') return queue.run(bad()).then(() => 'no error');
          return queue.run(calls.ensureService({ fwmark: 1 }));
        }),
      );
      await settled();
      const answers = kinds.map((kind) => KINDS[kind]).filter((answer) => answer !== undefined);
      if (answers.length > 0) await handle.answer(0, answers);
      expect((await told).map(kindOf)).toEqual(kinds);
      await queue.close();
    }),
    { numRuns: 20 },
  );
});
