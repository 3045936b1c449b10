/**
 * The workloads of this library.
 * @module
 */
import { formatServiceReference, Ipvs, type State } from 'ipvs';
import {
  DELETED,
  LINK,
  linkAddresses,
  realAddress,
  type ServiceEntry,
  serviceTable,
  stateOf,
  virtualAddress,
} from '../objects.js';
import { addBatch, addConcurrently, addSync } from './loads.js';
import { main, type Workload } from './workload.js';

let handle: Ipvs | undefined;

/** Opens the only handle: an agent has one, too. */
async function open(netns: string): Promise<Ipvs> {
  await handle?.close();
  handle = await Ipvs.open({ netns });
  return handle;
}

type Act = (ipvs: Ipvs, table: readonly ServiceEntry[]) => unknown;

/** A workload that adds the whole table. The configs are created before the measurement. */
function adding(act: Act, prepare: Act = () => undefined): Workload {
  return async (size, netns) => {
    const ipvs = await open(netns);
    const table = serviceTable(size);
    await ipvs.flush();
    await prepare(ipvs, table);
    return async () => {
      await act(ipvs, table);
      return size.services * (1 + size.destinations);
    };
  };
}

/** A workload that reads, and returns the number of objects read. */
function reading(act: (ipvs: Ipvs, services: readonly string[]) => Promise<number>): Workload {
  return async (size, netns) => {
    const ipvs = await open(netns);
    const names = Array.from({ length: size.services }, (_, i) => `tcp://${virtualAddress(i)}:80`);
    return () => act(ipvs, names);
  };
}

/** A workload that reconciles the addresses of the link. */
function reconciling(changed: boolean): Workload {
  return async ({ services: count }, netns) => {
    const ipvs = await open(netns);
    const wanted = linkAddresses(count, changed);
    return async () => {
      await ipvs.links.reconcileAddresses(LINK, wanted, { prune: true });
      return count;
    };
  };
}

/** A workload that reaches states in turn. The table has the first one. */
function reaching(...states: ((table: readonly ServiceEntry[]) => State)[]): Workload {
  return async (size, netns) => {
    const ipvs = await open(netns);
    const table = serviceTable(size);
    const wanted = states.map((make) => make(table));
    let runs = 0;
    return async () => {
      await ipvs.reconcile(wanted[++runs % wanted.length] as State, { prune: true });
      return size.services * (1 + size.destinations);
    };
  };
}

/** Returns the state of a table in which one destination in a hundred has another weight. */
const withWeights = (table: readonly ServiceEntry[]): State => {
  const { services } = stateOf(table);
  let count = 0;
  return {
    services: services.map((service) => ({
      ...service,
      destinations: service.destinations?.map((each) =>
        ++count % 100 === 0 ? { ...each, weight: 2 } : each,
      ),
    })),
  };
};

/**
 * Compares a snapshot with the wanted table, as programs do that have no reconcile(). Returns the
 * number of objects that are as they should be.
 */
async function compare(ipvs: Ipvs, table: readonly ServiceEntry[]): Promise<number> {
  const { services } = await ipvs.snapshot();
  const byKey = new Map(services.map((each) => [formatServiceReference(each), each]));
  let same = 0;
  for (const [wanted, destinations] of table) {
    const service = byKey.get(formatServiceReference(wanted));
    if (service?.scheduler !== wanted.scheduler) continue;
    same++;
    const present = new Map(
      service?.destinations.map((each) => [`${each.address}:${each.port}`, each]),
    );
    for (const each of destinations) {
      const found = present.get(`${each.address}:${each.port}`);
      if (found?.forwarding === each.forwarding && found?.weight === (each.weight ?? 1)) same++;
    }
  }
  return same;
}

/** Adds and deletes other destinations: the kernel keeps deleted ones for minutes. */
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
  'promise-all': adding(addConcurrently),
  batch: adding((ipvs, table) => addBatch(ipvs, table)),
  'batch-mh': adding((ipvs, table) => addBatch(ipvs, table, 'mh')),
  'batch-then-mh': adding(async (ipvs, table) => {
    await addBatch(ipvs, table);
    await ipvs.batch((batch) => {
      for (const [service] of table) batch.updateService(service, { scheduler: 'mh' });
    });
  }),
  'batch-after-deletions': adding((ipvs, table) => addBatch(ipvs, table), deleteOthers),

  sync: adding(addSync),

  awaited: adding(async (ipvs, table) => {
    for (const [service, destinations] of table) {
      await ipvs.addService(service);
      for (const each of destinations) await ipvs.addDestination(service, each);
    }
  }),

  snapshot: reading(async (ipvs) => {
    const { services } = await ipvs.snapshot();
    return services.reduce((sum, { destinations }) => sum + 1 + destinations.length, 0);
  }),

  'reconcile-state': reaching(stateOf),
  'reconcile-one-percent': reaching(stateOf, withWeights),
  'reconcile-from-empty': adding((ipvs, table) => ipvs.reconcile(stateOf(table))),

  'snapshot-and-compare': async (size, netns) => {
    const ipvs = await open(netns);
    const table = serviceTable(size);
    return () => compare(ipvs, table);
  },

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
