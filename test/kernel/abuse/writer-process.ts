/**
 * One of several writers of a table: `NETNS INDEX SEED`. It has services of its own, whose state it
 * knows, and shares others. Sends its counts from time to time and, when it is told to stop, the state
 * of its own services.
 * @module
 */
import { Ipvs } from 'ipvs';
import { callsOn, services as shared } from '../helpers/model/calls.js';
import { type Call, outcomeOf, Table } from '../helpers/model/table.js';
import { Random } from './seeded.js';
import { Tally } from './tally.js';
import { batches, countOutcome } from './walk.js';
import { ownServices, type WriterReport } from './writers.js';

/** Errors of operations on services that other writers change too. */
const codes: Readonly<Record<Call[0], readonly string[]>> = {
  addService: ['EEXIST', 'ENOENT'], // ENOENT: the scheduler that no kernel has
  ensureService: ['EEXIST', 'ESRCH', 'ENOENT'],
  updateService: ['ESRCH', 'ENOENT'],
  deleteService: ['ESRCH'],
  getService: [],
  listServices: [],
  addDestination: ['EEXIST', 'ESRCH', 'EINVAL'], // EINVAL: the address of no server
  ensureDestination: ['EEXIST', 'ENOENT', 'ESRCH', 'EINVAL'],
  updateDestination: ['ENOENT', 'ESRCH'],
  deleteDestination: ['ENOENT', 'ESRCH'],
  getDestination: ['ESRCH'],
  listDestinations: ['ESRCH'],
  snapshot: [],
  flush: [],
  zero: ['ESRCH'],
};

const [, , netns = '', index, seed] = process.argv;
const random = new Random(Number(seed));
const tally = new Tally();
const table = new Table();
const ipvs = await Ipvs.open({ netns });
const own = batches({ random }, callsOn(ownServices(Number(index))));
const others = batches({ random }, callsOn(shared));
let stopping = false;
process.on('message', () => {
  stopping = true;
});

const report = (isLast: boolean) => {
  const said: WriterReport = { counts: tally.take(), last: isLast ? table.snapshot() : null };
  process.send?.(said);
};
const next = (calls: typeof own) => calls.next().value as readonly Call[];

for (let round = 1; !stopping; round++) {
  const [mine, common] = [next(own), next(others)];
  // One batch with both kinds of services.
  const order = [...mine.map(() => true), ...common.map(() => false)].sort(
    () => random.below(2) - 0.5,
  );
  const [ofMine, ofCommon] = [mine.values(), common.values()];
  const calls = order.map((isMine) => ({
    isMine,
    call: (isMine ? ofMine : ofCommon).next().value as Call,
  }));
  const outcomes = await Promise.all(
    calls.map(async ({ call, isMine }) => ({ call, isMine, outcome: await outcomeOf(ipvs, call) })),
  );
  for (const { call, isMine, outcome } of outcomes) {
    countOutcome(tally, outcome);
    if (isMine) {
      tally.same(outcome, table.outcomeOf(call), JSON.stringify(call));
    } else if ('refused' in outcome && !codes[call[0]].includes(outcome.refused.code)) {
      tally.fault(`${JSON.stringify(call)}: ${outcome.refused.code}`);
    }
  }
  if (round % 50 === 0) report(false);
}
await ipvs.close();
report(true);
process.disconnect();
