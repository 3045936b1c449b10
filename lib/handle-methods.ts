/**
 * The methods of a handle that a batch does not have: operations of several exchanges, and those
 * that read files of the kernel.
 * @module
 */
import { registerEntries } from './core/stack.js';
import { type Info, readInfo } from './host/info.js';
import { readStatus, type Status } from './host/status.js';
import { readTotals } from './host/totals.js';
import type { IpvsTypes } from './ipvs/client.js';
import { Operations, type Run } from './ipvs/methods.js';
import { readSnapshot, type Snapshot } from './ipvs/snapshot.js';
import type { Big, ReadOptions, Small, Stats } from './ipvs/stats.js';
import type { Returns } from './queue/returns.js';
import { type Routine, routineOf } from './queue/routine.js';

/** Runs the routine of an operation. */
type RunRoutine<How extends keyof Returns<unknown>> = <Value>(
  operation: string,
  routine: Routine<IpvsTypes, Value>,
) => Returns<Value>[How];

/**
 * The operations of a batch, and those that take several exchanges or read files. With {@link Ipvs}
 * they return promises, with {@link SyncIpvs} their values.
 */
export abstract class HandleOperations<How extends 'promise' | 'value'> extends Operations<How> {
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
   * The version of IPVS, the size of its connection table, and whether counters run. IPVS_CMD_GET_INFO, /proc/sys/net/ipv4/vs.
   */
  getInfo(): Returns<Info>[How];
  getInfo(...args: []) {
    return this.#runRoutine('getInfo', routineOf(readInfo, args));
  }

  /**
   * The whole table: all services with their destinations, the newest first (see {@link Snapshot}).
   * `ipvsadm -L`. Sees what was called before it. It is read in parts, between which other
   * operations have their turn, and so may see something of those that are called before it is
   * through; nor is the kernel's listing a transaction: see {@link listServices}.
   */
  snapshot(options?: Small): Returns<Snapshot>[How];
  snapshot(options: Big): Returns<Snapshot<bigint>>[How];
  snapshot(options?: ReadOptions): Returns<Snapshot | Snapshot<bigint>>[How];
  snapshot(...args: [options?: ReadOptions]) {
    return this.#runRoutine('snapshot', routineOf(readSnapshot, args));
  }

  /**
   * The totals of the network namespace: counters and rates of all its services. /proc/net/ip_vs_stats, `ipvsadm -L --stats`'s kernel side.
   */
  getStats(options?: Small): Returns<Stats>[How];
  getStats(options: Big): Returns<Stats<bigint>>[How];
  getStats(options?: ReadOptions): Returns<Stats | Stats<bigint>>[How];
  getStats(...args: Parameters<typeof readTotals>) {
    return this.#runRoutine('getStats', routineOf(readTotals, args));
  }

  /**
   * How the kernel's tables are filled, from Linux 7; undefined on older kernels. /proc/net/ip_vs_status.
   */
  getStatus(): Returns<Status | undefined>[How];
  getStatus(...args: []) {
    return this.#runRoutine('getStatus', routineOf(readStatus, args));
  }
}

registerEntries(HandleOperations.prototype);
