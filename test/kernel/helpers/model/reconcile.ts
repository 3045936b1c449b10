/**
 * Reconciliation without a kernel: the table and the changes that a state and options must lead to.
 * Nothing has connections here.
 * @module
 */
import type { Destination, KeptSetting, Snapshot, State, StateChange, WantedService } from 'ipvs';
import {
  makeDestination,
  makeService,
  nameOfDestination,
  nameOfService,
  sortServices,
} from './objects.js';

type SnapshotService = Snapshot['services'][number];

/** What a reconciliation has to do. */
interface Reconciliation {
  readonly state: State;
  readonly keep: readonly KeptSetting[];
  /** Returns true for an unwanted service that may be deleted. */
  readonly mayDelete: (service: SnapshotService) => boolean;
}

/** What a reconciliation must lead to. */
export interface Expected {
  /** The table, its services by name. */
  readonly table: Snapshot;
  /** The changes, sorted by their objects. */
  readonly changes: readonly StateChange[];
  readonly unchanged: { readonly services: number; readonly destinations: number };
  /** The number of requests that the kernel gets: a change takes one, but for a table of mh. */
  readonly requests: number;
}

/** From this number of destinations on, a new service with mh has no scheduler meanwhile. */
const MANY = 16;

const SERVICE_SETTINGS = ['scheduler', 'schedulerFlags', 'persistence', 'onePacket'] as const;
const DESTINATION_SETTINGS = [
  'forwarding',
  'weight',
  'upperThreshold',
  'lowerThreshold',
  'tunnel',
] as const;

const objectOf = ({ service, destination = '' }: StateChange) => `${service} ${destination}`;

/** Changes in the order of the names of their objects. */
export const sortChanges = (changes: readonly StateChange[]): StateChange[] =>
  [...changes].sort((a, b) => (objectOf(a) < objectOf(b) ? -1 : 1));

/** Returns what a reconciliation must make of a table. */
export function reconciled(before: Snapshot, { state, keep, mayDelete }: Reconciliation): Expected {
  const kept = new Set(keep);
  const found = new Map(before.services.map((each) => [nameOfService(each), each]));
  const changes: StateChange[] = [];
  const services: SnapshotService[] = [];
  const unchanged = { services: 0, destinations: 0 };
  let tables = 0;

  for (const config of state.services) {
    const service = nameOfService(config);
    const { destinations: wanted, ...settings } = config;
    const old = found.get(service);
    found.delete(service);
    const made = makeService(settings as WantedService);
    if (old === undefined) {
      changes.push({ action: 'add', service });
      const count = wanted?.length ?? 0;
      if (made.scheduler === 'mh' && count >= MANY) tables++;
    }
    const { destinations: there = [], ...was } = old ?? {};
    const merged =
      old === undefined ? made : ({ ...was, ...keepService(old, made, kept) } as typeof made);
    if (old !== undefined && note(changes, SERVICE_SETTINGS, old, merged, { service })) {
      unchanged.services++;
    }

    const rest = new Map(there.map((each) => [nameOfDestination(each), each]));
    const fresh: Destination[] = [];
    for (const each of wanted ?? []) {
      const target = makeDestination(settings as WantedService, each);
      const destination = nameOfDestination(target);
      const present = rest.get(destination);
      if (present === undefined) {
        changes.push({ action: 'add', service, destination });
        fresh.push(target);
        continue;
      }
      const changed = keepDestination(present, target, kept);
      rest.set(destination, changed);
      const where = { service, destination };
      if (note(changes, DESTINATION_SETTINGS, present, changed, where)) unchanged.destinations++;
    }
    const names = new Set(
      wanted?.map((each) => nameOfDestination(makeDestination(settings as WantedService, each))),
    );
    for (const destination of wanted === undefined ? [] : [...rest.keys()]) {
      if (names.has(destination)) continue;
      rest.delete(destination);
      changes.push({ action: 'delete', service, destination });
    }
    services.push({ ...merged, destinations: [...fresh, ...rest.values()] } as SnapshotService);
  }
  for (const [service, each] of found) {
    if (mayDelete(each)) changes.push({ action: 'delete', service });
    else services.push(each);
  }
  return {
    table: { services: sortServices(services) },
    changes: sortChanges(changes),
    unchanged,
    requests: changes.length + 2 * tables,
  };
}

/** Notes an update if settings differ. Returns true if they do not. */
function note<Name extends string>(
  changes: StateChange[],
  names: readonly Name[],
  before: { readonly [Each in Name]: unknown },
  after: { readonly [Each in Name]: unknown },
  where: { readonly service: string; readonly destination?: string },
): boolean {
  const differing = names.filter(
    (name) => JSON.stringify(before[name]) !== JSON.stringify(after[name]),
  );
  if (differing.length === 0) return true;
  const differences = Object.fromEntries(
    differing.map((name) => [name, [before[name], after[name]] as const]),
  );
  changes.push({ action: 'update', ...where, differences });
  return false;
}

function keepService<Settings extends Pick<SnapshotService, (typeof SERVICE_SETTINGS)[number]>>(
  old: Settings,
  wanted: Settings,
  kept: ReadonlySet<KeptSetting>,
) {
  const scheduler = kept.has('scheduler') ? old.scheduler : wanted.scheduler;
  const keepsFlags = kept.has('scheduler') || kept.has('schedulerFlags');
  // The flags of one scheduler mean nothing to another.
  const oldFlags = scheduler === old.scheduler ? old.schedulerFlags : [];
  return {
    scheduler,
    schedulerFlags: keepsFlags ? oldFlags : wanted.schedulerFlags,
    persistence: kept.has('persistence') ? old.persistence : wanted.persistence,
    onePacket: kept.has('onePacket') ? old.onePacket : wanted.onePacket,
  };
}

function keepDestination(
  old: Destination,
  wanted: Destination,
  kept: ReadonlySet<KeptSetting>,
): Destination {
  const forwarding = kept.has('forwarding') ? old.forwarding : wanted.forwarding;
  const keepsTunnel = kept.has('tunnel') || kept.has('forwarding');
  const tunnel = keepsTunnel ? (old.tunnel ?? { type: 'ipip' }) : wanted.tunnel;
  return {
    ...old,
    forwarding,
    weight: kept.has('weight') ? old.weight : wanted.weight,
    upperThreshold: kept.has('upperThreshold') ? old.upperThreshold : wanted.upperThreshold,
    lowerThreshold: kept.has('lowerThreshold') ? old.lowerThreshold : wanted.lowerThreshold,
    tunnel: forwarding === 'tunnel' ? tunnel : null,
  };
}
