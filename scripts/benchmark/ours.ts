/**
 * This library's loads.
 * @module
 */
import { Ipvs } from 'ipvs';
import {
  type Balanced,
  DELETED,
  LINK,
  linkAddresses,
  realAddress,
  table,
  virtualAddress,
} from './model.js';
import { type Load, main } from './program.js';

let handle: Ipvs | undefined;

/** One handle at a time, as an agent has it. */
async function open(netns: string): Promise<Ipvs> {
  await handle?.close();
  handle = await Ipvs.open({ netns });
  return handle;
}

type Act = (ipvs: Ipvs, table: readonly Balanced[]) => unknown;

/** A load that makes the whole table, from configs that are there beforehand. */
function making(act: Act, prepare: Act = () => undefined): Load {
  return async (size, netns) => {
    const ipvs = await open(netns);
    const balanced = table(size);
    await ipvs.flush();
    await prepare(ipvs, balanced);
    return async () => {
      await act(ipvs, balanced);
      return size.services * (1 + size.destinations);
    };
  };
}

/** A load that reads, and counts what it has read. */
function reading(act: (ipvs: Ipvs, services: readonly string[]) => Promise<number>): Load {
  return async (size, netns) => {
    const ipvs = await open(netns);
    const names = Array.from({ length: size.services }, (_, i) => `tcp://${virtualAddress(i)}:80`);
    return () => act(ipvs, names);
  };
}

/** A load that makes the addresses of a link as they are to be. */
function reconciling(changed: boolean): Load {
  return async ({ services: count }, netns) => {
    const ipvs = await open(netns);
    const wanted = linkAddresses(count, changed);
    return async () => {
      await ipvs.links.reconcileAddresses(LINK, wanted, { prune: true });
      return count;
    };
  };
}

/** Makes the table by one batch; where a scheduler is given, the services have that. */
function batched(ipvs: Ipvs, table: readonly Balanced[], scheduler?: string) {
  return ipvs.batch((batch) => {
    for (const [service, destinations] of table) {
      batch.addService(scheduler === undefined ? service : { ...service, scheduler });
      for (const each of destinations) batch.addDestination(service, each);
    }
  });
}

/** Leaves destinations behind that were deleted. */
async function deleteOthers(ipvs: Ipvs): Promise<void> {
  const service = { protocol: 'tcp', address: virtualAddress(-1), port: 80 } as const;
  await ipvs.batch((batch) => {
    batch.addService(service);
    for (let each = 1; each <= DELETED; each++) {
      batch.addDestination(service, { address: realAddress(-each), forwarding: 'masquerade' });
    }
    batch.deleteService(service);
  });
}

await main({
  'promise-all': making((ipvs, table) =>
    Promise.all(
      table.flatMap(([service, destinations]) => [
        ipvs.addService(service),
        ...destinations.map((each) => ipvs.addDestination(service, each)),
      ]),
    ),
  ),

  batch: making((ipvs, table) => batched(ipvs, table)),
  'batch-mh': making((ipvs, table) => batched(ipvs, table, 'mh')),
  'batch-then-mh': making(async (ipvs, table) => {
    await batched(ipvs, table);
    await ipvs.batch((batch) => {
      for (const [service] of table) batch.updateService(service, { scheduler: 'mh' });
    });
  }),
  'batch-after-deletions': making((ipvs, table) => batched(ipvs, table), deleteOthers),

  sync: making((ipvs, table) => {
    for (const [service, destinations] of table) {
      ipvs.sync.addService(service);
      for (const each of destinations) ipvs.sync.addDestination(service, each);
    }
  }),

  awaited: making(async (ipvs, table) => {
    for (const [service, destinations] of table) {
      await ipvs.addService(service);
      for (const each of destinations) await ipvs.addDestination(service, each);
    }
  }),

  snapshot: reading(async (ipvs) => {
    const { services } = await ipvs.snapshot();
    return services.reduce((sum, { destinations }) => sum + 1 + destinations.length, 0);
  }),

  'list-services': reading(async (ipvs) => (await ipvs.listServices()).length),

  'list-destinations': reading(async (ipvs, services) => {
    const lists = await Promise.all(services.map((service) => ipvs.listDestinations(service)));
    return lists.reduce((sum, list) => sum + list.length, 0);
  }),

  'count-connections': reading(async (ipvs) => {
    const counts = await ipvs.countConnections({ by: ['destination', 'state'] });
    return counts.reduce((sum, { count }) => sum + count, 0);
  }),

  connections: reading(async (ipvs) => {
    let rows = 0;
    for await (const _ of ipvs.connections()) rows++;
    return rows;
  }),

  reconcile: reconciling(false),
  'reconcile-changed': reconciling(true),
});
