/**
 * Reconciliation of a link's addresses with those that are wanted.
 * @module
 */
import { describeArgument } from '../core/arguments.js';
import { checkBoolean, readArray, readOptions } from '../core/check.js';
import { checkSignal } from '../core/check-signal.js';
import { IpvsError } from '../core/errors.js';
import { ReconcileError } from '../core/reconcile-error.js';
import { throwIfAborted } from '../core/signals.js';
import { call } from '../queue/operation.js';
import { fulfilledValue } from '../queue/results.js';
import { type Routine, send } from '../queue/routine.js';
import type { AddressConfig } from './address.js';
import type { LinkTypes } from './client.js';
import type { LinkReference } from './link-reference.js';
import { linkOperations } from './operations.js';
import type { ChangeKind } from './plan.js';
import type { Reconciled } from './reconciled.js';
import { swappedArgumentsError } from './swapped-arguments.js';

/** Options of {@link Links.reconcileAddresses}. */
export interface ReconcileOptions {
  /**
   * True: addresses that are not wanted are deleted, except those that the kernel itself adds to
   * links: IPv6 link-local addresses (fe80::/10, whoever has added them), and 127.0.0.1/8 and ::1
   * of loopback. Default false.
   */
  readonly prune?: boolean | undefined;
  /** Only addresses of this family are looked at, and deleted. Default: both. */
  readonly family?: 'ipv4' | 'ipv6' | undefined;
  /**
   * Stops it between two chunks of changes: it rejects with the signal's reason, and the changes
   * that were made stay.
   */
  readonly signal?: AbortSignal | undefined;
}

const KEYS = new Set(['prune', 'family', 'signal'] as const);

/**
 * Changes that are sent together. They take the kernel some milliseconds where a link has thousands
 * of addresses.
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
  options: ReconcileOptions | undefined,
): Routine<LinkTypes, Reconciled> {
  const addresses = readWanted(link, wanted);
  const { prune, family, signal: unchecked } = readOptions(options, KEYS);
  const prunes = prune !== undefined && checkBoolean('options.prune', prune);
  const signal = checkSignal('options.signal', unchecked);
  throwIfAborted(signal);

  const [planned] = yield* send([
    call(linkOperations.planAddresses, link, addresses, prunes, family),
  ]);
  const plan = fulfilledValue(planned);
  const name = typeof link === 'string' ? link : undefined;
  const done: Record<keyof Reconciled, string[]> = { added: [], removed: [], updated: [] };
  const errors: IpvsError[] = [];
  for (let first = 0; first < plan.changes.length; first += CHUNK) {
    throwIfAborted(signal);
    const chunk = plan.changes.slice(first, first + CHUNK);
    const results = yield* send(
      chunk.map((change) => call(CHANGES[plan.kindOf(change)].operation, plan, change, name)),
    );
    for (const [index, change] of chunk.entries()) {
      const result = results[index];
      if (result?.status === 'fulfilled') {
        done[CHANGES[plan.kindOf(change)].list].push(plan.addressOf(change));
      } else {
        if (!(result?.reason instanceof IpvsError)) throw result?.reason;
        errors.push(result.reason);
      }
    }
  }
  const [first] = errors;
  if (first === undefined) return done;
  const subject = describeArgument(name ?? `link ${plan.link}`);
  const failed = howMany(errors.length, plan.changes.length);
  throw new ReconcileError(
    'reconcileAddresses',
    `reconcileAddresses ${subject}: ${failed} not made: ${first.message}`,
    errors,
    done,
  );
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
