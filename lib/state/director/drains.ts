/**
 * Draining destinations and their deadlines: a pure reducer.
 *
 * The kernel is the memory. A destination in scope that is not wanted and has weight 0 drains,
 * whoever has begun that, so that a restarted director continues. Only its deadline is kept here.
 * @module
 */
import type { DrainingDestination } from '../types.js';

/** A destination that drains. */
export interface Drain extends DrainingDestination {
  /** When it is deleted even if it still has connections, in milliseconds of a monotonic clock. */
  readonly deadline: number;
}

/** The draining destinations, by {@link drainKey}. */
export type Drains = ReadonlyMap<string, Drain>;

/** The draining destinations after a step, and how they differ from those before. */
interface DrainStep {
  readonly drains: Drains;
  readonly begun: readonly Drain[];
  /** The drains that have ended. */
  readonly ended: readonly Drain[];
}

/** Returns the key of a destination among those of all services. */
export function drainKey(service: string, destination: string): string {
  return `${service} ${destination}`;
}

/**
 * Returns the next step.
 * @param listed the destinations that drain according to the table
 * @param timeout the milliseconds that a destination may drain
 */
export function nextDrains(
  drains: Drains,
  listed: readonly DrainingDestination[],
  now: number,
  timeout: number,
): DrainStep {
  const next = new Map<string, Drain>();
  const begun: Drain[] = [];
  for (const each of listed) {
    const key = drainKey(each.service, each.destination);
    const before = drains.get(key);
    const drain = { ...each, deadline: before?.deadline ?? now + timeout };
    next.set(key, drain);
    if (before === undefined) begun.push(drain);
  }
  return {
    drains: next,
    begun,
    ended: [...drains].filter(([key]) => !next.has(key)).map(([, drain]) => drain),
  };
}

/** Returns the destinations whose deadline has passed. */
export function overdueAt(drains: Drains, now: number): Drain[] {
  return [...drains.values()].filter(({ deadline }) => deadline <= now);
}
