/**
 * The table of IPVS without a kernel: what every operation must do to it, and what it must answer.
 * @module
 */
import {
  type DeleteOptions,
  type Destination,
  type DestinationChanges,
  type DestinationConfig,
  type DestinationReference,
  type DestinationSettings,
  type Ensured,
  type Ipvs,
  IpvsError,
  type SchedulerFlag,
  type Service,
  type ServiceChanges,
  type ServiceConfig,
  type ServiceReference,
  type ServiceSettings,
  type Snapshot,
} from 'ipvs';
import {
  changeDestination,
  changeService,
  type DestinationName,
  familyOf,
  familyOfAddress,
  isMark,
  makeDestination,
  makeService,
  nameOfDestination,
  nameOfService,
  parseDestination,
  parseService,
  type ServiceName,
  sortServices,
} from './objects.js';

type Operations = Pick<Ipvs, keyof Ipvs & keyof Table>;

/** A call of an operation: its name and its arguments. */
export type Call = {
  [Name in keyof Operations]: readonly [Name, ...Parameters<Operations[Name]>];
}[keyof Operations];

/** The result of a call: a value, a refusal of the kernel, or one of the library, which sends nothing. */
export type Outcome =
  | { readonly value: unknown }
  | {
      readonly refused: {
        readonly code: string;
        readonly operation: string;
        readonly target: string;
      };
    }
  | { readonly invalid: true };

/** A scheduler that no kernel has. */
export const MISSING_SCHEDULER = 'no-such-one';
/** The broadcast address of the loopback link: only the kernel knows that it is not unicast. */
export const BROADCAST = '127.255.255.255';

class Refusal extends Error {
  readonly code: string;
  readonly target: string;

  constructor(code: string, target: string) {
    super(code);
    this.code = code;
    this.target = target;
  }
}

class Invalid extends Error {}

function demand(valid: boolean): void {
  if (!valid) throw new Invalid();
}

/** Makes the call on a handle or on a table. */
export function invoke(on: object, [name, ...args]: Call): unknown {
  // A call's arguments are those of its method, which TypeScript does not follow through the union.
  const method = (on as Record<string, (...args: unknown[]) => unknown>)[name];
  if (method === undefined) throw new Error(`there is no ${name}`);
  return method.apply(on, args);
}

/** The answer with the services, which the kernel gives in no order, put into one. */
function normal([name]: Call, value: unknown): unknown {
  // The name of the operation tells the type of its answer.
  if (name === 'listServices') return sortServices(value as Service[]);
  if (name === 'snapshot') return { services: sortServices((value as Snapshot).services) };
  return value;
}

/** Makes the call on a handle, or on its synchronous form, and returns the result. */
export function outcomeOf(ipvs: Ipvs | Ipvs['sync'], call: Call): Promise<Outcome> {
  return outcomeBy(call, () => invoke(ipvs, call));
}

/** Makes the calls in one batch and returns the result of each. Invalid calls are not in the batch. */
export async function outcomesOfBatch(ipvs: Ipvs, calls: readonly Call[]): Promise<Outcome[]> {
  const places: (() => Promise<unknown>)[] = [];
  const results = ipvs.batch((batch) => {
    for (const call of calls) {
      try {
        const place = invoke(batch, call) as number;
        places.push(async () => {
          const result = (await results)[place];
          if (result?.status === 'fulfilled') return result.value;
          throw result?.reason;
        });
      } catch (error) {
        places.push(() => Promise.reject(error));
      }
    }
  });
  await results;
  return Promise.all(calls.map((call, index) => outcomeBy(call, () => places[index]?.())));
}

async function outcomeBy(call: Call, answer: () => unknown): Promise<Outcome> {
  try {
    return { value: normal(call, await answer()) };
  } catch (error) {
    if (error instanceof IpvsError) {
      const { code, operation, target } = error;
      return { refused: { code, operation, target } };
    }
    const code = error instanceof Error && 'code' in error ? String(error.code) : '';
    if (/^ERR_(INVALID_ARG|OUT_OF)/.test(code)) return { invalid: true };
    throw error;
  }
}

function checkSettings(service: ServiceName, settings: ServiceSettings): void {
  const owners = new Set((settings.schedulerFlags ?? []).map(ownerOf));
  owners.delete('flag');
  demand(owners.size < 2);
  const byDatagram = isMark(service) || service.protocol === 'udp';
  demand(byDatagram || !settings.onePacket);
  demand(byDatagram || settings.persistence?.engine !== 'sip');
}

function ownerOf(flag: SchedulerFlag): string {
  return flag.slice(0, flag.indexOf('-'));
}

function checkFlags(flags: readonly SchedulerFlag[] | undefined, scheduler: string): void {
  demand((flags ?? []).every((flag) => ['flag', scheduler].includes(ownerOf(flag))));
}

function checkPort(service: ServiceName, persistent: boolean): void {
  demand(persistent || isMark(service) || service.port !== 0);
}

function checkForwarding(service: ServiceName, to: DestinationName, forwarding: string): void {
  demand(forwarding === 'tunnel' || familyOfAddress(to.address) === familyOf(service));
  demand(forwarding === 'masquerade' || isMark(service) || to.port === service.port);
}

function checkThresholds({ upperThreshold, lowerThreshold }: DestinationSettings): void {
  demand((lowerThreshold ?? 0) <= (upperThreshold ?? 0));
}

interface Entry {
  service: Service;
  /** Newest first, as the kernel has them. */
  readonly destinations: Destination[];
}

interface Place {
  readonly destinations: Destination[];
  /** -1: there is none of that name. */
  readonly index: number;
  readonly target: string;
}

export class Table {
  readonly #entries = new Map<string, Entry>();

  /** Applies the call to this table and returns the result. */
  outcomeOf(call: Call): Outcome {
    try {
      return { value: normal(call, structuredClone(invoke(this, call))) };
    } catch (error) {
      if (error instanceof Invalid) return { invalid: true };
      if (!(error instanceof Refusal)) throw error;
      return { refused: { code: error.code, operation: call[0], target: error.target } };
    }
  }

  addService(config: ServiceConfig): void {
    this.#checkConfig(config);
    const name = nameOfService(config);
    if (this.#entries.has(name)) throw new Refusal('EEXIST', name);
    this.#put(config);
  }

  ensureService(config: ServiceConfig): Ensured {
    this.#checkConfig(config);
    return this.#put(config);
  }

  updateService(reference: ServiceReference, changes: ServiceChanges): void {
    const service = parseService(reference);
    const { scheduler, schedulerFlags, persistence } = changes;
    checkSettings(service, changes);
    if (scheduler !== undefined) checkFlags(schedulerFlags, scheduler);
    checkPort(service, persistence !== null);
    const entry = this.#entry(reference);
    checkFlags(schedulerFlags, scheduler ?? entry.service.scheduler);
    if (scheduler === MISSING_SCHEDULER) throw new Refusal('ENOENT', nameOfService(service));
    entry.service = changeService(entry.service, changes);
  }

  deleteService(reference: ServiceReference, options?: DeleteOptions): boolean {
    const name = nameOfService(parseService(reference));
    const deleted = this.#entries.delete(name);
    if (!deleted && !options?.ifExists) throw new Refusal('ESRCH', name);
    return deleted;
  }

  getService(reference: ServiceReference): Service | undefined {
    return this.#entries.get(nameOfService(parseService(reference)))?.service;
  }

  listServices(): Service[] {
    return [...this.#entries.values()].map(({ service }) => service);
  }

  addDestination(reference: ServiceReference, config: DestinationConfig): void {
    const { made, place } = this.#made(reference, config);
    if (place.index >= 0) throw new Refusal('EEXIST', place.target);
    this.#insert(place, made);
  }

  ensureDestination(reference: ServiceReference, config: DestinationConfig): Ensured {
    const { made, place } = this.#made(reference, config);
    if (place.index < 0) {
      this.#insert(place, made);
      return 'created';
    }
    place.destinations[place.index] = made;
    return 'updated';
  }

  updateDestination(
    reference: ServiceReference,
    destination: DestinationReference,
    changes: DestinationChanges,
  ): void {
    const service = parseService(reference);
    const named = parseDestination(service, destination);
    const { forwarding, upperThreshold, lowerThreshold } = changes;
    if (forwarding !== undefined) {
      checkForwarding(service, named, forwarding);
      demand(!changes.tunnel || forwarding === 'tunnel');
    }
    if (upperThreshold !== undefined && lowerThreshold !== undefined) checkThresholds(changes);
    const place = this.#place(reference, named);
    const changed = changeDestination(this.#at(place), changes);
    demand(!changes.tunnel || changed.forwarding === 'tunnel');
    demand(changed.lowerThreshold <= changed.upperThreshold);
    place.destinations[place.index] = changed;
  }

  deleteDestination(
    reference: ServiceReference,
    destination: DestinationReference,
    options?: DeleteOptions,
  ): boolean {
    try {
      const place = this.#place(reference, parseDestination(parseService(reference), destination));
      this.#at(place);
      place.destinations.splice(place.index, 1);
      return true;
    } catch (error) {
      if (error instanceof Refusal && options?.ifExists) return false;
      throw error;
    }
  }

  getDestination(
    reference: ServiceReference,
    destination: DestinationReference,
  ): Destination | undefined {
    const service = parseService(reference);
    if (!this.#entries.has(nameOfService(service))) return undefined;
    const { destinations, index } = this.#place(reference, parseDestination(service, destination));
    return destinations[index];
  }

  listDestinations(reference: ServiceReference): Destination[] {
    return this.#entry(reference).destinations;
  }

  snapshot(): Snapshot {
    const services = [...this.#entries.values()];
    return { services: services.map(({ service, ...rest }) => ({ ...service, ...rest })) };
  }

  flush(): void {
    this.#entries.clear();
  }

  /** Without traffic there is nothing to be seen of it. */
  zero(...references: [] | [ServiceReference]): void {
    for (const reference of references) this.#entry(reference);
  }

  #checkConfig(config: ServiceConfig): void {
    checkSettings(config, config);
    checkFlags(config.schedulerFlags, config.scheduler ?? 'wlc');
    checkPort(config, (config.persistence ?? null) !== null);
  }

  #put(config: ServiceConfig): Ensured {
    const name = nameOfService(config);
    if (config.scheduler === MISSING_SCHEDULER) throw new Refusal('ENOENT', name);
    const destinations = this.#entries.get(name)?.destinations;
    this.#entries.set(name, { service: makeService(config), destinations: destinations ?? [] });
    return destinations === undefined ? 'created' : 'updated';
  }

  /** A refusal is about the service, or about `destination` of it. */
  #entry(reference: ServiceReference, destination?: DestinationName): Entry {
    const name = nameOfService(parseService(reference));
    const entry = this.#entries.get(name);
    if (entry !== undefined) return entry;
    const prefix = destination === undefined ? '' : `${nameOfDestination(destination)} of `;
    throw new Refusal('ESRCH', `${prefix}${name}`);
  }

  #place(reference: ServiceReference, named: DestinationName): Place {
    const { service, destinations } = this.#entry(reference, named);
    const name = nameOfDestination(named);
    const index = destinations.findIndex((each) => nameOfDestination(each) === name);
    return { destinations, index, target: `${name} of ${nameOfService(service)}` };
  }

  #at({ destinations, index, target }: Place): Destination {
    const found = destinations[index];
    if (found === undefined) throw new Refusal('ENOENT', target);
    return found;
  }

  #made(reference: ServiceReference, config: DestinationConfig) {
    const service = parseService(reference);
    const made = makeDestination(service, config);
    checkForwarding(service, made, made.forwarding);
    demand(!config.tunnel || made.forwarding === 'tunnel');
    checkThresholds(config);
    return { made, place: this.#place(reference, made) };
  }

  #insert({ destinations, target }: Place, made: Destination): void {
    if (made.address === BROADCAST) throw new Refusal('EINVAL', target);
    destinations.unshift(made);
  }
}
