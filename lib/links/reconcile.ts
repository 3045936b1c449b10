/**
 * Reconciliation of a link's addresses with those that are wanted.
 * @module
 */
import { describeArgument } from '../core/arguments.js';
import { checkBoolean, readArray, readOptions } from '../core/check.js';
import { checkSignal } from '../core/check-signal.js';
import { IpvsError } from '../core/errors.js';
import { wrongType } from '../core/input-errors.js';
import { ReconcileError } from '../core/reconcile-error.js';
import { checkMaxDeletions, tooManyDeletionsMessage } from '../core/reconcile-options.js';
import { throwIfAborted } from '../core/signals.js';
import { call } from '../queue/operation.js';
import { fulfilledValue } from '../queue/results.js';
import { type Routine, send } from '../queue/routine.js';
import type { AddressConfig, LinkAddress } from './address.js';
import type { LinkTypes } from './client.js';
import type { LinkReference } from './link-reference.js';
import { linkOperations } from './operations.js';
import type { AddressPlan, ChangeKind, PrunePredicate } from './plan.js';
import { swappedArgumentsError } from './swapped-arguments.js';

/** Options of {@link Links.reconcileAddresses}. */
export interface ReconcileAddressesOptions {
  /**
   * True: addresses that are not wanted are deleted, except those that the kernel itself adds to
   * links: IPv6 link-local addresses (fe80::/10, whoever has added them), and 127.0.0.1/8 and ::1
   * of loopback. Default false.
   *
   * A function is called once with each address that `true` would delete, as
   * {@link Links.listAddresses} returns it and in the same order, before anything is changed. It
   * returns true for an address to delete. An error that it throws passes through, and nothing is
   * changed.
   */
  readonly prune?: boolean | ((address: LinkAddress) => boolean) | undefined;
  /** Only addresses of this family are looked at, and deleted. Default: both. */
  readonly family?: 'ipv4' | 'ipv6' | undefined;
  /**
   * If true, returns the changes, and makes none of them. Changes that would be refused without
   * being sent are a {@link ReconcileError}, as in a run. Default false.
   */
  readonly dryRun?: boolean | undefined;
  /**
   * The most addresses that may be deleted. If the changes would delete more, nothing is changed.
   * Addresses that are deleted and added again count, as they do in `removed`. Default: no limit.
   */
  readonly maxDeletions?: number | undefined;
  /**
   * Stops it between two chunks of changes: it rejects with the signal's reason, and the changes
   * that were made stay. An address is not left deleted that was to be added again.
   */
  readonly signal?: AbortSignal | undefined;
}

/**
 * The changes that {@link Links.reconcileAddresses} has made or, in a dry run, would make:
 * addresses such as '10.96.0.1/32'.
 */
export interface Reconciled {
  /** Addresses that the link did not have. */
  readonly added: readonly string[];
  /**
   * Addresses that were deleted, or were gone by then, including IPv6 addresses that were added
   * again with another prefix length or peer, or because the detection of duplicates blocks them.
   */
  readonly removed: readonly string[];
  /**
   * Addresses that the link had, and that got other lifetimes or, for IPv6, other flags; and
   * secondary IPv4 addresses that were restored as they were, because the kernel deletes them with
   * the first address of their network.
   */
  readonly updated: readonly string[];
}

const KEYS = new Set(['prune', 'family', 'dryRun', 'maxDeletions', 'signal'] as const);

/**
 * Changes that are sent together, except that a deletion is sent with all additions that belong to
 * it. They take the kernel some milliseconds where a link has thousands of addresses.
 */
const CHUNK = 64;

/** The operation for each kind of change, and the list of the result that the address goes to. */
const CHANGES = {
  add: { operation: linkOperations.addPlanned, list: 'added' },
  replace: { operation: linkOperations.replacePlanned, list: 'updated' },
  delete: { operation: linkOperations.deletePlanned, list: 'removed' },
} as const satisfies Record<ChangeKind, { operation: unknown; list: keyof Reconciled }>;

/**
 * Gives a link the wanted addresses, in chunks between which other operations are executed.
 * @internal
 */
export function* reconcile(
  link: LinkReference,
  wanted: readonly AddressConfig[],
  options: ReconcileAddressesOptions | undefined,
): Routine<LinkTypes, Reconciled> {
  const addresses = readWanted(link, wanted);
  const { prune, family, dryRun, maxDeletions, signal } = readReconcileOptions(options);
  throwIfAborted(signal);

  const [planned] = yield* send([
    call(linkOperations.planAddresses, link, addresses, prune, family),
  ]);
  const plan = fulfilledValue(planned);
  const name = typeof link === 'string' ? link : undefined;
  const subject = describeArgument(name ?? `link ${plan.link.index}`);
  if (!dryRun) checkDeletions(plan, maxDeletions, subject);
  const done: Record<keyof Reconciled, string[]> = { added: [], removed: [], updated: [] };
  const errors = new Map<number, IpvsError>();
  for (const chunk of plan.chunks(CHUNK)) {
    throwIfAborted(signal);
    // The result of a refused change says why, and nothing is sent to the kernel for it.
    const calls = dryRun ? chunk.filter((change) => plan.isRefused(change)) : chunk;
    const results = yield* make(plan, calls, name);
    for (const [index, change] of calls.entries()) {
      const result = results[index];
      if (result?.status === 'fulfilled') continue;
      if (!(result?.reason instanceof IpvsError)) throw result?.reason;
      errors.set(change, result.reason);
    }
    const restored = yield* restore(plan, calls, results, name);
    for (const change of chunk) {
      if (errors.has(change) || restored.has(change)) continue;
      done[CHANGES[plan.kindOf(change)].list].push(plan.addressOf(change));
    }
  }
  if (errors.size === 0) return done;
  const refused = [...errors.values()];
  const failed = howMany(refused.length, plan.changes.length);
  throw new ReconcileError(
    'reconcileAddresses',
    `reconcileAddresses ${subject}: ${failed} not made: ${refused[0]?.message}`,
    refused,
    done,
  );
}

/** Makes changes of a plan together, and returns their results. */
function* make(
  plan: AddressPlan,
  changes: readonly number[],
  name: string | undefined,
): Routine<LinkTypes, readonly PromiseSettledResult<boolean>[]> {
  if (changes.length === 0) return [];
  return yield* send(
    changes.map((change) => call(CHANGES[plan.kindOf(change)].operation, plan, change, name)),
  );
}

/**
 * Restores the addresses that were deleted to be added again with other settings, which failed.
 * @returns the deletions that are undone
 */
function* restore(
  plan: AddressPlan,
  changes: readonly number[],
  made: readonly PromiseSettledResult<boolean>[],
  name: string | undefined,
): Routine<LinkTypes, ReadonlySet<number>> {
  const lost = changes.filter((change, place) => {
    const [deletion, addition] = made.slice(place, place + 2);
    const isDeleted = deletion?.status === 'fulfilled' && deletion.value;
    return plan.isReplaced(change) && isDeleted && addition?.status === 'rejected';
  });
  if (lost.length === 0) return new Set();
  const { addPlanned } = linkOperations;
  const results = yield* send(lost.map((deletion) => call(addPlanned, plan, deletion, name)));
  return new Set(lost.filter((_, index) => results[index]?.status === 'fulfilled'));
}

function readReconcileOptions(options: unknown) {
  const { prune, family, dryRun, maxDeletions, signal } = readOptions(options, KEYS);
  return {
    prune: prune !== undefined && checkPrune(prune),
    family,
    dryRun: dryRun !== undefined && checkBoolean('options.dryRun', dryRun),
    maxDeletions: checkMaxDeletions(maxDeletions),
    signal: checkSignal('options.signal', signal),
  };
}

function checkPrune(prune: unknown): boolean | PrunePredicate {
  if (typeof prune === 'boolean') return prune;
  if (typeof prune !== 'function') {
    throw wrongType('options.prune', prune, 'a boolean or a function');
  }
  // The plan checks what the function returns.
  return prune as PrunePredicate;
}

/** Refuses a plan that deletes more than `most` addresses. */
function checkDeletions(plan: AddressPlan, most: number, target: string): void {
  const { length } = plan.changes.filter((change) => plan.kindOf(change) === 'delete');
  if (length <= most) return;
  const operation = 'reconcileAddresses';
  const objects = `${length} ${length === 1 ? 'address' : 'addresses'}`;
  throw new IpvsError(tooManyDeletionsMessage(operation, target, objects, most), {
    code: 'ERR_IPVS_TOO_MANY_DELETIONS',
    operation,
    target,
  });
}

function readWanted(link: unknown, wanted: unknown): unknown[] {
  try {
    return readArray('wanted', wanted, 'an array of addresses', (address) => address);
  } catch (error) {
    throw swappedArgumentsError(error, link, wanted);
  }
}

function howMany(failed: number, all: number): string {
  if (all === 1) return 'the change was';
  return `${failed} of ${all} changes ${failed === 1 ? 'was' : 'were'}`;
}
