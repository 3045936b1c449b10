/**
 * The type of a scenario.
 * @module
 */
import type { ScenarioContext } from './context.js';

export interface Scenario {
  readonly name: string;
  readonly about: string;
  /** Rounds in a full and in a quick run; or its share of the minutes, for scenarios without an end. */
  readonly length: { readonly full: number; readonly quick: number } | { readonly share: number };
  /** True if it needs a kernel that was booted for the tests. */
  readonly needsOwnKernel?: true;
  /** MiB by which the process may grow between its warm-up and its end. */
  readonly room: number;
  run(context: ScenarioContext): Promise<void>;
}
