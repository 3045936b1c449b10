/**
 * Order of services for people.
 * @module
 */

import type { ServiceWithDestinations } from '../index.js';
import { formatServiceKey } from '../ipvs/keys.js';

/** Compares texts, and the numbers in them by value: 10.0.0.9 comes before 10.0.0.10. */
const collator = new Intl.Collator('en', { numeric: true });

/** Returns services sorted by protocol, address and port. The kernel's order has no meaning. */
export function sortServices<Each extends ServiceWithDestinations>(
  services: readonly Each[],
): readonly Each[] {
  return services
    .map((service) => ({ service, key: formatServiceKey(service) }))
    .sort((a, b) => collator.compare(a.key, b.key))
    .map(({ service }) => service);
}
