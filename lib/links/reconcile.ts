/**
 * A link's addresses, brought to what is wanted.
 * @module
 */

import { subjectOf } from '../core/arguments.js';
import { checkBoolean, readArray, readOptions } from '../core/check.js';
import { IpvsError } from '../core/errors.js';
import { checkSignal, throwIfAborted } from '../core/signals.js';
import type { Layout, LinkOperationName } from '../native/addon.js';
import type { Records } from '../native/records.js';
import { fulfilled } from '../queue/outcome.js';
import { ask, type Procedure } from '../queue/procedure.js';
import { type AddressConfig, formatLinkAddress } from './address.js';
import { linkCalls } from './calls.js';
import type { LinkReference } from './link.js';
import { orderError } from './order.js';
import type { LinkRequests, LinkResults } from './requests.js';

/** Options of reconciling. */
export interface ReconcileOptions {
  /**
   * True: addresses that are not wanted are deleted. Never those that the kernel itself puts on
   * links: IPv6 link-local ones (fe80::/10, whoever has added them), and 127.0.0.1/8 and ::1 of
   * loopback. Default false.
   */
  readonly prune?: boolean | undefined;
  /** Only addresses of this family are looked at, and deleted. Default: both. */
  readonly family?: 'ipv4' | 'ipv6' | undefined;
  /** Ends it between two parts; it rejects with the signal's reason, and what was done stays. */
  readonly signal?: AbortSignal | undefined;
}

/** What reconciling has done, as '10.96.0.1/32'. */
export interface Reconciled {
  /** Addresses that were not there. */
  readonly added: readonly string[];
  /** Among them IPv6 addresses that came back with another prefix length or peer. */
  readonly removed: readonly string[];
  /** Addresses that were there and got other lifetimes or, of IPv6, other flags. */
  readonly updated: readonly string[];
}

/**
 * Some of the changes were refused; the others have been made. `errors` says which and why, `done`
 * what was done.
 */
export class ReconcileError extends IpvsError {
  /** One error a change that was not made. */
  readonly errors: readonly IpvsError[];
  /** The changes that were made. */
  readonly done: Reconciled;

  /** Not for callers. */
  constructor(message: string, errors: readonly IpvsError[], done: Reconciled) {
    const [first] = errors;
    super(message, {
      code: first?.code ?? 'ERR_IPVS_OUTCOME_UNKNOWN',
      errno: first?.errno,
      syscall: first?.syscall,
      operation: 'reconcileAddresses',
      target: first?.target,
      cause: first,
    });
    this.errors = errors;
    this.done = done;
  }
}

/**
 * Changes that leave together: some milliseconds of the kernel's time where a link has thousands of
 * addresses.
 */
const PART = 64;
const KEYS = new Set(['prune', 'family', 'signal'] as const);

/** Changes, as the addon plans them. */
interface Plan {
  readonly layout: Layout;
  /** The index of the link. */
  readonly link: number;
  readonly records: Records;
  readonly bases: readonly number[];
}

/**
 * Brings the addresses of a link to what is wanted, in parts between which others have their turn.
 * @internal
 */
export function* reconcile(
  link: LinkReference,
  wanted: readonly AddressConfig[],
  options: ReconcileOptions | undefined,
): Procedure<LinkRequests, LinkResults, Reconciled> {
  const addresses = readWanted(link, wanted);
  const { prune: wish, family, signal: given } = readOptions(options, KEYS);
  const prune = wish !== undefined && checkBoolean('options.prune', wish);
  const signal = checkSignal('options.signal', given);
  throwIfAborted(signal);

  const [planned] = yield* ask([linkCalls.planAddresses(link, addresses, prune, family, readPlan)]);
  const plan = fulfilled(planned);
  const { layout } = plan;
  const name = typeof link === 'string' ? link : undefined;
  const { change } = layout.addressSettings.fields;
  const { add, delete: remove, present } = layout.linkChanges;
  // The refused ones take along what is in their way.
  const bases = plan.bases.filter((base) => plan.records.number(base, change) !== present);
  const done = { added: [] as string[], removed: [] as string[], updated: [] as string[] };
  const errors: IpvsError[] = [];
  const kind = (base: number): [LinkOperationName, string[]] => {
    const number = plan.records.number(base, change);
    if (number === add) return ['addAddress', done.added];
    return number === remove ? ['deleteAddress', done.removed] : ['replaceAddress', done.updated];
  };
  for (let first = 0; first < bases.length; first += PART) {
    throwIfAborted(signal);
    const part = bases.slice(first, first + PART);
    const outcomes = yield* ask(
      part.map((base) =>
        linkCalls.changeAddress(kind(base)[0], plan.link, plan.records, base, name),
      ),
    );
    for (const [index, base] of part.entries()) {
      const outcome = outcomes[index];
      if (outcome?.status === 'fulfilled') {
        kind(base)[1].push(formatLinkAddress(plan.records, base, layout));
      } else {
        if (!(outcome?.reason instanceof IpvsError)) throw outcome?.reason;
        errors.push(outcome.reason);
      }
    }
  }
  const [first] = errors;
  if (first === undefined) return done;
  const subject = subjectOf(name ?? `link ${plan.link}`);
  const failed = howMany(errors.length, bases.length);
  throw new ReconcileError(
    `reconcileAddresses ${subject}: ${failed} not made: ${first.message}`,
    errors,
    done,
  );
}

function readWanted(link: unknown, wanted: unknown): unknown[] {
  try {
    return readArray('wanted', wanted, 'an array of addresses', (address) => address);
  } catch (error) {
    throw orderError(error, link, wanted);
  }
}

function howMany(failed: number, all: number): string {
  if (all === 1) return 'the change was';
  return `${failed} of ${all} changes ${failed === 1 ? 'was' : 'were'}`;
}

function readPlan(results: LinkResults, index: number): Plan {
  return {
    layout: results.layout,
    link: results.link(index).index,
    records: results.changeRecords,
    bases: results.changeBases(index),
  };
}
