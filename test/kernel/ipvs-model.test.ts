import fc from 'fast-check';
import type { Ipvs } from 'ipvs';
import { expect, test } from 'vitest';
import { savedLines } from './helpers/ipvsadm.js';
import { anyCalls, services } from './helpers/model/calls.js';
import {
  type Call,
  type Outcome,
  outcomeOf,
  outcomesOfBatch,
  Table,
} from './helpers/model/table.js';
import { useNamespace } from './helpers/use-namespace.js';

const fixture = useNamespace();
const call = anyCalls(services);

/** ipvsadm, which is slow to start, is compared in every fifth run. */
const LOOK = 5;
let runs = 0;

type Execute = (ipvs: Ipvs, calls: readonly Call[]) => Promise<Outcome[]>;
const atOnce: Execute = (ipvs, calls) => Promise.all(calls.map((each) => outcomeOf(ipvs, each)));
// The first of them has been carried out when the second is called.
const synchronously: Execute = ({ sync }, calls) =>
  Promise.all(calls.map((each) => outcomeOf(sync, each)));

/** Makes the calls of each batch at once, batch by batch, and compares the results and the table. */
async function expectAsModel(
  batches: readonly (readonly Call[])[],
  execute = atOnce,
): Promise<void> {
  const { ipvs, namespace } = fixture;
  await ipvs.flush();
  const table = new Table();
  for (const batch of batches) {
    const outcomes = await execute(ipvs, batch);
    expect(outcomes).toEqual(batch.map((each) => table.outcomeOf(each)));
    const seen: Call = ['snapshot'];
    expect(await outcomeOf(ipvs, seen)).toEqual(table.outcomeOf(seen));
  }
  if (++runs % LOOK === 0) expect(namespace.saved()).toEqual(savedLines(table.snapshot()));
}

test('sequential operations have the results of the model', async () => {
  const walk = fc.array(call, { minLength: 1, maxLength: 60, size: 'max' });
  const one = fc.asyncProperty(walk, (calls) => expectAsModel(calls.map((each) => [each])));
  await fc.assert(one, { numRuns: 100 });
});

test.each<{ readonly form: string; readonly execute: Execute }>([
  { form: 'concurrent', execute: atOnce },
  { form: 'batched', execute: outcomesOfBatch },
  { form: 'synchronous', execute: synchronously },
])('$form operations have the results of the model for a sequence', async ({ execute }) => {
  // A snapshot is read in chunks, so it may see changes that come after it.
  const whole = call.filter(([name]) => name !== 'snapshot');
  const batch = fc.array(whole, { minLength: 1, maxLength: 40, size: 'max' });
  const walk = fc.array(batch, { minLength: 1, maxLength: 6, size: 'max' });
  const one = fc.asyncProperty(walk, (batches) => expectAsModel(batches, execute));
  await fc.assert(one, { numRuns: 60 });
});
