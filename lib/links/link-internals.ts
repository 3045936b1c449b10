/**
 * The links of an open handle: what is behind {@link Links}. Loaded when a handle is opened, and
 * with it all that only open links need.
 * @module
 */
import { checkArguments, describeArgument } from '../core/arguments.js';
import { readArray, readOptions } from '../core/check.js';
import { checkSignal } from '../core/check-signal.js';
import { wrongValue } from '../core/input-errors.js';
import { IterableWeakSet } from '../core/iterable-weak-set.js';
import { beginAtCaller } from '../core/stack.js';
import type { Native, NativeHandle } from '../native/addon.js';
import { layout } from '../native/layout.js';
import { nativeCallError } from '../native/native-errors.js';
import type { NamespaceTarget } from '../native/netns.js';
import { type Opening, opened } from '../native/opened.js';
import { type Activity, activityOf, type HandleState } from '../queue/activity.js';
import { Queue } from '../queue/queue.js';
import { routineOf } from '../queue/routine.js';
import { type LinkQueue, linkClient } from './client.js';
import type { LinkRunner } from './methods.js';
import { linkOperations } from './operations.js';
import { reconcile } from './reconcile.js';
import { LinkWatcher } from './watcher.js';

const WATCH_KEYS = new Set(['types', 'signal'] as const);
const WATCH_TYPES = ['link', 'address'] as const;

/** The queue and the watchers of links. */
export class LinkInternals {
  readonly promises: LinkRunner<'promise'>;
  readonly values: LinkRunner<'value'>;
  readonly #native: Native;
  readonly #handle: NativeHandle;
  readonly #queue: LinkQueue;
  /** Held weakly, so that a watcher that is no longer used can be collected. */
  readonly #watchers = new IterableWeakSet<LinkWatcher>();

  /**
   * @param namespace the network namespace, as messages name it
   * @param closeHandle called when the links are closed
   */
  constructor(native: Native, handle: NativeHandle, namespace: string, closeHandle: () => void) {
    const queue: LinkQueue = new Queue(linkClient(native, handle, namespace, closeHandle));
    const name = 'reconcileAddresses';
    const routine = (args: Parameters<typeof reconcile>) =>
      routineOf(reconcile, args, describeArgument);
    this.promises = {
      operations: linkOperations,
      run: queue.run,
      reconcile: (args) => queue.runRoutine(name, routine(args), describeArgument(args[0])),
    };
    this.values = {
      operations: linkOperations,
      run: queue.runSync,
      reconcile: (args) => queue.runRoutineSync(name, routine(args), describeArgument(args[0])),
    };
    this.#native = native;
    this.#handle = handle;
    this.#queue = queue;
  }

  /** See {@link Links.close}. */
  close(): Promise<void> {
    for (const watcher of this.#watchers.list()) void watcher.return();
    return this.#queue.close();
  }

  /** See {@link Links.activity}. */
  activity(args: readonly unknown[]): Activity {
    checkArguments('activity', args, 0, () => undefined);
    return activityOf(this.#queue.activity, this.#handle, true);
  }

  get state(): HandleState {
    return this.#queue.state;
  }

  /** See {@link Links.watch}. */
  watch(args: readonly unknown[]): LinkWatcher {
    const { types, signal } = checkArguments('watch', args, 1, checkWatch);
    this.#queue.checkOpen('watch');
    const { Watcher } = this.#native;
    const mask = types.reduce((sum, type) => sum | layout.watchTypes[type], 0);
    try {
      const watcher = new LinkWatcher(
        (notify) => new Watcher(this.#handle, mask, notify),
        signal,
        (ended) => this.#watchers.delete(ended),
      );
      // If the signal is aborted already, the watcher has ended: its first next() throws.
      if (!signal?.aborted) this.#watchers.add(watcher);
      return watcher;
    } catch (error) {
      throw beginAtCaller(nativeCallError(error, 'watch'), 'watch');
    }
  }
}

/** Returns the internals of the links of a handle that is being opened. */
export async function linkInternalsOf(
  opening: Opening,
  netns: NamespaceTarget,
): Promise<LinkInternals> {
  const { native, handle } = await opened(opening, netns);
  return new LinkInternals(native, handle, netns.label, () => handle.close());
}

function checkWatch(options: unknown) {
  const { types = WATCH_TYPES, signal } = readOptions(options, WATCH_KEYS);
  const rule = "an array of 'link' and 'address'";
  const wrong = () => wrongValue('options.types', types, `is not ${rule}`);
  const wanted = readArray('options.types', types, rule, (type) => {
    const known = WATCH_TYPES.find((each) => each === type);
    if (known === undefined) throw wrong();
    return known;
  });
  if (wanted.length === 0) throw wrong();
  return { types: wanted, signal: checkSignal('options.signal', signal) };
}
