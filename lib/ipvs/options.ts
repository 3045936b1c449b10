/**
 * Options and results of the operations of IPVS.
 * @module
 */

/**
 * The result of an ensure:
 * - `created`: the object did not exist
 * - `updated`: the object existed, and has the wanted settings now. It may have had them before: to
 *   find out would take another exchange
 */
export type Ensured = 'created' | 'updated';

/** Options of updates. */
export interface UpdateOptions {
  /**
   * If true, it is not an error if the object does not exist, and the update resolves to false.
   * Default: false.
   */
  readonly ifExists?: boolean | undefined;
}

/** Options of `stopSyncDaemon()`. */
export interface StopOptions {
  /**
   * If true, it is not an error if no daemon of this role runs, and the operation resolves to
   * false. Default: false.
   */
  readonly ifRunning?: boolean | undefined;
}
