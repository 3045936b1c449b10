/**
 * Virtual addresses and ports, and the Services that claim them. Two may claim the same external IP
 * and port: then the oldest one has it, whatever the order in which they became known.
 * @module
 */
import type { Conflict } from './result.js';

/** A Service that claims. */
export interface Claimant {
  /** 'default/web'. */
  readonly key: string;
  /** When it was created, in milliseconds. */
  readonly created: number;
}

/** All claims. */
export class Claims {
  readonly #owners = new Map<string, Claimant>();
  /** The keys that several Services claim, with all claimants, the owner first. */
  readonly #contested = new Map<string, Claimant[]>();

  /** True if each address and port has one claimant. */
  get areClear(): boolean {
    return this.#contested.size === 0;
  }

  add(frontend: string, claimant: Claimant): void {
    const owner = this.#owners.get(frontend);
    if (owner === undefined) {
      this.#owners.set(frontend, claimant);
      return;
    }
    const all = [...(this.#contested.get(frontend) ?? [owner]), claimant].sort(byAge);
    this.#contested.set(frontend, all);
    this.#owners.set(frontend, all[0] ?? claimant);
  }

  remove(frontend: string, claimant: Claimant): void {
    const all = this.#contested.get(frontend);
    if (all === undefined) {
      this.#owners.delete(frontend);
      return;
    }
    const left = all.filter(({ key }) => key !== claimant.key);
    if (left.length > 1) this.#contested.set(frontend, left);
    else this.#contested.delete(frontend);
    this.#owners.set(frontend, left[0] ?? claimant);
  }

  /** Returns true if the address and port belongs to the claimant. */
  isOwner(frontend: string, { key }: Claimant): boolean {
    return this.#owners.get(frontend)?.key === key;
  }

  get conflicts(): Conflict[] {
    return [...this.#contested].map(([service, [owner, ...others]]) => ({
      service,
      owner: owner?.key ?? '',
      others: others.map(({ key }) => key),
    }));
  }
}

function byAge(a: Claimant, b: Claimant): number {
  if (a.created !== b.created) return a.created < b.created ? -1 : 1;
  return a.key < b.key ? -1 : 1;
}
