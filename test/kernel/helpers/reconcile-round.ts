/**
 * One reconciliation of a random table, compared with the model.
 * @module
 */
import { type Ipvs, IpvsError, type ReconcileOptions, type Snapshot, type StateChange } from 'ipvs';
import { printedSelector } from './ipvsadm.js';
import { sortServices } from './model/objects.js';
import { reconciled, sortChanges } from './model/reconcile.js';
import { placeOf, type StateCase } from './model/states.js';
import type { Namespace } from './namespace.js';

/** Where a round takes place. */
export interface Place {
  readonly ipvs: Ipvs;
  readonly namespace: Namespace;
  /** Returns the number of requests that change something, sent so far. Left out: not counted. */
  readonly requests?: () => number;
  /** Compares two values. */
  readonly same: (seen: unknown, expected: unknown, what: string) => void;
  /** If true, ipvsadm is asked too, which is slow to start. */
  readonly look: boolean;
}

/** The order of changes: an agent that is killed in between has interrupted no traffic. */
function phasesOf(changes: readonly StateChange[]): number[] {
  const isService = ({ destination }: StateChange) => destination === undefined;
  const added = new Set(
    changes
      .filter((each) => each.action === 'add' && isService(each))
      .map(({ service }) => service),
  );
  return changes.map((change) => {
    if (change.action === 'add') return added.has(change.service) ? 0 : 1;
    if (change.action === 'update') return 2;
    return isService(change) ? 4 : 3;
  });
}

/** The lines of `ipvsadm -Sn` for services that are not `excluded`, in the order of the kernel. */
function savedOf(namespace: Namespace, excluded: ReadonlySet<string>): Map<string, string[]> {
  const lines = new Map<string, string[]>();
  for (const line of namespace.listed()) {
    const selector = /^-[Aa] (.*?) (?:-s|-r) /.exec(line)?.[1];
    if (selector === undefined || excluded.has(selector)) continue;
    lines.set(selector, [...(lines.get(selector) ?? []), line]);
  }
  return lines;
}

/** Runs a case: a dry run, the run in the other form, and a run that finds nothing to do. */
export async function runRound(place: Place, round: StateCase): Promise<void> {
  const { ipvs, namespace, same, look } = place;
  await ipvs.batch((b) => {
    b.flush();
    for (const { destinations = [], ...service } of round.before.services) {
      b.addService(service);
      for (const each of destinations) b.addDestination(service, each);
    }
  });
  const before = await ipvs.snapshot();
  const { selects, option: prune } = round.prune;
  const mayDelete = (service: Snapshot['services'][number]) => selects.has(placeOf(service));
  const { state, keep } = round;
  const expected = reconciled(before, { state, keep, mayDelete });
  const touched = [...state.services, ...before.services.filter(mayDelete)];
  const excluded = new Set(touched.map(printedSelector));
  const foreign = look ? savedOf(namespace, excluded) : undefined;

  const reconcile = async (options: ReconcileOptions, isSync: boolean) => {
    const sent = place.requests?.();
    const form = isSync ? ipvs.sync : ipvs;
    const result = await form.reconcile(state, { prune, keep, ...options });
    const requests = sent === undefined ? undefined : (place.requests?.() ?? 0) - sent;
    return { result, requests };
  };
  const deletions = expected.changes.filter(({ action }) => action === 'delete').length;

  const dry = await reconcile({ dryRun: true }, !round.isSync);
  same(dry.requests ?? 0, 0, 'requests of a dry run');
  if (deletions > 0) {
    const refused = await reconcile({ maxDeletions: deletions - 1 }, round.isSync).catch(codeOf);
    same(refused, 'ERR_IPVS_TOO_MANY_DELETIONS', 'a run with too many deletions');
  }
  same(sorted(await ipvs.snapshot()), sorted(before), 'the table before the run');

  const run = await reconcile({ maxDeletions: deletions }, round.isSync);
  same(sorted(await ipvs.snapshot()), expected.table, 'the table');
  same(sortChanges(run.result.changes), expected.changes, 'the changes');
  same(run.result.unchanged, expected.unchanged, 'what is unchanged');
  same(run.result.draining, [], 'what drains');
  same(sortChanges(dry.result.changes), expected.changes, 'the changes of the dry run');
  same(dry.result.unchanged, run.result.unchanged, 'what is unchanged in the dry run');
  const phases = phasesOf(run.result.changes);
  same(phases, phases.toSorted(), 'the order of the changes');
  if (run.requests !== undefined) same(run.requests, expected.requests, 'the number of requests');
  if (foreign !== undefined) same(savedOf(namespace, excluded), foreign, 'foreign services');

  const again = await reconcile({}, !round.isSync);
  same(again.result.changes, [], 'the changes of a second run');
  same(again.requests ?? 0, 0, 'requests of a second run');
  same(sorted(await ipvs.snapshot()), expected.table, 'the table after a second run');
}

const codeOf = (error: unknown) => (error instanceof IpvsError ? error.code : error);
const sorted = ({ services }: Snapshot) => ({
  services: sortServices(services),
});
