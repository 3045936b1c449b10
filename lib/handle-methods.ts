/**
 * The methods that a handle has and a batch does not: operations of several exchanges, and
 * operations that read files of the kernel.
 * @module
 */
import { registerEntries } from './core/stack.js';
import type { Info } from './host/info.js';
import type { Status } from './host/status.js';
import type { IpvsTypes } from './ipvs/client.js';
import { Methods, type Runner } from './ipvs/methods.js';
import type { Snapshot } from './ipvs/snapshot.js';
import type { BigintOptions, NumberOptions, ReadOptions, Stats } from './ipvs/stats.js';
import type { Returns } from './queue/returns.js';
import type { Routine } from './queue/routine.js';
import type { Routines } from './routines.js';
import type { ReconcileResult } from './state/result.js';
import type { ReconcileOptions, State } from './state/types.js';

/** The definitions of the operations of a handle, and what runs them. @internal */
export interface HandleRunner<How extends keyof Returns<unknown>> extends Runner<How> {
  readonly routines: Routines;
  readonly runRoutine: <Value, Args extends readonly unknown[]>(
    operation: string,
    make: (...args: Args) => Routine<IpvsTypes, Value>,
    args: Args,
  ) => Returns<Value>[How];
}

/** The arguments of the routine of a method. */
type Given<Name extends keyof Routines> = Parameters<Routines[Name]>;

/**
 * The operations of a batch, and those that take several exchanges or read files. Those of
 * {@link Ipvs} return promises, those of {@link SyncIpvs} their values.
 */
export abstract class HandleMethods<How extends 'promise' | 'value'> extends Methods<How> {
  readonly #runner: HandleRunner<How>;

  /**
   * Not for callers.
   * @internal
   */
  protected constructor(runner: HandleRunner<How>) {
    super(runner);
    this.#runner = runner;
  }

  /**
   * Returns the version of IPVS, the size of its connection table, and whether counters are
   * updated. IPVS_CMD_GET_INFO, /proc/sys/net/ipv4/vs.
   */
  getInfo(): Returns<Info>[How];
  getInfo(...args: Given<'getInfo'>) {
    return this.#runner.runRoutine('getInfo', this.#runner.routines.getInfo, args);
  }

  /**
   * Returns the whole table: all services with their destinations, the newest destination first
   * (see {@link Snapshot}). `ipvsadm -L`. The table shows the effect of every operation that was
   * called before. It is read in chunks, between which other operations are executed, so that it
   * may also show some effects of operations that are called while it is read. The kernel's listing
   * is not a transaction either: see {@link listServices}.
   * @example
   * ```ts
   * import { formatServiceReference, Ipvs } from 'ipvs';
   *
   * const ipvs = await Ipvs.open();
   * await ipvs.ensureService({ protocol: 'tcp', address: '10.96.0.1', port: 80 });
   * const { services } = await ipvs.snapshot();
   * for (const { destinations, ...service } of services) {
   *   console.log(formatServiceReference(service), service.scheduler, service.stats.connections);
   *   for (const { address, port, weight } of destinations) console.log(address, port, weight);
   * }
   * await ipvs.close();
   * ```
   */
  snapshot(options?: NumberOptions): Returns<Snapshot>[How];
  snapshot(options: BigintOptions): Returns<Snapshot<bigint>>[How];
  snapshot(options?: ReadOptions): Returns<Snapshot | Snapshot<bigint>>[How];
  snapshot(...args: Given<'snapshot'>) {
    return this.#runner.runRoutine('snapshot', this.#runner.routines.snapshot, args);
  }

  /**
   * Gives the table the wanted services and destinations: compares them with the kernel's, and
   * changes what differs. What the state does not name stays, unless `prune` says otherwise.
   * Traffic goes on: new services and destinations are added first, objects are changed in place,
   * and deletions come last.
   *
   * The kernel has no transactions. A change that is refused stops no other. If another program
   * changes the table at the same time, the difference is determined again, some times.
   * @param state the wanted services with their destinations; a {@link Snapshot} is a state
   * @returns the changes; `String(result)` is a text for people
   * @throws TypeError, RangeError: bad input, such as a service that is wanted twice; nothing was
   *   sent
   * @throws IpvsError ERR_IPVS_TOO_MANY_DELETIONS: more than `maxDeletions`; nothing was changed
   * @throws ReconcileError: some changes were refused; the others were made
   * @throws the signal's reason if it is aborted; the changes that were made stay
   * @example
   * ```ts
   * import { Ipvs } from 'ipvs';
   *
   * const ipvs = await Ipvs.open();
   * const destinations = [{ address: '10.1.1.2', port: 6443, forwarding: 'masquerade' }] as const;
   * const result = await ipvs.reconcile(
   *   { services: [{ protocol: 'tcp', address: '10.96.0.1', port: 443, destinations }] },
   *   { prune: { networks: ['10.96.0.0/12'] }, drain: true },
   * );
   * console.log(String(result)); // + tcp://10.96.0.1:443
   * await ipvs.close();
   * ```
   */
  reconcile(state: State, options?: ReconcileOptions): Returns<ReconcileResult>[How];
  reconcile(...args: Given<'reconcile'>) {
    return this.#runner.runRoutine('reconcile', this.#runner.routines.reconcile, args);
  }

  /**
   * Returns the totals of the network namespace: the counters and rates of all its services.
   * /proc/net/ip_vs_stats.
   */
  getStats(options?: NumberOptions): Returns<Stats>[How];
  getStats(options: BigintOptions): Returns<Stats<bigint>>[How];
  getStats(options?: ReadOptions): Returns<Stats | Stats<bigint>>[How];
  getStats(...args: Given<'getStats'>) {
    return this.#runner.runRoutine('getStats', this.#runner.routines.getStats, args);
  }

  /**
   * Returns how full the kernel's tables are, or undefined on kernels older than Linux 7.
   * /proc/net/ip_vs_status.
   */
  getStatus(): Returns<Status | undefined>[How];
  getStatus(...args: Given<'getStatus'>) {
    return this.#runner.runRoutine('getStatus', this.#runner.routines.getStatus, args);
  }
}

registerEntries(HandleMethods.prototype);
