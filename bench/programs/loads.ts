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

/** The number of services of a group: with 10 destinations each, some 1,000 operations. */
const GROUP = 90;

/** Adds the table with a promise for each operation, and awaits each group before the next. */
export const addInGroups: Load = async (ipvs, table) => {
  for (let first = 0; first < table.length; first += GROUP) {
    await addConcurrently(ipvs, table.slice(first, first + GROUP));
  }
};

export const addSync: Load = (ipvs, table) => {
  for (const [service, destinations] of table) {
    ipvs.sync.addService(service);
    for (const each of destinations) ipvs.sync.addDestination(service, each);
  }
};
