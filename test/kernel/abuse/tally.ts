/**
 * The results of operations: their number, their errors, and faults.
 * @module
 */
import { inspect, isDeepStrictEqual } from 'node:util';

/** A tally in messages between processes. */
export interface Counts {
  readonly operations: number;
  /** The number of operations by code. */
  readonly errors: Readonly<Record<string, number>>;
  /** The number of each fault, by its words. */
  readonly faults: Readonly<Record<string, number>>;
}

/** The number of different faults that are reported: of a thousand, most are the same. */
const MAX_FAULTS = 20;
const MAX_WORDS = 2000;

const show = (value: unknown) =>
  inspect(value, { depth: 6, breakLength: Number.POSITIVE_INFINITY }).slice(0, MAX_WORDS);

/** Returns the code of an error, or its message if it has none. */
export function codeOf(error: unknown): string {
  if (error instanceof Error && 'code' in error) return String(error.code);
  return String(error);
}

export class Tally {
  operations = 0;
  #errors: Record<string, number> = {};
  #faults: Record<string, number> = {};

  /** Counts an operation that succeeded or failed. */
  count(code?: string): void {
    this.operations++;
    if (code !== undefined) this.#errors[code] = (this.#errors[code] ?? 0) + 1;
  }

  fault(what: string, times = 1): void {
    const words = what.slice(0, MAX_WORDS);
    const isNew = this.#faults[words] === undefined;
    if (isNew && Object.keys(this.#faults).length >= MAX_FAULTS) return;
    this.#faults[words] = (this.#faults[words] ?? 0) + times;
  }

  /** Counts an operation that may fail only with some codes. Undefined: it succeeded. */
  async settle<Answer>(
    operation: Promise<Answer>,
    codes: readonly string[] = [],
  ): Promise<Answer | undefined> {
    try {
      const answer = await operation;
      this.count();
      return answer;
    } catch (error) {
      const code = codeOf(error);
      this.count(code);
      if (!codes.includes(code)) this.fault(error instanceof Error ? `${error.stack}` : code);
      return undefined;
    }
  }

  same(seen: unknown, expected: unknown, what: string): void {
    if (isDeepStrictEqual(seen, expected)) return;
    this.fault(`${what}: ${show(seen)} instead of ${show(expected)}`);
  }

  /** Adds the counts of another process. */
  add({ operations, errors, faults }: Counts): void {
    this.operations += operations;
    for (const [code, count] of Object.entries(errors)) {
      this.#errors[code] = (this.#errors[code] ?? 0) + count;
    }
    for (const [fault, times] of Object.entries(faults)) this.fault(fault, times);
  }

  /** Returns the counts so far, and starts again at zero. */
  take(): Counts {
    const counts = { operations: this.operations, errors: this.#errors, faults: this.#faults };
    this.operations = 0;
    this.#errors = {};
    this.#faults = {};
    return counts;
  }
}
