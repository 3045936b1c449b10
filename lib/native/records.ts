/**
 * The packed records that cross to the addon, read and written by the layout that the addon publishes.
 * @module
 */
import { endianness } from 'node:os';
import type { Field, Layout, RecordLayout } from './addon.js';

// The halves of a number of 64 bits.
const [LOW, HIGH] = endianness() === 'LE' ? [0, 1] : [1, 0];
const TWO_TO_32 = 2 ** 32;
/** The capacity of a fresh buffer, in requests. */
const FIRST_CAPACITY = 16;

/**
 * Bytes with the views to read and write them. Every field lies at a multiple of its size, as C++ puts it, and a record at one of its largest
 * field's.
 */
export class Records {
  readonly bytes: Uint8Array;
  readonly #u16: Uint16Array;
  readonly #u32: Uint32Array;

  constructor(buffer: ArrayBuffer) {
    this.bytes = new Uint8Array(buffer);
    this.#u16 = new Uint16Array(buffer);
    this.#u32 = new Uint32Array(buffer);
  }

  /** A larger copy. */
  enlarged(bytes: number): Records {
    const larger = new Records(new ArrayBuffer(bytes));
    larger.bytes.set(this.bytes);
    return larger;
  }

  /** The unsigned number in `field` of the record at `base`: exact to 2^53. Decoders of thousands of records call u16(), u32() or u64(). */
  number(base: number, field: Field): number {
    if (field.size === 4) return this.u32(base, field);
    return field.size === 2 ? this.u16(base, field) : this.u64(base, field);
  }

  /** The number in a field of 16 bits. */
  u16(base: number, { offset }: Field): number {
    return this.#u16[(base + offset) >> 1] ?? 0;
  }

  /** The number in a field of 32 bits. */
  u32(base: number, { offset }: Field): number {
    return this.#u32[(base + offset) >> 2] ?? 0;
  }

  /** The number in a field of 64 bits, exact to 2^53. */
  u64(base: number, { offset }: Field): number {
    const at = (base + offset) >> 2;
    const low = this.#u32[at + LOW] ?? 0;
    const high = this.#u32[at + HIGH] ?? 0;
    return high === 0 ? low : high * TWO_TO_32 + low;
  }

  /** The number in a field of 64 bits, exact. */
  bigint(base: number, field: Field): bigint {
    const at = (base + field.offset) >> 2;
    return (BigInt(this.#u32[at + HIGH] ?? 0) << 32n) | BigInt(this.#u32[at + LOW] ?? 0);
  }

  setU16(base: number, { offset }: Field, value: number): void {
    this.#u16[(base + offset) >> 1] = value;
  }

  setU32(base: number, { offset }: Field, value: number): void {
    this.#u32[(base + offset) >> 2] = value;
  }

  setNumber(base: number, { offset, size }: Field, value: number): void {
    if (size === 2) this.#u16[(base + offset) >> 1] = value;
    else this.#u32[(base + offset) >> 2] = value;
  }

  /** The NUL-terminated name in `field`, which is ASCII. */
  name(base: number, field: Field): string {
    const start = base + field.offset;
    let text = '';
    for (let at = start; at < start + field.size; at++) {
      const code = this.bytes[at] ?? 0;
      if (code === 0) break;
      text += String.fromCharCode(code);
    }
    return text;
  }

  /** Writes an ASCII name that is shorter than the field, and zeros behind it. */
  setName(base: number, field: Field, text: string): void {
    const start = base + field.offset;
    for (let i = 0; i < field.size; i++) {
      this.bytes[start + i] = i < text.length ? text.charCodeAt(i) : 0;
    }
  }
}

const NONE = new Records(new ArrayBuffer(0));

/** The records in a buffer that the addon hands over; absent, there are none. */
export const recordsOf = (buffer: ArrayBuffer | undefined) =>
  buffer === undefined ? NONE : new Records(buffer);

/** Requests on their way to the addon: begun, filled in by the modules of their objects, and committed. */
export class Requests<Operation extends string> {
  readonly layout: Layout;
  readonly #size: number;
  readonly #operation: Field;
  readonly #operations: Readonly<Record<Operation, number>>;
  #records: Records;
  #capacity: number;
  #count = 0;

  constructor(
    layout: Layout,
    record: RecordLayout<'operation'>,
    operations: Readonly<Record<Operation, number>>,
    capacity = FIRST_CAPACITY,
  ) {
    this.layout = layout;
    this.#size = record.size;
    this.#operation = record.fields.operation;
    this.#operations = operations;
    this.#capacity = capacity;
    this.#records = new Records(new ArrayBuffer(capacity * record.size));
  }

  get records(): Records {
    return this.#records;
  }

  /** Committed requests. */
  get count(): number {
    return this.#count;
  }

  /** Where the request at `index` begins: by default, the one that is being written. */
  base(index = this.#count): number {
    return index * this.#size;
  }

  /** Starts a request, all zeros but its operation. One that is never committed is overwritten by the next. */
  begin(operation: string): void {
    if (this.#count === this.#capacity) this.#grow();
    const base = this.base();
    this.#records.bytes.fill(0, base, base + this.#size);
    this.#records.setNumber(base, this.#operation, this.#operations[operation as Operation]);
  }

  commit(): void {
    this.#count++;
  }

  /** The committed requests, or some of them. */
  bytes(part = { first: 0, count: this.#count }): Uint8Array {
    return this.#records.bytes.subarray(this.base(part.first), this.base(part.first + part.count));
  }

  /** Forgets all requests, but not the memory for them. */
  clear(): void {
    this.#count = 0;
  }

  #grow(): void {
    this.#capacity *= 2;
    this.#records = this.#records.enlarged(this.#capacity * this.#size);
  }
}
