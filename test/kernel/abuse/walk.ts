/**
 * Random batches of calls, on handles and on the model at once.
 * @module
 */
import fc from 'fast-check';
import type { Ipvs } from 'ipvs';
import { savedLines } from '../helpers/ipvsadm.js';
import { anyCalls, services } from '../helpers/model/calls.js';
import { type Call, type Outcome, outcomeOf, type Table } from '../helpers/model/table.js';
import type { ScenarioContext } from './context.js';
import type { Tally } from './tally.js';

// A snapshot is read in chunks, so it may see changes that come after it.
const call = anyCalls(services).filter(([name]) => name !== 'snapshot');
const MAX_BATCH = 40;

/** Returns calls that a seed repeats. Starting a sample is expensive, continuing it is not. */
export function* batches(
  context: Pick<ScenarioContext, 'random'>,
  calls: fc.Arbitrary<Call> = call,
): Generator<readonly Call[]> {
  const batch = fc.array(calls, { minLength: 1, maxLength: MAX_BATCH, size: 'max' });
  for (;;) yield* fc.sample(batch, { seed: context.random.seed(), numRuns: 50 });
}

/** Counts a result of the model's kind. */
export function countOutcome(tally: Tally, outcome: Outcome): void {
  if ('refused' in outcome) tally.count(outcome.refused.code);
  else tally.count('invalid' in outcome ? 'ERR_INVALID_ARG_* …' : undefined);
}

/** Makes calls at once on the handle and in sequence on the table, and compares the results. */
export async function step(
  tally: Tally,
  ipvs: Ipvs,
  table: Table,
  calls: readonly Call[],
): Promise<void> {
  const outcomes = await Promise.all(calls.map((each) => outcomeOf(ipvs, each)));
  for (const [index, each] of calls.entries()) {
    const outcome = outcomes[index];
    if (outcome !== undefined) countOutcome(tally, outcome);
    tally.same(outcome, table.outcomeOf(each), JSON.stringify(each));
  }
}

/** Compares the output of ipvsadm with the model. */
export function look({ tally, namespace }: ScenarioContext, table: Table): void {
  tally.same(namespace.saved(), savedLines(table.snapshot()), 'ipvsadm -Sn');
}
