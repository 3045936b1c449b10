/**
 * The options of deletions, of IPVS and of links.
 * @module
 */

/** Options of deletions. */
export interface DeleteOptions {
  /**
   * If true, it is not an error if the object does not exist, and the deletion resolves to false.
   * Default: false.
   */
  readonly ifExists?: boolean | undefined;
}
