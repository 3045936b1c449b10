/**
 * The methods that a handle has and a batch does not: operations of several exchanges, and
 * operations that read files of the kernel.
 * @module
 */
import { registerEntries } from './core/stack.js';
import { type Info, readInfo } from './host/info.js';
import { readStatus, type Status } from './host/status.js';
import { readTotals } from './host/totals.js';
import type { IpvsTypes } from './ipvs/client.js';
import { Methods, type Run } from './ipvs/methods.js';
import { readSnapshot, type Snapshot } from './ipvs/snapshot.js';
import type { BigintOptions, NumberOptions, ReadOptions, Stats } from './ipvs/stats.js';
import type { Returns } from './queue/returns.js';
import { type Routine, routineOf } from './queue/routine.js';

/** Runs the routine of an operation. */
type RunRoutine<How extends keyof Returns<unknown>> = <Value>(
  operation: string,
  routine: Routine<IpvsTypes, Value>,
) => Returns<Value>[How];

/**
 * The operations of a batch, and those that take several exchanges or read files. Those of
 * {@link Ipvs} return promises, those of {@link SyncIpvs} their values.
 */
export abstract class HandleMethods<How extends 'promise' | 'value'> extends Methods<How> {
  readonly #runRoutine: RunRoutine<How>;

  /**
   * Not for callers.
   * @internal
   */
  protected constructor(run: Run<How>, runRoutine: RunRoutine<How>) {
    super(run);
    this.#runRoutine = runRoutine;
  }

  /**
   * Returns the version of IPVS, the size of its connection table, and whether counters are
   * updated. IPVS_CMD_GET_INFO, /proc/sys/net/ipv4/vs.
   */
  getInfo(): Returns<Info>[How];
  getInfo(...args: []) {
    return this.#runRoutine('getInfo', routineOf(readInfo, args));
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
  snapshot(...args: [options?: ReadOptions]) {
    return this.#runRoutine('snapshot', routineOf(readSnapshot, args));
  }

  /**
   * Returns the totals of the network namespace: the counters and rates of all its services.
   * /proc/net/ip_vs_stats.
   */
  getStats(options?: NumberOptions): Returns<Stats>[How];
  getStats(options: BigintOptions): Returns<Stats<bigint>>[How];
  getStats(options?: ReadOptions): Returns<Stats | Stats<bigint>>[How];
  getStats(...args: Parameters<typeof readTotals>) {
    return this.#runRoutine('getStats', routineOf(readTotals, args));
  }

  /**
   * Returns how full the kernel's tables are, or undefined on kernels older than Linux 7.
   * /proc/net/ip_vs_status.
   */
  getStatus(): Returns<Status | undefined>[How];
  getStatus(...args: []) {
    return this.#runRoutine('getStatus', routineOf(readStatus, args));
  }
}

registerEntries(HandleMethods.prototype);
