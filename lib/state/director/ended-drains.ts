/**
 * What has become of the destinations that drained, and that the table does not show as draining
 * any more.
 * @module
 */
import { formatDestinationKey } from '../../ipvs/keys.js';
import type { DestinationAddress } from '../../ipvs/reference-types.js';
import type { StateChange } from '../types.js';
import { type Drain, drainKey } from './drains.js';

/** Drains whose destination is gone, and those whose destination is still there. */
interface EndedDrains {
  readonly gone: readonly Drain[];
  readonly left: readonly Drain[];
}

/**
 * Finds out which destinations are gone.
 * @param changes those of the step: what it deleted need not be listed
 * @param list returns the destinations of a service
 */
export async function sortEnded(
  ended: readonly Drain[],
  changes: readonly StateChange[],
  list: (service: string) => Promise<readonly Required<DestinationAddress>[]>,
): Promise<EndedDrains> {
  const deleted = new Set<string>();
  for (const { action, service, destination } of changes) {
    if (action !== 'delete') continue;
    deleted.add(destination === undefined ? service : drainKey(service, destination));
  }
  const unsure = ended.filter(
    ({ service, destination }) =>
      !deleted.has(service) && !deleted.has(drainKey(service, destination)),
  );
  const present = new Set<string>();
  await Promise.all(
    Array.from(new Set(unsure.map(({ service }) => service)), async (service) => {
      for (const each of await list(service)) {
        present.add(drainKey(service, formatDestinationKey(each)));
      }
    }),
  );
  const left = new Set(
    unsure.filter(({ service, destination }) => present.has(drainKey(service, destination))),
  );
  return { gone: ended.filter((drain) => !left.has(drain)), left: [...left] };
}
