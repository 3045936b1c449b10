import fc from 'fast-check';
import { Ipvs } from 'ipvs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openCounted } from './helpers/count-requests.js';
import { stateCase } from './helpers/model/states.js';
import { runRound } from './helpers/reconcile-round.js';
import { useNamespace } from './helpers/use-namespace.js';

/** `IPVS_RECONCILE_ROUNDS=10000 npm test -- reconcile.test` takes half an hour. */
const ROUNDS = Number(process.env['IPVS_RECONCILE_ROUNDS'] ?? 40);
const PATIENCE = 60_000 + 1000 * ROUNDS;
/** ipvsadm, which is slow to start, is compared in every fifth round. */
const LOOK = 5;

const fixture = useNamespace();
let counted: Awaited<ReturnType<typeof openCounted>>;

beforeAll(async () => {
  counted = await openCounted(() => Ipvs.open({ netns: fixture.namespace.path }));
});
afterAll(() => counted.ipvs.close());

const same = (seen: unknown, expected: unknown, what: string) =>
  expect(seen, what).toEqual(expected);

test(
  'reconcile leads from any table to any state as the model does',
  async () => {
    let rounds = 0;
    const one = fc.asyncProperty(stateCase, (round) => {
      const look = rounds++ % LOOK === 0;
      return runRound({ ...counted, namespace: fixture.namespace, same, look }, round);
    });
    await fc.assert(one, { numRuns: ROUNDS });
    expect(rounds).toBe(ROUNDS);
  },
  PATIENCE,
);
