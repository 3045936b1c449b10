/**
 * The changes that a director makes, sorted for its events: those that it expects, and the repair
 * of what another program has done.
 * @module
 */
import type { Reconciled } from '../../links/reconcile.js';
import { formatChange } from '../changes.js';
import type { StateChange } from '../types.js';
import { drainKey } from './drains.js';
import type { DirectorChanges } from './types.js';

/** No change of addresses. */
export const NO_ADDRESSES: Reconciled = { added: [], removed: [], updated: [] };

/** Returns the address of a service as the link has it: '10.96.0.1/32'. */
export function textOf(address: string): string {
  return `${address}/${address.includes(':') ? 128 : 32}`;
}

const ADDRESS_LINES = [
  ['added', '+'],
  ['updated', '~'],
  ['removed', '-'],
] as const;

/** Returns changes with their text. */
export function describeChanges(
  changes: readonly StateChange[],
  addresses: Reconciled,
): DirectorChanges {
  const lines = ADDRESS_LINES.flatMap(([list, sign]) =>
    addresses[list].map((address) => `${sign} address ${address}`),
  );
  return { changes, addresses, diff: [...changes.map(formatChange), ...lines].join('\n') };
}

/** The objects and addresses that end in the course of draining. */
export interface Ending {
  /** The keys of destinations that drain, and their services. */
  readonly objects: ReadonlySet<string>;
  /** Addresses whose services stay for draining destinations only, such as '10.96.0.1/32'. */
  readonly addresses: ReadonlySet<string>;
}

/** Splits changes of a state that was reached before: the end of draining is expected. */
export function splitDrift(
  changes: readonly StateChange[],
  { added, removed, updated }: Reconciled,
  ending: Ending,
): { readonly expected: DirectorChanges; readonly drift: DirectorChanges } {
  const isExpected = ({ action, service, destination }: StateChange) =>
    action === 'delete' &&
    ending.objects.has(destination === undefined ? service : drainKey(service, destination));
  const isEnding = (address: string) => ending.addresses.has(address);
  return {
    expected: describeChanges(changes.filter(isExpected), {
      ...NO_ADDRESSES,
      removed: removed.filter(isEnding),
    }),
    drift: describeChanges(
      changes.filter((change) => !isExpected(change)),
      { added, updated, removed: removed.filter((address) => !isEnding(address)) },
    ),
  };
}
