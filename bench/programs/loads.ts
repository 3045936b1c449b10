/**
 * The forms in which the library takes many operations, each adding a whole table.
 * @module
 */
import type { Ipvs } from 'ipvs';
import type { ServiceEntry } from '../objects.js';

/** Adds a table. */
export type Load = (ipvs: Ipvs, table: readonly ServiceEntry[]) => unknown;

/** Adds the table in one batch. The scheduler, if given, replaces that of the services. */
export function addBatch(ipvs: Ipvs, table: readonly ServiceEntry[], scheduler?: string) {
  return ipvs.batch((batch) => {
    for (const [service, destinations] of table) {
      batch.addService(scheduler === undefined ? service : { ...service, scheduler });
      for (const each of destinations) batch.addDestination(service, each);
    }
  });
}

export const addConcurrently: Load = (ipvs, table) =>
  Promise.all(
    table.flatMap(([service, destinations]) => [
      ipvs.addService(service),
      ...destinations.map((each) => ipvs.addDestination(service, each)),
    ]),
  );

export const addSync: Load = (ipvs, table) => {
  for (const [service, destinations] of table) {
    ipvs.sync.addService(service);
    for (const each of destinations) ipvs.sync.addDestination(service, each);
  }
};
