/**
 * Tables of names and numbers of the kernel.
 * @module
 */
import { checkName } from './check.js';

/**
 * A number of the kernel without a name in this package, which other programs may write. It is
 * accepted in references, and in objects from the kernel, which have `stats`, so that such an
 * object can be deleted, or written back unchanged. It is refused everywhere else.
 */
export type Unknown = `unknown-${number}`;

const UNKNOWN = /^unknown-(0|[1-9]\d{0,9})$/;

/** Returns the N of 'unknown-N' if it is at most `max`; undefined for anything else. */
export function unknownNumber(name: unknown, max: number): number | undefined {
  const [, digits] = typeof name === 'string' ? (UNKNOWN.exec(name) ?? []) : [];
  return digits === undefined || Number(digits) > max ? undefined : Number(digits);
}

/** A table of names and their numbers, for lookups in both directions. */
export class NameTable<Name extends string> {
  readonly names: readonly Name[];
  readonly #numbers: ReadonlyMap<string, number>;
  /** The names by number. All numbers are small. */
  readonly #byNumber: readonly (Name | undefined)[];

  constructor(numbers: Readonly<Record<Name, number>>) {
    // Object.keys() returns the keys of the record, which are names.
    this.names = Object.keys(numbers) as Name[];
    this.#numbers = new Map(Object.entries<number>(numbers));
    const byNumber: (Name | undefined)[] = [];
    for (const name of this.names) byNumber[numbers[name]] = name;
    this.#byNumber = byNumber;
  }

  /** Returns the number of a name; undefined if the table does not have it. */
  find(name: unknown): number | undefined {
    // A map has no entry for what is no string.
    return this.#numbers.get(name as string);
  }

  /**
   * Returns the number of a name.
   * @throws TypeError if the table does not have the name
   */
  number(property: string, name: unknown): number {
    const number = this.find(name);
    if (number === undefined) checkName(property, name, this.names);
    return number ?? 0;
  }

  /**
   * Returns the number of a name of the table, or the N of 'unknown-N' up to `max`.
   * @throws TypeError if the name is neither
   */
  numberOrUnknown(property: string, name: unknown, max: number): number {
    return this.find(name) ?? unknownNumber(name, max) ?? this.number(property, name);
  }

  /** Returns the name of a number. */
  name(number: number): Name | Unknown {
    return this.#byNumber[number] ?? `unknown-${number}`;
  }
}
