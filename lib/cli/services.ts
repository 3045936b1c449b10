/**
 * Order of services for people.
 * @module
 */

import type { ServiceWithDestinations } from '../index.js';
import { formatServiceKey } from '../ipvs/keys.js';

/** Returns a text whose order is that of the numbers in it: 10.0.0.9 comes before 10.0.0.10. */
function orderOf(text: string): string {
  return text.replace(/\d+/g, (digits) => digits.padStart(10, '0'));
}

/** Returns services sorted by protocol, address and port. The kernel's order has no meaning. */
export function sortServices<Each extends ServiceWithDestinations>(
  services: readonly Each[],
): readonly Each[] {
  return services
    .map((service) => ({ service, order: orderOf(formatServiceKey(service)) }))
    .sort((a, b) => (a.order < b.order ? -1 : a.order > b.order ? 1 : 0))
    .map(({ service }) => service);
}
