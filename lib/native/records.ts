/**
 * Records of fixed size in a buffer, read and written by the offsets of lib/native/layout.ts.
 * @module
 */
import type { Field } from './addon.js';

/** The places of the halves of a u64. */
export const [LOW, HIGH] = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1 ? [0, 1] : [1, 0];
const TWO_TO_32 = 2 ** 32;

/** Returns the place of a field in {@link Records.u16s}, relative to the place of its record. */
export const u16Place = ({ offset }: Pick<Field, 'offset'>) => offset >> 1;
/** Returns the place of a field in {@link Records.u32s}, relative to the place of its record. */
export const u32Place = ({ offset }: Pick<Field, 'offset'>) => offset >> 2;

/**
 * A buffer of records, with the views to read and write them. As in C++, the offset of a field is a
 * multiple of its size, and that of a record a multiple of its largest field's size. Field and
 * record together are read at `base + field.offset`.
 */
export class Records {
  readonly bytes: Uint8Array;
  /** The buffer as numbers of 16 bits, for code that reads many fields of a record. */
  readonly u16s: Uint16Array;
  /** The buffer as numbers of 32 bits. */
  readonly u32s: Uint32Array;

  constructor(buffer: ArrayBuffer) {
    this.bytes = new Uint8Array(buffer);
    this.u16s = new Uint16Array(buffer);
    this.u32s = new Uint32Array(buffer);
  }

  /** Returns a larger copy. */
  enlarged(bytes: number): Records {
    const larger = new Records(new ArrayBuffer(bytes));
    larger.bytes.set(this.bytes);
    return larger;
  }

  /** Copies a few whole words, which is faster than a view of them. */
  copyWords(base: number, from: Records, fromBase: number, bytes: number): void {
    const target = base >> 2;
    const source = fromBase >> 2;
    for (let word = 0; word < bytes >> 2; word++) {
      this.u32s[target + word] = from.u32s[source + word] ?? 0;
    }
  }

  /** Returns an unsigned number of any size. In hot code, u16(), u32() and u64() are faster. */
  number(base: number, field: Field): number {
    if (field.size === 4) return this.u32(base, field);
    return field.size === 2 ? this.u16(base, field) : this.u64(base, field);
  }

  u16(base: number, { offset }: Field): number {
    return this.u16s[(base + offset) >> 1] ?? 0;
  }

  u32(base: number, { offset }: Field): number {
    return this.u32s[(base + offset) >> 2] ?? 0;
  }

  /** Returns a number of 64 bits, exact up to 2^53. */
  u64(base: number, { offset }: Field): number {
    const at = (base + offset) >> 2;
    const low = this.u32s[at + LOW] ?? 0;
    const high = this.u32s[at + HIGH] ?? 0;
    return high === 0 ? low : high * TWO_TO_32 + low;
  }

  /** Returns a number of 64 bits, always exact. */
  bigint(base: number, { offset }: Field): bigint {
    const at = (base + offset) >> 2;
    return (BigInt(this.u32s[at + HIGH] ?? 0) << 32n) | BigInt(this.u32s[at + LOW] ?? 0);
  }

  setU16(base: number, { offset }: Field, value: number): void {
    this.u16s[(base + offset) >> 1] = value;
  }

  setU32(base: number, { offset }: Field, value: number): void {
    this.u32s[(base + offset) >> 2] = value;
  }

  /** Writes a number of 16 or 32 bits. */
  setNumber(base: number, field: Field, value: number): void {
    if (field.size === 2) this.setU16(base, field, value);
    else this.setU32(base, field, value);
  }

  /** Returns a NUL-terminated name in ASCII. */
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

  /** Returns the bytes of a NUL-terminated name in any encoding. */
  nameBytes(base: number, { offset, size }: Field): Uint8Array {
    const bytes = this.bytes.subarray(base + offset, base + offset + size);
    const end = bytes.indexOf(0);
    return end < 0 ? bytes : bytes.subarray(0, end);
  }

  /** Writes the bytes of a name, and fills the rest of the field with zeros. */
  setNameBytes(base: number, { offset, size }: Field, name: Uint8Array): void {
    const start = base + offset;
    this.bytes.fill(0, start, start + size);
    this.bytes.set(name, start);
  }

  /** Writes a name in ASCII, which is shorter than the field, and fills the rest with zeros. */
  setName(base: number, field: Field, text: string): void {
    const start = base + field.offset;
    for (let i = 0; i < field.size; i++) {
      this.bytes[start + i] = i < text.length ? text.charCodeAt(i) : 0;
    }
  }
}

const NO_RECORDS = new Records(new ArrayBuffer(0));

/** Returns the records in a buffer of the addon, which leaves out the buffers without records. */
export const recordsOf = (buffer: ArrayBuffer | undefined) =>
  buffer === undefined ? NO_RECORDS : new Records(buffer);
