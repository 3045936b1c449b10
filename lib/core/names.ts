/**
 * The names of what the kernel numbers.
 * @module
 */
import { checkName } from './check.js';

/**
 * A number of the kernel that has no name here, as other programs may write. It is accepted in
 * references, and in objects that were read from the kernel, which have `stats`: such a thing can be
 * deleted, and written as it was. Everywhere else it is refused.
 */
export type Unknown = `unknown-${number}`;

/** The N of 'unknown-N', up to `max`; undefined for anything else. */
export function unknownNumber(name: unknown, max: number): number | undefined {
  const [, digits] = typeof name === 'string' ? (UNKNOWN.exec(name) ?? []) : [];
  return digits === undefined || Number(digits) > max ? undefined : Number(digits);
}

const UNKNOWN = /^unknown-(0|[1-9]\d{0,9})$/;

/** Names and their numbers, both ways. */
export class Names<Name extends string> {
  readonly names: readonly Name[];
  readonly #numbers: ReadonlyMap<string, number>;
  /** By number, which is small. */
  readonly #byNumber: readonly (Name | undefined)[];

  constructor(numbers: Readonly<Record<Name, number>>) {
    // Object.keys() gives the keys of a Record<Name, ...>, which are Names.
    this.names = Object.keys(numbers) as Name[];
    this.#numbers = new Map(Object.entries<number>(numbers));
    const byNumber: (Name | undefined)[] = [];
    for (const name of this.names) byNumber[numbers[name]] = name;
    this.#byNumber = byNumber;
  }

  /** The number of a name. Throws TypeError on any other value. */
  number(property: string, name: unknown): number {
    const number = typeof name === 'string' ? this.#numbers.get(name) : undefined;
    if (number === undefined) checkName(property, name, this.names);
    return number ?? 0;
  }

  /** Likewise, but `unknown-N` is N too, up to `max`. */
  numberOrUnknown(property: string, name: unknown, max: number): number {
    const known = typeof name === 'string' ? this.#numbers.get(name) : undefined;
    if (known !== undefined) return known;
    return unknownNumber(name, max) ?? this.number(property, name);
  }

  name(number: number): Name | Unknown {
    return this.#byNumber[number] ?? `unknown-${number}`;
  }
}
