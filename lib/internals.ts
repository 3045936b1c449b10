/**
 * An open connection to IPVS: what is behind {@link Ipvs}. Loaded when a handle is opened, and with
 * it all that only an open handle needs.
 * @module
 */
import { type ConnectionCount, checkCountOptions } from './connections/count.js';
import type { EncodedFilter } from './connections/filter.js';
import { ConnectionReader } from './connections/reader.js';
import type { Run } from './connections/service-facts.js';
import { ConnectionStream, checkStreamOptions } from './connections/stream.js';
import { checkArguments } from './core/arguments.js';
import { isIpvsError } from './core/errors.js';
import { describeInput, isInputError } from './core/input-errors.js';
import { IterableWeakSet } from './core/iterable-weak-set.js';
import { withAwaitStack } from './core/stack.js';
import type { HandleRunner } from './handle-methods.js';
import type { Check } from './host/diagnose/check.js';
import { diagnoseThrough, diagnoseWithout } from './host/diagnose/diagnose.js';
import { SyncSysctlAccess, SysctlAccess } from './host/sysctls.js';
import { type BatchResults, checkBatch, sendBatch } from './ipvs/batch.js';
import { type IpvsQueue, ipvsClient } from './ipvs/client.js';
import type { Destination } from './ipvs/destination.js';
import { operations } from './ipvs/operations.js';
import type { Service } from './ipvs/service.js';
import { readTable, type Snapshot } from './ipvs/snapshot.js';
import { checkWatchOptions, TableWatcher } from './ipvs/watch.js';
import { LinkInternals } from './links/link-internals.js';
import { type Links, linksOf } from './links/links.js';
import type { Native, NativeHandle } from './native/addon.js';
import type { NamespaceTarget } from './native/netns.js';
import { type Opening, opened } from './native/opened.js';
import { type Activity, activityOf, type HandleState } from './queue/activity.js';
import { call } from './queue/operation.js';
import { Queue } from './queue/queue.js';
import { type Routine, routineOf, run } from './queue/routine.js';
import { routinesOf } from './routines.js';
import type { DirectorAccess } from './state/director/step.js';
import type { EncodedState } from './state/encode-state.js';
import type { CheckedOptions } from './state/options.js';
import { checkDuplicates, reach, type StateAccess } from './state/reconcile.js';

/** Checks a state before a handle is open: for the command. */
export { encodeState } from './state/encode-state.js';

/** The queue of a handle, and what uses it. The methods of {@link Ipvs} have the documentation. */
export class Internals {
  readonly promises: HandleRunner<'promise'>;
  readonly values: HandleRunner<'value'>;
  readonly sysctls: SysctlAccess;
  readonly syncSysctls: SyncSysctlAccess;
  readonly links: Links;
  readonly #native: Native;
  readonly #handle: NativeHandle;
  readonly #netns: NamespaceTarget;
  readonly #queue: IpvsQueue;
  readonly #state: StateAccess;
  /** Held weakly, so that a watcher that is no longer used can be collected. */
  readonly #watchers = new IterableWeakSet<TableWatcher>();

  constructor(native: Native, handle: NativeHandle, netns: NamespaceTarget) {
    const openLinks = () =>
      linksOf(new LinkInternals(native, handle, netns.label, () => undefined));
    const links = openLinks();
    const client = ipvsClient(handle, netns.label, async () => {
      await links.close();
      handle.close();
    });
    const queue: IpvsQueue = new Queue(client);
    this.#state = {
      native,
      handle,
      queue,
      // Not through the links of callers, which may be closed while a reconciliation is pending.
      addressesOf: (link) => addressesOf(openLinks(), link),
    };
    const routines = routinesOf(this.#state);
    this.promises = {
      operations,
      run: queue.run,
      routines,
      runRoutine: (operation, make, args) => queue.runRoutine(operation, routineOf(make, args)),
    };
    this.values = {
      operations,
      run: queue.runSync,
      routines,
      runRoutine: (operation, make, args) => queue.runRoutineSync(operation, routineOf(make, args)),
    };
    let last: Promise<unknown> = Promise.resolve();
    // One at a time: restoring a parameter must not undo what another call has set.
    this.sysctls = new SysctlAccess((operation, routine) => {
      const done = queue.runRoutine(operation, routine, '', last);
      last = done.catch(() => undefined);
      // V8 knows who awaits a promise only if it has no other reaction.
      return withAwaitStack(done);
    });
    this.syncSysctls = new SyncSysctlAccess((operation, routine) =>
      queue.runRoutineSync(operation, routine),
    );
    this.links = links;
    this.#native = native;
    this.#handle = handle;
    this.#netns = netns;
    this.#queue = queue;
  }

  close(): Promise<void> {
    // The links refuse further operations from now on; the client waits for those that are pending.
    void this.links.close();
    for (const watcher of this.#watchers.list()) watcher.close();
    return this.#queue.close();
  }

  /** See {@link Ipvs.activity}. */
  activity(args: readonly unknown[]): Activity {
    checkArguments('activity', args, 0, () => undefined);
    return activityOf(this.#queue.activity, this.#handle, false);
  }

  get state(): HandleState {
    return this.#queue.state;
  }

  /** Returns what a director does with the handle. */
  directorAccess(): DirectorAccess {
    const { operations, run, runRoutine } = this.promises;
    const reconcile = (wanted: EncodedState, options: CheckedOptions) =>
      reach(this.#state, wanted, options);
    const ifExists = { ifExists: true };
    return {
      check: (wanted) => checkDuplicates(this.#native, wanted),
      reconcile: (wanted, options) => runRoutine('reconcile', reconcile, [wanted, options]),
      // Without options, counters are numbers.
      listServices: () => run(operations.listServices, [undefined]) as Promise<Service[]>,
      listDestinations: async (service) => {
        try {
          return (await run(operations.listDestinations, [service, undefined])) as Destination[];
        } catch (error) {
          if (isIpvsError(error) && error.code === 'ESRCH') return [];
          throw error;
        }
      },
      deleteService: (service) => run(operations.deleteService, [service, ifExists]),
      deleteDestination: (service, destination) =>
        run(operations.deleteDestination, [service, destination, ifExists]),
      links: this.links,
      close: () => this.close(),
    };
  }

  batch(args: readonly unknown[]) {
    return this.#queue.trace('batch', '', async (message) => {
      const [build, options] = checkArguments('batch', args, 2, checkBatch);
      try {
        const outcome = await sendBatch(this.#queue, build, options);
        // The value at each place is of the type of its operation.
        const results = outcome.results as BatchResults;
        const { errors } = outcome;
        if (message !== undefined) {
          Object.assign(message, {
            size: results.length,
            failures: errors.length,
            result: results,
          });
        }
        return { results, errors };
      } catch (error) {
        if (isInputError(error) && error.operation === undefined) describeInput(error, 'batch', '');
        throw error;
      }
    });
  }

  connections(args: readonly unknown[]): ConnectionStream {
    const { filter, origin, signal } = checkArguments('connections', args, 1, checkStreamOptions);
    this.#queue.checkOpen('connections');
    const reader = this.#readerOf('connections', filter, origin);
    const next = () =>
      this.#queue.trace('connections', '', async (message) => {
        const chunk = await reader.next();
        if (message !== undefined) message.result = chunk.count;
        return chunk;
      });
    return new ConnectionStream({ next, close: () => reader.close() }, signal);
  }

  countConnections(args: readonly unknown[]): Promise<ConnectionCount[]> {
    return this.#queue.trace('countConnections', '', async () => {
      const { filter, by } = checkArguments('countConnections', args, 1, checkCountOptions);
      const reader = this.#readerOf('countConnections', filter, false);
      try {
        return await reader.count(by);
      } finally {
        reader.close();
      }
    });
  }

  #readerOf(operation: string, filter: EncodedFilter, origin: boolean): ConnectionReader {
    const access = {
      Cursor: this.#native.Cursor,
      handle: this.#handle,
      runTask: <Value>(task: (run: Run) => Promise<Value>) =>
        this.#queue.taskInOrder(operation, task),
    };
    return new ConnectionReader(access, operation, filter, origin);
  }

  diagnose(schedulers: readonly string[] | undefined): Promise<Check[]> {
    return this.#queue.trace('diagnose', '', () => this.#diagnose(schedulers));
  }

  #diagnose(schedulers: readonly string[] | undefined): Promise<Check[]> {
    return this.#queue.taskInOrder('diagnose', async (run) => {
      const readFiles = (paths: readonly string[]) => this.#handle.readFiles(paths);
      let version: string;
      try {
        ({ version } = await run(call(operations.getInfo)));
      } catch (error) {
        return diagnoseWithout(error, this.#netns, schedulers, readFiles);
      }
      const probe = (name: string) => run(call(operations.probeScheduler, name));
      return diagnoseThrough(version, readFiles, probe, this.#netns, schedulers);
    });
  }

  watch(args: readonly unknown[]): TableWatcher {
    const checked = checkArguments('watch', args, 1, checkWatchOptions);
    this.#queue.checkOpen('watch');
    // Without options, counters are numbers.
    const snapshot = () => this.#queue.runRoutine('watch', readTable('watch')) as Promise<Snapshot>;
    const source = { ...checked, snapshot };
    const watcher = new TableWatcher(source, (ended) => this.#watchers.delete(ended));
    // If the signal is aborted already, the watcher has ended: its first next() throws.
    if (!checked.signal?.aborted) this.#watchers.add(watcher);
    return watcher;
  }
}

/** Returns the addresses of a link, without prefix lengths; none if there is no such link. */
function* addressesOf(links: Links, link: string): Routine<never, readonly string[]> {
  try {
    const listed = yield* run({
      begin: () => links.listAddresses(link),
      runSync: () => links.sync.listAddresses(link),
    });
    return listed.map(({ address }) => address);
  } catch (error) {
    if (isIpvsError(error) && error.code === 'ENODEV') return [];
    throw error;
  }
}

/** Returns the internals of the handle that is being opened. */
export async function internalsOf(opening: Opening, netns: NamespaceTarget): Promise<Internals> {
  const { native, handle } = await opened(opening, netns);
  return new Internals(native, handle, netns);
}

/** Diagnoses a host, through the handle that is being opened if that succeeds. */
export async function diagnoseHost(
  opening: Opening,
  netns: NamespaceTarget,
  schedulers: readonly string[] | undefined,
): Promise<Check[]> {
  let internals: Internals;
  try {
    internals = await internalsOf(opening, netns);
  } catch (error) {
    return diagnoseWithout(error, netns, schedulers);
  }
  try {
    return await internals.diagnose(schedulers);
  } finally {
    await internals.close();
  }
}
