/**
 * Reconciliation: compares the table with a desired state, and changes what differs.
 *
 * The addon plans, while it reads the table: it compares the wanted records with the listed ones,
 * and only changes become requests and, if the caller reads them, objects.
 * @module
 */

import { IpvsError, isIpvsError, operationError } from '../core/errors.js';
import { ReconcileError } from '../core/reconcile-error.js';
import { isPruned, tooManyDeletionsMessage } from '../core/reconcile-options.js';
import { throwIfAborted } from '../core/signals.js';
import type { IpvsQueue, IpvsTypes } from '../ipvs/client.js';
import { decodeServiceEntry } from '../ipvs/decode-service.js';
import { formatServiceAt } from '../ipvs/keys.js';
import { RequestBuffer } from '../ipvs/request-buffer.js';
import { asNumber } from '../ipvs/stats.js';
import type { Native, NativeChanges, NativeHandle, NativePlan } from '../native/addon.js';
import { layout } from '../native/layout.js';
import { Records } from '../native/records.js';
import { runBatch } from '../queue/batch-chunks.js';
import { EncodedBatch } from '../queue/encoded-batch.js';
import { type Routine, run } from '../queue/routine.js';
import { drainingOf, MadeChanges, PlannedRequests } from './changes.js';
import { duplicateError, type EncodedState, encodeState } from './encode-state.js';
import { type CheckedOptions, checkReconcileOptions } from './options.js';
import { ReconcileResult } from './result.js';
import { type CheckedScope, type Matches, withAddresses } from './scope.js';
import type { ReconcileOptions, State, Unchanged } from './types.js';

/** The parts of a handle that a reconciliation uses. */
export interface StateAccess {
  readonly native: Pick<Native, 'Plan'>;
  readonly handle: NativeHandle;
  readonly queue: IpvsQueue;
  /** Returns the addresses of a link; none if there is no such link. */
  readonly addressesOf: (link: string) => Routine<never, readonly string[]>;
}

/** Plans, while other programs change the table at the same time. */
const ATTEMPTS = 6;
/** The services and destinations that are read in one job: some milliseconds. */
const CHUNK = 1024;
/** The requests that are in memory together when they are sent: half a megabyte. */
const SENT = 4096;

const { size: ENTRY_SIZE, fields: ENTRY } = layout.serviceEntry;

/**
 * The memory of earlier calls, which the next one uses again: programs reach one state again and
 * again, and new memory costs more than the comparison. Absent while a call uses it.
 */
const spare: {
  wanted?: RequestBuffer | undefined;
  /** The result that may still read the wanted records. */
  reader?: WeakRef<ReconcileResult> | undefined;
  sent?: RequestBuffer | undefined;
} = {};

/** Returns the routine of `reconcile()`. @internal */
export function reconcileWith(access: StateAccess) {
  return function* reconcile(
    state: State,
    options: ReconcileOptions | undefined,
  ): Routine<IpvsTypes, ReconcileResult> {
    const { wanted: memory, reader } = spare;
    spare.wanted = undefined;
    reader?.deref()?.keep();
    memory?.clear();
    const wanted = encodeState(state, 'reconcile', memory);
    const checked = checkReconcileOptions(options);
    throwIfAborted(checked.signal);
    const result = yield* reach(access, wanted, checked);
    spare.wanted = wanted.requests;
    spare.reader = new WeakRef(result);
    return result;
  };
}

/** Returns a buffer to send requests from. */
function bufferFor(count: number): RequestBuffer {
  const { sent } = spare;
  if (sent === undefined || sent.capacity < count) return new RequestBuffer(count);
  spare.sent = undefined;
  return sent;
}

/**
 * Checks that a state wants nothing twice.
 * @throws TypeError
 */
export function checkDuplicates({ Plan }: Pick<Native, 'Plan'>, wanted: EncodedState): void {
  const duplicate = new Plan(wanted.requests.bytes(), 0, false, 0, false).duplicate();
  if (duplicate !== undefined) throw duplicateError(wanted, duplicate);
}

/** Reaches a state: plans and sends changes until no other program interferes. */
export function* reach(
  access: StateAccess,
  wanted: EncodedState,
  options: CheckedOptions,
): Routine<IpvsTypes, ReconcileResult> {
  const { signal, dryRun, maxDeletions } = options;
  const made: MadeChanges[] = [];
  let deletions = 0;
  let first: Unchanged | undefined;
  for (let attempt = 1; ; attempt++) {
    const { changes, planned } = yield* plan(access, wanted, options);
    first ??= { services: changes.unchangedServices, destinations: changes.unchangedDestinations };
    const unchanged = first;
    const result = (...parts: MadeChanges[]) =>
      new ReconcileResult([...made, ...parts], unchanged, drainingOf(changes));
    if (dryRun) return result(new MadeChanges(planned, new Set()));
    if (maxDeletions !== Infinity) deletions += planned.deletions;
    if (deletions > maxDeletions) {
      throw tooManyDeletions(deletions, maxDeletions, attempt === 1 ? undefined : result());
    }
    throwIfAborted(signal);
    const { failed, errors, raced } = yield* send(access, planned, signal, attempt < ATTEMPTS);
    const part = new MadeChanges(planned, failed);
    if (!raced && errors.length > 0)
      throw failure(planned.count, failed.size, errors, result(part));
    if (!raced) return result(part);
    made.push(part);
  }
}

/** Reads the table, and plans the changes. */
function* plan(
  access: StateAccess,
  wanted: EncodedState,
  { prune, draining, compared, signal }: CheckedOptions,
): Routine<IpvsTypes, { readonly changes: NativeChanges; readonly planned: PlannedRequests }> {
  const { native, handle } = access;
  const plan = new native.Plan(
    wanted.requests.bytes(),
    compared,
    draining !== undefined,
    draining?.protocols ?? 0,
    draining?.ignoresInactive ?? false,
  );
  const duplicate = plan.duplicate();
  if (duplicate !== undefined) throw duplicateError(wanted, duplicate);
  const unwanted = yield* run({
    begin: () => plan.readServices(handle),
    runSync: () => plan.readServicesSync(handle),
  });
  plan.prune(yield* choose(access, prune, new Records(unwanted)));
  yield* readDestinations(plan, handle, signal);
  const changes = plan.finish();
  const write: NativePlan['write'] = (first, requests) => plan.write(first, requests);
  return { changes, planned: new PlannedRequests(changes, write) };
}

function* readDestinations(
  plan: NativePlan,
  handle: NativeHandle,
  signal: AbortSignal | undefined,
): Routine<IpvsTypes, void> {
  for (let more = true; more; ) {
    throwIfAborted(signal);
    more = yield* run({
      begin: () => plan.readDestinations(handle, CHUNK),
      runSync: () => plan.readDestinationsSync(handle, CHUNK),
    });
  }
}

/** Returns a flag for each of the unwanted services: 1 if it may be deleted. */
function* choose(
  access: StateAccess,
  prune: CheckedOptions['prune'],
  unwanted: Records,
): Routine<IpvsTypes, Uint8Array> {
  const flags = new Uint8Array(unwanted.bytes.length / ENTRY_SIZE);
  if (prune === false || flags.length === 0) return flags;
  if (prune === true) return flags.fill(1);
  if (typeof prune === 'function') {
    for (let index = 0; index < flags.length; index++) {
      const base = index * ENTRY_SIZE;
      const service = decodeServiceEntry(unwanted, base, asNumber);
      const name = formatServiceAt(unwanted, base + ENTRY.service.offset);
      flags[index] = isPruned(prune, service, name) ? 1 : 0;
    }
    return flags;
  }
  const matchers: Matches[] = [];
  for (const scope of prune) matchers.push(yield* matcherOf(access, scope));
  for (let index = 0; index < flags.length; index++) {
    const base = index * ENTRY_SIZE + ENTRY.service.offset;
    flags[index] = matchers.some((matches) => matches(unwanted, base)) ? 1 : 0;
  }
  return flags;
}

function* matcherOf(access: StateAccess, { matches, link }: CheckedScope): Routine<never, Matches> {
  if (link === undefined) return matches;
  const isOfLink = withAddresses(yield* access.addressesOf(link));
  return (records, base) => matches(records, base) && isOfLink(records, base);
}

/** The results of the requests of a plan. */
interface Sent {
  /** The indexes of the requests that changed nothing. */
  readonly failed: ReadonlySet<number>;
  /** The errors of changes that were refused. */
  readonly errors: readonly IpvsError[];
  /** True if another program was faster, so that another plan is needed. */
  readonly raced: boolean;
}

/**
 * Sends the requests of a plan.
 * @param retries true if a lost race is no error yet
 * @throws the reason of the signal if it has ended the call before all requests were sent
 */
function* send(
  access: StateAccess,
  planned: PlannedRequests,
  signal: AbortSignal | undefined,
  retries: boolean,
): Routine<IpvsTypes, Sent> {
  const failures = new Failures(planned, retries);
  const requests = bufferFor(Math.min(planned.count, SENT));
  for (let first = 0; first < planned.count; first += requests.count) {
    const results = yield* sendFrom(access, planned, first, requests, signal);
    // The reason may be an error of this package, which must not pass for one of a request.
    const isEnded = (result?: PromiseSettledResult<unknown>) =>
      result?.status === 'rejected' && Object.is(result.reason, signal?.reason);
    if (isEnded(results.at(-1))) {
      const scheduler = planned.schedulerAfter(first + results.findIndex((each) => isEnded(each)));
      // A service without scheduler would get no connections.
      if (scheduler !== undefined) {
        yield* sendFrom(access, planned, scheduler, new RequestBuffer(1), undefined);
      }
      throwIfAborted(signal);
    }
    failures.add(first, results);
  }
  spare.sent = requests;
  const { failed, errors, raced } = failures;
  return { failed, errors, raced };
}

/** Fills a buffer with the requests of a plan from `first` on, and sends them. */
function sendFrom(
  { queue }: StateAccess,
  planned: PlannedRequests,
  first: number,
  requests: RequestBuffer,
  signal: AbortSignal | undefined,
): Routine<never, readonly PromiseSettledResult<unknown>[]> {
  planned.read(first, requests);
  const batch = EncodedBatch.of(queue.client, requests, (place) => planned.kindOf(first + place));
  return run({
    begin: async () =>
      (await runBatch(queue, [batch], { stopOnError: false, signal, hasPlaces: false })).results,
    runSync: () => queue.exchangeSync('reconcile', batch),
  });
}

/** Sorts the failures of requests: lost races, errors, and what follows from an error. */
class Failures {
  readonly errors: IpvsError[] = [];
  /** The indexes of the requests that failed. */
  readonly failed = new Set<number>();
  raced = false;
  readonly #planned: PlannedRequests;
  readonly #retries: boolean;
  /** Services that could not be added: the requests for them that follow fail for that reason. */
  readonly #refused = new Set<string>();

  constructor(planned: PlannedRequests, retries: boolean) {
    this.#planned = planned;
    this.#retries = retries;
  }

  /** @param first the index of the request with the first result */
  add(first: number, results: readonly PromiseSettledResult<unknown>[]): void {
    // Without an iterator: a plan may have very many results.
    for (let place = 0; place < results.length; place++) {
      const result = results[place];
      if (result?.status === 'rejected') this.#addFailure(first + place, result.reason);
    }
  }

  #addFailure(index: number, reason: unknown): void {
    const { request, lostRaces } = this.#planned.kindOf(index);
    if (!isIpvsError(reason)) throw reason;
    const race = lostRaces[reason.code];
    if (race === 'done') return;
    this.failed.add(index);
    const service = this.#planned.serviceOf(index);
    if (this.#refused.has(service)) return;
    if (race === 'retry' && this.#retries) {
      this.raced = true;
      return;
    }
    if (request === 'addService') this.#refused.add(service);
    this.errors.push(race === 'retry' ? lostRaceError(reason) : reason);
  }
}

/** Returns the error for a race that was lost at each attempt: the caller can add nothing first. */
function lostRaceError(cause: IpvsError): IpvsError {
  const { code, errno, syscall, operation, target, missing } = cause;
  const reason = `another program keeps changing the service at the same time (${code})`;
  return operationError(reason, { code, errno, syscall, operation, target, missing, cause });
}

/**
 * Returns the error for more deletions than are permitted.
 * @param done what was done before, if anything
 */
function tooManyDeletions(
  deletions: number,
  most: number,
  done: ReconcileResult | undefined,
): IpvsError {
  const rest = done === undefined ? 'nothing was changed' : 'the rest was not changed';
  const objects = `${deletions} services and destinations`;
  const message = tooManyDeletionsMessage('reconcile', '', objects, most, rest);
  const code = 'ERR_IPVS_TOO_MANY_DELETIONS';
  const error = new IpvsError(message, { code, operation: 'reconcile' });
  return done === undefined ? error : new ReconcileError('reconcile', message, [error], done);
}

/** Returns the error for changes that were not made. */
function failure(
  planned: number,
  failed: number,
  errors: readonly IpvsError[],
  done: ReconcileResult,
): ReconcileError {
  const were = failed === 1 ? 'was' : 'were';
  const many = `${failed} of ${planned} changes ${were} not made`;
  return new ReconcileError('reconcile', `reconcile: ${many}: ${errors[0]?.message}`, errors, done);
}
