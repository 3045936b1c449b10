/**
 * What a scenario is.
 * @module
 */
import type { ScenarioContext } from './context.js';

export interface Scenario {
  readonly name: string;
  readonly about: string;
  /** How many rounds in full and in short; or the share of the minutes, among those that go on as long as they may. */
  readonly length: { readonly full: number; readonly quick: number } | { readonly share: number };
  /** Whether it takes a kernel that is the tests' own. */
  readonly ours?: true;
  /** By how many MiB the memory of the process may be larger at its end than after the warm-up. */
  readonly room: number;
  run(context: ScenarioContext): Promise<void>;
}
