/**
 * A table to be loaded, and the lines that `ipvsadm -Sn` must then show.
 * @module
 */
import type { DestinationConfig, ServiceConfig } from 'ipvs';
import { savedLines } from '../helpers/ipvsadm.js';
import { makeDestination, makeService } from '../helpers/model/objects.js';

interface WantedService {
  readonly config: ServiceConfig;
  readonly destinations: readonly DestinationConfig[];
}

export function wantedTable(
  services: number,
  destinations: number,
  weight: number,
): WantedService[] {
  return Array.from({ length: services }, (_, service) => ({
    config: { protocol: 'tcp', address: `10.96.0.${service + 1}`, port: 80, scheduler: 'wrr' },
    destinations: Array.from({ length: destinations }, (_, index) => ({
      address: `10.${service}.${index >> 8}.${index & 255}`,
      port: 8080,
      forwarding: 'masquerade',
      weight,
    })),
  }));
}

export function linesOf(wanted: readonly WantedService[]): string[] {
  const services = wanted.map(({ config, destinations }) => ({
    ...makeService(config),
    destinations: destinations.map((each) => makeDestination(config, each)),
  }));
  return savedLines({ services });
}
