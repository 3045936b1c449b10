/**
 * The director: keeps the kernel at a wanted state.
 * @module
 */
import { checkArguments } from './core/arguments.js';
import { lazyPart } from './core/load-part.js';
import { registerEntries, registerEntry, withAwaitStack } from './core/stack.js';
import { withDebugLog } from './queue/open-debug-log.js';
import type { DirectorEvents, DirectorEventsOptions } from './state/director/events.js';
import type { DirectorLoop } from './state/director/loop.js';
import type { ApplyOptions, DirectorOptions, DirectorState } from './state/director/types.js';
import type { State } from './state/types.js';

/** Restricts the constructor to this module. */
const KEY = Symbol('Director');

const loadInternals = lazyPart(withDebugLog(() => import('./director-internals.js')));

/**
 * Keeps services, their destinations and their virtual addresses as they are wanted: the long-lived
 * form of {@link Ipvs.reconcile}, for agents. It owns a part of the table, drains what is not
 * wanted any more, repairs what other programs change, and tries again what was refused.
 *
 * With `link`, a virtual address comes after the services that answer on it. It goes when they have
 * drained, just before they are deleted.
 *
 * The director keeps nothing outside the kernel. One that is started again continues where the one
 * before it has ended: destinations of weight 0 that it owns and that are not wanted are draining.
 *
 * It takes a step at each `apply()`, every `resync` milliseconds, and once a second while something
 * drains. It does not keep the process alive between these steps: see {@link DirectorEvents.ref}.
 * @example
 * ```ts
 * import { Director } from 'ipvs';
 *
 * const director = await Director.open({
 *   owns: { link: 'vip0' },
 *   link: 'vip0',
 *   drain: { timeout: 30_000 },
 * });
 * const destinations = [{ address: '10.1.1.2', port: 8080, forwarding: 'masquerade' }] as const;
 * await director.apply({
 *   services: [{ protocol: 'tcp', address: '10.96.0.1', port: 80, destinations }],
 * });
 * console.log(director.state().lastSync);
 * await director.close();
 * ```
 */
export class Director implements AsyncDisposable {
  readonly #loop: DirectorLoop;

  /** Not for callers: use {@link Director.open}. */
  private constructor(key: symbol, loop: DirectorLoop) {
    if (key !== KEY) throw new TypeError('Illegal constructor: use Director.open()');
    this.#loop = loop;
  }

  /**
   * Opens a director. It changes nothing before the first {@link apply}.
   * @throws TypeError, RangeError: bad options
   * @throws IpvsError the errors of {@link Ipvs.open}
   */
  static open(options: DirectorOptions): Promise<Director>;
  static open(...args: readonly unknown[]): Promise<Director> {
    return withAwaitStack(Director.#open(args));
  }

  static async #open(args: readonly unknown[]): Promise<Director> {
    const { openDirector } = await loadInternals('open');
    return new Director(KEY, await openDirector(args));
  }

  /**
   * Wants this state from now on, instead of the one before. Resolves when the kernel is as this
   * state or a newer one wants it, apart from destinations that drain. Calls that are made while
   * the director is at work are merged: it goes on with the newest state.
   *
   * The state is read and checked at the call; later changes of the object have no effect.
   * @param options which addresses the director's link should have
   * @throws TypeError, RangeError: bad input; the state before stays wanted
   * @throws ReconcileError: some changes were refused, and the others made. The state stays wanted:
   *   the director tries again, after 1 second at first, then after twice the time, up to `resync`.
   *   Other services are not affected
   * @throws IpvsError ERR_IPVS_CLOSED; others, such as EPERM and ETIMEDOUT: the kernel could not be
   *   asked. The director tries again in the same way
   */
  apply(state: State, options?: ApplyOptions): Promise<void>;
  apply(...args: readonly unknown[]): Promise<void> {
    return withAwaitStack(this.#loop.apply(args));
  }

  /**
   * Events from now on: `for await (const event of director.events().ref())`. There may be several
   * consumers; each gets all events.
   * @throws TypeError: bad options; IpvsError ERR_IPVS_CLOSED: both at the call
   * @example
   * ```ts
   * import { Director } from 'ipvs';
   *
   * const director = await Director.open({ owns: { ports: [80, 80] } });
   * const events = director.events().ref();
   * void director.apply({ services: [{ protocol: 'tcp', address: '10.96.0.1', port: 80 }] });
   * for await (const event of events) {
   *   if (event.type === 'refused') console.error(event.error.message);
   *   if (event.type !== 'changed') continue;
   *   console.log(event.diff); // + tcp://10.96.0.1:80
   *   break;
   * }
   * await director.close();
   * ```
   */
  events(options?: DirectorEventsOptions): DirectorEvents;
  events(...args: readonly unknown[]): DirectorEvents {
    return this.#loop.events(args);
  }

  /** Returns what is wanted, what drains and what was refused, as of the last step. */
  state(): DirectorState;
  state(...args: readonly unknown[]): DirectorState {
    checkArguments('state', args, 0, () => undefined);
    return this.#loop.state();
  }

  /**
   * Ends the director. The kernel stays as it is: services go on, and draining destinations keep
   * weight 0. A step that runs is finished; calls of {@link apply} that wait for another one reject
   * with ERR_IPVS_CLOSED. Iterators of events end. A second call returns the same promise.
   */
  close(): Promise<void> {
    return this.#loop.close();
  }

  /** {@link close}, for `await using`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

registerEntries(Director.prototype);
registerEntry('open', Director.open);
