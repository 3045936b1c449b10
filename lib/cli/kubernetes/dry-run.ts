/**
 * What the first sync of `ipvs kubernetes` would change.
 * @module
 */
import { type DrainingDestination, type Ipvs, parseServiceReference } from '../../index.js';
import { reconcileOptions } from '../../kubernetes/index.js';
import type { Reconciled } from '../../links/reconcile.js';
import { describeChanges, NO_ADDRESSES, textOf } from '../../state/director/changes.js';
import { CommandError } from '../failures.js';
import { Agent, type Log, type Targets } from './agent.js';
import type { ApiClient } from './api-client.js';
import type { Settings } from './settings.js';

/**
 * Returns the changes of services, destinations and addresses as text.
 * @throws Error they cannot be found out: a list of the API server or a sync would fail
 */
export async function planSync(
  ipvs: Ipvs,
  settings: Settings,
  client: ApiClient,
  log: Log,
): Promise<string> {
  const ended = new AbortController();
  let failure: Error | undefined;
  const fail = (error: unknown) => {
    failure ??= error instanceof Error ? error : new Error(String(error));
    ended.abort();
  };
  const unused = () => Promise.reject(new Error('a dry run changes nothing'));
  const targets: Targets = {
    ipvs,
    director: { apply: unused },
    nftables: { apply: unused, hasChanged: async () => false, reset: () => undefined },
    healthChecks: { update: () => undefined },
    listFailed: (message) => fail(new CommandError(message)),
  };
  const agent = new Agent(settings, client, targets, log);
  let diff = '';
  await agent.run(ended.signal, async () => {
    try {
      const { state, addresses } = await agent.compile();
      const { prune, drain } = reconcileOptions(settings.compile);
      const planned = await ipvs.reconcile(state, { prune, drain, dryRun: true });
      const { link } = settings.compile;
      const ofLink = await planAddresses(ipvs, link, addresses, planned.draining);
      diff = describeChanges(planned.changes, ofLink).diff;
      ended.abort();
    } catch (error) {
      fail(error);
    }
  });
  if (failure !== undefined) throw failure;
  return diff;
}

/** Returns the changes of addresses. Those of services stay while their destinations drain. */
async function planAddresses(
  ipvs: Ipvs,
  link: string,
  wanted: readonly string[],
  draining: readonly DrainingDestination[],
): Promise<Reconciled> {
  const found = await ipvs.links.getLink(link);
  if (found === undefined) {
    return { ...NO_ADDRESSES, added: wanted.map(textOf) };
  }
  if (found.kind !== 'dummy') throw new CommandError(`${link} is not a dummy link`);
  const held = new Set(
    draining.map(({ service }) => {
      const { address } = parseServiceReference(service);
      return address;
    }),
  );
  return ipvs.links.reconcileAddresses(link, wanted, {
    prune: ({ address }) => !held.has(address),
    dryRun: true,
  });
}
