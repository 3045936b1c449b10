/**
 * The changes of a plan: as requests, as objects, and as text.
 * @module
 */
import { normalizedDestinationAt, normalizedServiceAt } from '../ipvs/canonical.js';
import type { IpvsTypes } from '../ipvs/client.js';
import { formatDestinationAt, formatServiceAt } from '../ipvs/keys.js';
import { DESTINATION_SETTINGS, SERVICE_SETTINGS } from '../ipvs/properties.js';
import { RequestBuffer } from '../ipvs/request-buffer.js';
import type { NativeChanges, NativePlan, OperationName } from '../native/addon.js';
import { layout } from '../native/layout.js';
import type { Decoder } from '../queue/operation.js';
import { ChangeKeys } from './change-keys.js';
import type { Difference, DrainingDestination, StateChange } from './types.js';

const { auxiliary: AUXILIARY } = layout.planOrigins;
const SERVICE_STATE = [...SERVICE_SETTINGS, 'inactivePersistence'] as const;

/** A kind of request of a plan, which decodes the response, too. */
interface Kind extends Decoder<IpvsTypes, undefined> {
  readonly action: StateChange['action'];
  readonly subject: 'service' | 'destination';
  /**
   * The errnos that mean that another program was faster, by what remains to be done: nothing, or
   * another plan.
   */
  readonly lostRaces: Readonly<Record<string, 'done' | 'retry'>>;
}

function kind(
  request: OperationName,
  action: Kind['action'],
  subject: Kind['subject'],
  lostRaces: Kind['lostRaces'],
): Kind {
  return { name: 'reconcile', request, action, subject, lostRaces, decode: () => undefined };
}

const KINDS: readonly Kind[] = [
  kind('addService', 'add', 'service', { EEXIST: 'retry' }),
  kind('setService', 'update', 'service', { ESRCH: 'retry' }),
  kind('deleteService', 'delete', 'service', { ESRCH: 'done' }),
  kind('addDestination', 'add', 'destination', { EEXIST: 'retry', ESRCH: 'retry' }),
  kind('setDestination', 'update', 'destination', { ENOENT: 'retry', ESRCH: 'retry' }),
  kind('deleteDestination', 'delete', 'destination', { ENOENT: 'done', ESRCH: 'done' }),
];
/** The kinds by the number of their operation. */
const KIND_OF: Kind[] = [];
for (const each of KINDS) KIND_OF[layout.operations[each.request]] = each;

/** The requests that are read together. */
const CHUNK = 512;

/**
 * The requests of a plan. The addon writes the requests when they are needed, from the wanted
 * records: a copy of a large state would cost more than the plan.
 */
export class PlannedRequests {
  /** The operation of each request. */
  readonly operations: Uint8Array;
  /** For each request: 1 + the place in `before` of an update; 0 for others; AUXILIARY. */
  readonly origins: Uint32Array;
  readonly #write: NativePlan['write'];
  /** The services and destinations that updates change, as they were. */
  readonly before: RequestBuffer;
  /** Holds the one request that {@link serviceOf} reads. */
  readonly #single = new RequestBuffer(1);

  /** @param write writes the requests from a place on */
  constructor({ operations, origins, before }: NativeChanges, write: NativePlan['write']) {
    this.operations = new Uint8Array(operations);
    this.origins = new Uint32Array(origins);
    this.before = RequestBuffer.of(before);
    this.#write = write;
  }

  /** The number of requests. */
  get count(): number {
    return this.operations.length;
  }

  /** The number of services and destinations that the plan deletes. */
  get deletions(): number {
    let deletions = 0;
    for (let index = 0; index < this.count; index++) {
      if (this.kindOf(index).action === 'delete') deletions++;
    }
    return deletions;
  }

  kindOf(index: number): Kind {
    return kindAt(this.operations, index);
  }

  /**
   * Returns the index of the request that gives a service its scheduler back, if the request that
   * takes it away while destinations are added is one of the first `sent` and this one is not.
   */
  schedulerAfter(sent: number): number | undefined {
    let index = this.origins.indexOf(AUXILIARY);
    let isTaken = false;
    for (; index !== -1 && index < sent; index = this.origins.indexOf(AUXILIARY, index + 1)) {
      isTaken = !isTaken;
    }
    return isTaken && index !== -1 ? index : undefined;
  }

  /** Fills a buffer with the requests from `first` on. */
  read(first: number, buffer: RequestBuffer): void {
    const count = Math.min(this.count - first, buffer.capacity);
    buffer.fill(count, (bytes) => this.#write(first, bytes));
  }

  /** Returns the text of the service of a request. */
  serviceOf(index: number): string {
    this.read(index, this.#single);
    return formatServiceAt(this.#single.records, this.#single.service(0));
  }
}

function kindAt(operations: Uint8Array, index: number): Kind {
  const number = operations[index] ?? -1;
  const kind = KIND_OF[number];
  if (kind === undefined) throw new Error(`the addon planned the unknown operation ${number}`);
  return kind;
}

/** The parts of the requests of a plan that are kept to list the changes. */
interface Kept {
  readonly keys: ChangeKeys;
  /** The updates, in the order of the requests. */
  readonly after: RequestBuffer;
}

/**
 * The changes that requests have made. They are read from the requests when they are needed, or
 * when the memory of the wanted records is.
 */
export class MadeChanges {
  readonly #operations: Uint8Array;
  readonly #origins: Uint32Array;
  /** The indexes of the requests that changed nothing. */
  readonly #failed: ReadonlySet<number>;
  readonly #before: RequestBuffer;
  /** The requests, until what the changes need of them is kept. */
  #source: PlannedRequests | Kept;

  /** @param failed the indexes of the requests that changed nothing */
  constructor(planned: PlannedRequests, failed: ReadonlySet<number>) {
    this.#operations = planned.operations;
    this.#origins = planned.origins;
    this.#failed = failed;
    this.#before = planned.before;
    this.#source = planned;
  }

  /**
   * Reads what the changes need of the wanted records, which are not needed any more afterwards: as
   * little as possible, because a state may have very many.
   */
  keep(): Kept {
    if (this.#source instanceof PlannedRequests) this.#source = keptOf(this.#source);
    return this.#source;
  }

  /** Returns the changes, in the order in which they were made. */
  *list(): Generator<StateChange> {
    const { keys, after } = this.keep();
    let updates = 0;
    for (const [index, origin] of this.#origins.entries()) {
      const update = isUpdate(origin) ? updates++ : undefined;
      if (origin === AUXILIARY || this.#failed.has(index)) continue;
      const { action, subject } = kindAt(this.#operations, index);
      const service = keys.service(index);
      const object =
        subject === 'service' ? { service } : { service, destination: keys.destination(index) };
      if (update === undefined) {
        yield { action, ...object };
        continue;
      }
      const read = READERS[subject];
      const differences = differencesOf(read(this.#before, origin - 1), read(after, update));
      yield { action, ...object, differences };
    }
  }
}

function keptOf(planned: PlannedRequests): Kept {
  const { count, before, origins } = planned;
  const keys = new ChangeKeys(count);
  const after = new RequestBuffer(before.count);
  const chunk = new RequestBuffer(Math.min(count, CHUNK));
  for (let first = 0; first < count; first += CHUNK) {
    planned.read(first, chunk);
    for (let place = 0; place < chunk.count; place++) {
      keys.add(chunk, place);
      if (isUpdate(origins[first + place])) after.copyRequest(chunk, place);
    }
  }
  return { keys, after };
}

const isUpdate = (origin = 0) => origin !== 0 && origin !== AUXILIARY;

/** Returns the settings of the object of a request, by name. */
type ReadSettings = (requests: RequestBuffer, index: number) => Readonly<Record<string, unknown>>;

const READERS: Readonly<Record<Kind['subject'], ReadSettings>> = {
  service(requests, index) {
    return pick(normalizedServiceAt(requests.records, requests.service(index)), SERVICE_STATE);
  },
  destination(requests, index) {
    const destination = normalizedDestinationAt(requests.records, requests.destination(index));
    return pick(destination, DESTINATION_SETTINGS);
  },
};

function pick(object: object, names: readonly string[]): Readonly<Record<string, unknown>> {
  const entries = Object.entries(object);
  return Object.fromEntries(entries.filter(([name]) => names.includes(name)));
}

function differencesOf(
  before: Readonly<Record<string, unknown>>,
  after: Readonly<Record<string, unknown>>,
): Readonly<Record<string, Difference>> {
  const differences: Record<string, Difference> = {};
  for (const name of new Set([...Object.keys(before), ...Object.keys(after)])) {
    // The settings are plain data, whose properties have the same order on both sides.
    if (JSON.stringify(before[name]) === JSON.stringify(after[name])) continue;
    differences[name] = [before[name], after[name]];
  }
  return differences;
}

/** Returns the destinations that drain. */
export function drainingOf({ draining, connections }: NativeChanges): DrainingDestination[] {
  const requests = RequestBuffer.of(draining);
  const counts = new Uint32Array(connections);
  return Array.from({ length: requests.count }, (_, index) => ({
    service: formatServiceAt(requests.records, requests.service(index)),
    destination: formatDestinationAt(requests.records, requests.destination(index)),
    activeConnections: counts[2 * index] ?? 0,
    inactiveConnections: counts[2 * index + 1] ?? 0,
  }));
}

const SIGNS: Readonly<Record<StateChange['action'], string>> = {
  add: '+',
  update: '~',
  delete: '-',
};

/** Returns a change as a line of text: `~ tcp://10.96.0.1:443 10.1.1.2:6443 weight 1 → 3`. */
export function formatChange({ action, service, destination, differences }: StateChange): string {
  const words = [SIGNS[action], service];
  if (destination !== undefined) words.push(destination);
  const settings = Object.entries(differences ?? {}).map(
    ([name, [before, after]]) => `${name} ${formatSetting(before)} → ${formatSetting(after)}`,
  );
  return [words.join(' '), settings.join(', ')].filter((part) => part !== '').join(' ');
}

function formatSetting(value: unknown): string {
  if (value === null || value === undefined) return 'none';
  return typeof value === 'string' ? value : JSON.stringify(value);
}
