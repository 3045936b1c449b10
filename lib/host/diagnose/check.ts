/**
 * The result of checking one aspect of a host.
 * @module
 */

/** The result of checking one aspect of a host. */
export interface Check {
  /** 'ip_vs', 'capability', 'scheduler mh', 'ip_forward' ... */
  readonly name: string;
  /**
   * - `ok`: as it should be
   * - `warning`: works, but often not as wished
   * - `missing`: whatever needs it does not work
   * - `unknown`: cannot be determined from here
   */
  readonly status: 'ok' | 'warning' | 'missing' | 'unknown';
  /** The finding, in words. */
  readonly detail: string;
  /**
   * A shell command for root that fixes it, complete; null where no command that could be run here
   * does.
   */
  readonly remedy: string | null;
}

/** @internal */
export const check = (
  name: string,
  status: Check['status'],
  detail: string,
  remedy: string | null = null,
): Check => ({ name, status, detail, remedy });

/** Reads files in the network namespace in question: the text, or the positive errno. */
export type ReadFiles = (paths: readonly string[]) => Promise<readonly (string | number)[]>;
