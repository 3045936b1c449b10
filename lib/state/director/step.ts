/**
 * One step of a director: brings services and addresses to the wanted state, and ends drains.
 *
 * The order protects traffic. An address comes after the services that answer on it, and goes
 * before them. A service whose address is to go is *parked*: it stays as it is, unless destinations
 * of this address have connections. These drain first, and the others are deleted, so that no
 * service of the address gets new ones. Then the address goes, and then the service. So a step
 * reads the addresses and the table once each, lists the services while an address is to go, and
 * reads the table once more when services are parked.
 * @module
 */
import { type IpvsError, isIpvsError } from '../../core/errors.js';
import { ReconcileError } from '../../core/reconcile-error.js';
import { formatServiceAt, formatServiceKey } from '../../ipvs/keys.js';
import type { DestinationAddress } from '../../ipvs/reference-types.js';
import type { Service } from '../../ipvs/service.js';
import type { Links } from '../../links/links.js';
import type { Reconciled } from '../../links/reconcile.js';
import { type EncodedState, encodeState } from '../encode-state.js';
import type { CheckedOptions } from '../options.js';
import type { ReconcileResult } from '../result.js';
import { type CheckedScope, type Matches, withAddresses } from '../scope.js';
import type { StateChange } from '../types.js';
import { type Ending, NO_ADDRESSES, textOf } from './changes.js';
import { type Drain, type Drains, drainKey, nextDrains, overdueAt } from './drains.js';
import { sortEnded } from './ended-drains.js';
import type { DirectorSettings } from './options.js';
import type { DrainedDestination } from './types.js';
import { joined, type Wanted } from './wanted.js';

/** The operations of a handle that a director uses. */
export interface DirectorAccess {
  /** Throws an input error if the state wants something twice. */
  check(wanted: EncodedState): void;
  reconcile(wanted: EncodedState, options: CheckedOptions): Promise<ReconcileResult>;
  listServices(): Promise<readonly Service[]>;
  /** Returns the destinations of a service; none if there is no such service. */
  listDestinations(service: string): Promise<readonly Required<DestinationAddress>[]>;
  /** Deletes a service, unless it is gone already. */
  deleteService(service: string): Promise<unknown>;
  /** Deletes a destination, unless it is gone already. */
  deleteDestination(service: string, destination: string): Promise<unknown>;
  readonly links: Pick<Links, 'getLink' | 'ensureDummy' | 'reconcileAddresses'>;
  close(): Promise<void>;
}

/** The result of a step. A step that fails has done something, too. */
export interface StepResult {
  readonly changes: StateChange[];
  addresses: Reconciled;
  readonly begun: Drain[];
  readonly drained: DrainedDestination[];
  /** The errors of refused changes. */
  readonly errors: IpvsError[];
  /** The error that ended the step: the kernel could not be asked. */
  failure?: unknown;
}

/** The addresses of the link. */
interface Present {
  /** Without prefix lengths. */
  readonly addresses: ReadonlySet<string>;
  /** The changes to the addresses of the wanted services; undefined if some are not possible. */
  readonly planned: Reconciled | undefined;
}

/** A service that waits for the end of its address. */
interface Parked {
  readonly service: Service;
  readonly name: string;
  /** Its address, without prefix length. */
  readonly address: string;
}

/** Takes the steps of a director, and keeps what they must know of one another. */
export class DirectorSteps {
  readonly #access: DirectorAccess;
  readonly #settings: DirectorSettings;
  readonly #now: () => number;
  #drains: Drains = new Map();
  /**
   * Addresses that the link lacks, although the director had wanted them: some of their services
   * may have to be deleted yet.
   */
  readonly #leaving = new Set<string>();
  /**
   * Services that were wanted first at an address of the link, and then elsewhere: they are the
   * director's own until they are gone.
   */
  readonly #unbound = new Set<string>();
  /** The state of the last step. */
  #last: Wanted | undefined;
  /**
   * The services that stay for draining destinations only, after the last step, whether the link
   * has their address or not.
   */
  #held: readonly Parked[] = [];

  /** @param now returns the time in milliseconds of a monotonic clock */
  constructor(access: DirectorAccess, settings: DirectorSettings, now: () => number) {
    this.#access = access;
    this.#settings = settings;
    this.#now = now;
  }

  get drains(): Drains {
    return this.#drains;
  }

  /** Returns what the next step may end in the course of draining. */
  get ending(): Ending {
    const objects = new Set(this.#drains.keys());
    for (const { service } of this.#drains.values()) objects.add(service);
    for (const { name } of this.#held) objects.add(name);
    return { objects, addresses: new Set(this.#held.map(({ address }) => textOf(address))) };
  }

  /** Brings the kernel to the wanted state, apart from draining. Does not reject. */
  async run(wanted: Wanted): Promise<StepResult> {
    const outcome: StepResult = {
      changes: [],
      addresses: NO_ADDRESSES,
      begun: [],
      drained: [],
      errors: [],
    };
    this.#leave(wanted);
    let ended: readonly Drain[] = [];
    try {
      await this.#endOverdue(wanted, outcome);
      const present = await this.#readAddresses(wanted);
      const scopes = this.#scopes(present);
      const parked = await this.#park(wanted, present, scopes);
      ended = await this.#reconcile(wanted, scopes, parked, outcome);
      const gone = await this.#moveAddresses(wanted, present, parked, outcome);
      await this.#deleteParked(parked, gone, outcome);
      await this.#endDrains(ended, outcome);
    } catch (error) {
      outcome.failure = error;
      this.#resume(ended);
    }
    return outcome;
  }

  /**
   * Notes the addresses that were wanted, or that were held for draining destinations. Their
   * services are the director's own, whether the link has them or not: an address may have been
   * refused, or another program may have deleted it.
   */
  #leave(wanted: Wanted): void {
    if (this.#settings.link === undefined) return;
    for (const { address } of this.#held) this.#leaving.add(address);
    if (wanted === this.#last) return;
    for (const [address, services] of this.#last?.addresses ?? []) {
      this.#leaving.add(address);
      for (const each of services) if (wanted.unboundServices.has(each)) this.#unbound.add(each);
    }
    this.#last = wanted;
  }

  /** Deletes the destinations whose deadline has passed. */
  async #endOverdue(wanted: Wanted, outcome: StepResult): Promise<void> {
    const drains = new Map(this.#drains);
    await callForEach(
      overdueAt(drains, this.#now()).filter(
        ({ service, destination }) => !wanted.keepsDestination(service, destination),
      ),
      ({ service, destination }) => this.#access.deleteDestination(service, destination),
      ({ service, destination }) => {
        drains.delete(drainKey(service, destination));
        outcome.changes.push({ action: 'delete', service, destination });
        outcome.drained.push({ service, destination, reason: 'timeout' });
      },
      outcome,
    );
    this.#drains = drains;
  }

  /**
   * Compares the addresses of the link, which is created, and switched on, if need be, with those
   * of the wanted services.
   */
  async #readAddresses(wanted: Wanted): Promise<Present> {
    const { link, linkUp } = this.#settings;
    if (link === undefined) return { addresses: new Set(), planned: NO_ADDRESSES };
    const { links } = this.#access;
    if (!linkUp) await this.#createLink(link);
    // Called in one turn with the next call, so that they are sent together.
    const ensured = linkUp ? links.ensureDummy(link) : undefined;
    const texts = [...wanted.addresses.keys()].map(textOf);
    let isPossible = true;
    const plan = links
      .reconcileAddresses(link, texts, { prune: true, dryRun: true })
      .catch((error: unknown) => {
        if (!(error instanceof ReconcileError)) throw error;
        // Making the other changes will report the one that is not possible.
        isPossible = false;
        return error.done as Reconciled;
      });
    const [planned] = await Promise.all([plan, ensured]);
    const addresses = new Set(wanted.addresses.keys());
    for (const text of planned.added) addresses.delete(addressIn(text));
    // An address with another prefix length is removed and added.
    for (const text of planned.removed) addresses.add(addressIn(text));
    for (const address of addresses) this.#leaving.delete(address);
    return { addresses, planned: isPossible ? planned : undefined };
  }

  /**
   * Creates the link, switched off, if there is none. One that exists stays as it is: the kernel
   * would delete the IPv6 addresses of a link that is switched off.
   */
  async #createLink(link: string): Promise<void> {
    const { links } = this.#access;
    const found = await links.getLink(link);
    // A link of another kind is refused.
    if (found?.kind !== 'dummy') await links.ensureDummy(link, { up: false });
  }

  /** Returns the services that are not wanted, and whose address is to go, or has gone. */
  async #park(
    wanted: Wanted,
    present: Present,
    scopes: readonly CheckedScope[],
  ): Promise<readonly Parked[]> {
    const isUnwanted = (address: string) =>
      !wanted.addresses.has(address) &&
      (present.addresses.has(address) || this.#leaving.has(address));
    if (![...present.addresses, ...this.#leaving].some(isUnwanted)) return [];
    const parked: Parked[] = [];
    for (const service of await this.#access.listServices()) {
      const { address } = service;
      if (address === undefined || !isUnwanted(address) || !isIn(scopes, service)) continue;
      const name = formatServiceKey(service);
      // It stays, although the link loses its address.
      if (!wanted.unboundServices.has(name)) parked.push({ service, name, address });
    }
    return parked;
  }

  /**
   * Returns the director's scopes. Its link has the addresses that were just read, and those that
   * it had or was to have for services that are still to be deleted.
   */
  #scopes(present: Present): readonly CheckedScope[] {
    const { owns, link } = this.#settings;
    const hasAddress = withAddresses([...present.addresses, ...this.#leaving]);
    const isOfLink: Matches = (records, base) =>
      hasAddress(records, base) ||
      (this.#unbound.size > 0 && this.#unbound.has(formatServiceAt(records, base)));
    return owns.map((scope) =>
      scope.link === undefined || scope.link !== link
        ? scope
        : {
            link: undefined,
            matches: (records, base) => scope.matches(records, base) && isOfLink(records, base),
          },
    );
  }

  /**
   * Brings the services to the wanted state, and follows the drains. Returns those that the table
   * does not show any more.
   */
  async #reconcile(
    wanted: Wanted,
    scopes: readonly CheckedScope[],
    parked: readonly Parked[],
    outcome: StepResult,
  ): Promise<readonly Drain[]> {
    const { draining, compared, drainTimeout } = this.#settings;
    const options: CheckedOptions = {
      prune: scopes,
      draining,
      compared,
      dryRun: false,
      maxDeletions: Number.POSITIVE_INFINITY,
      signal: undefined,
    };
    const busy = await this.#busyOf(parked, options);
    // The destinations of the others are left alone: their address goes first.
    const kept = encodeState({
      services: parked.map(({ service, address }) =>
        busy.has(address) ? { ...service, destinations: [] } : service,
      ),
    });
    const result = await done<ReconcileResult>(
      this.#access.reconcile(joined(wanted.encoded, kept), options),
      outcome,
    );
    append(outcome.changes, result.changes);
    const step = nextDrains(this.#drains, result.draining, this.#now(), drainTimeout);
    this.#drains = step.drains;
    append(outcome.begun, step.begun);
    if (outcome.errors.length === 0) this.#forgetUnbound(wanted);
    return step.ended.filter(
      ({ service, destination }) => !wanted.keepsDestination(service, destination),
    );
  }

  #drainingServices(): ReadonlySet<string> {
    return new Set([...this.#drains.values()].map(({ service }) => service));
  }

  /** Forgets the unbound services that are gone, or at an address of the link again. */
  #forgetUnbound(wanted: Wanted): void {
    const draining = this.#drainingServices();
    for (const service of this.#unbound) {
      if (wanted.unboundServices.has(service) || draining.has(service)) continue;
      this.#unbound.delete(service);
    }
  }

  /**
   * Reports the drains that have ended with their destination. One whose destination is there goes
   * on if changes were refused; otherwise its service is in no scope any more.
   */
  async #endDrains(ended: readonly Drain[], outcome: StepResult): Promise<void> {
    const { gone, left } = await sortEnded(ended, outcome.changes, (service) =>
      this.#access.listDestinations(service),
    );
    for (const { service, destination } of gone) {
      outcome.drained.push({ service, destination, reason: 'idle' });
    }
    if (outcome.errors.length > 0) this.#resume(left);
  }

  /** Lets drains go on, with their deadlines. */
  #resume(drains: readonly Drain[]): void {
    this.#drains = new Map([
      ...this.#drains,
      ...drains.map((drain) => [drainKey(drain.service, drain.destination), drain] as const),
    ]);
  }

  /**
   * Returns the addresses whose services stay for now, because one of them has destinations to
   * drain. None of them gets new connections.
   */
  async #busyOf(parked: readonly Parked[], options: CheckedOptions): Promise<ReadonlySet<string>> {
    const busy = new Set(this.#held.map(({ address }) => address));
    const others = parked.filter(({ address }) => !busy.has(address));
    if (others.length === 0 || options.draining === undefined) return busy;
    const empty = others.map(({ service }) => ({ ...service, destinations: [] }));
    const planned = await this.#access.reconcile(encodeState({ services: empty }), {
      ...options,
      prune: false,
      dryRun: true,
    });
    const draining = new Set(planned.draining.map(({ service }) => service));
    for (const { name, address } of others) if (draining.has(name)) busy.add(address);
    return busy;
  }

  /**
   * Adds the addresses of services that are there now, and removes those that nothing needs.
   * Returns the addresses that have gone, and whose services may go.
   */
  async #moveAddresses(
    wanted: Wanted,
    present: Present,
    parked: readonly Parked[],
    outcome: StepResult,
  ): Promise<ReadonlySet<string>> {
    const { link } = this.#settings;
    if (link === undefined) return new Set();
    const draining = this.#drainingServices();
    // Those of an address that another program has deleted drain, too.
    const held = new Set(
      parked.filter(({ name }) => draining.has(name)).map(({ address }) => address),
    );
    this.#held = parked.filter(({ address }) => held.has(address));
    const gone = new Set(
      [...this.#leaving].filter((address) => !held.has(address) && !wanted.addresses.has(address)),
    );
    const needed = new Set([...held].filter((address) => present.addresses.has(address)));
    // A service whose change was refused is there, as it was before.
    const missing = new Set(
      outcome.errors
        .filter(({ syscall }) => syscall === 'IPVS_CMD_NEW_SERVICE')
        .map(({ target }) => target),
    );
    for (const [address, services] of wanted.addresses) {
      const isAnswered = services.some((service) => !missing.has(service));
      if (isAnswered || present.addresses.has(address)) needed.add(address);
    }
    const texts = new Set([...needed].map(textOf));
    if (isNothing(present.planned, texts)) return gone;
    const removed = [...present.addresses].filter((address) => !needed.has(address));
    // The addresses may go even if the call fails, and the link would not show them any more.
    for (const address of removed) this.#leaving.add(address);
    outcome.addresses = await done<Reconciled>(
      this.#access.links.reconcileAddresses(link, [...texts], { prune: true }),
      outcome,
    );
    const confirmed = new Set(outcome.addresses.removed.map(addressIn));
    for (const address of removed) if (confirmed.has(address)) gone.add(address);
    return gone;
  }

  /** Deletes the parked services whose address has gone. */
  async #deleteParked(
    parked: readonly Parked[],
    gone: ReadonlySet<string>,
    outcome: StepResult,
  ): Promise<void> {
    const services = parked.filter(({ address }) => gone.has(address));
    const deleted = new Set<string>();
    await callForEach(
      services,
      ({ name }) => this.#access.deleteService(name),
      ({ name }) => {
        deleted.add(name);
        outcome.changes.push({ action: 'delete', service: name });
      },
      outcome,
    );
    const left = services.filter(({ name }) => !deleted.has(name));
    const needed = new Set(left.map(({ address }) => address));
    for (const address of gone) if (!needed.has(address)) this.#leaving.delete(address);
  }
}

/** Returns the address in a text such as '10.96.0.1/32'. */
function addressIn(text: string): string {
  return text.slice(0, text.indexOf('/'));
}

/** Returns true if a plan only removes addresses that are needed. */
function isNothing(planned: Reconciled | undefined, needed: ReadonlySet<string>): boolean {
  if (planned === undefined) return false;
  const { added, updated, removed } = planned;
  return added.length + updated.length === 0 && removed.every((text) => needed.has(text));
}

/**
 * Returns true if the service is in one of the scopes that name no link: those of the director's
 * own link have become such ones. Those of other links are left to the reconciliation.
 */
function isIn(scopes: readonly CheckedScope[], service: Service): boolean {
  const { requests } = encodeState({ services: [service] });
  return scopes.some(
    ({ link, matches }) => link === undefined && matches(requests.records, requests.service(0)),
  );
}

/** Appends items, of which there may be more than a call can have arguments. */
function append<Item>(list: Item[], items: readonly Item[]): void {
  for (const item of items) list.push(item);
}

/** Returns the result of a reconciliation, or what it has done before some changes were refused. */
async function done<Done>(result: Promise<Done>, outcome: StepResult): Promise<Done> {
  try {
    return await result;
  } catch (error) {
    if (!(error instanceof ReconcileError)) throw error;
    append(outcome.errors, error.errors);
    // A reconciliation throws it with a result of its own type.
    return error.done as Done;
  }
}

/** Makes calls for some objects. Calls `onDone` for each that succeeds, and keeps the refusals. */
async function callForEach<Item>(
  items: readonly Item[],
  call: (item: Item) => Promise<unknown>,
  onDone: (item: Item) => void,
  { errors }: StepResult,
): Promise<void> {
  const results = await Promise.allSettled(items.map(call));
  for (const [index, item] of items.entries()) {
    const result = results[index];
    if (result?.status !== 'rejected') onDone(item);
    else if (isIpvsError(result.reason)) errors.push(result.reason);
    else throw result.reason;
  }
}
