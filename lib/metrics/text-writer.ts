/**
 * A buffer that a text is written to. Strings for each line of a long text would keep the garbage
 * collector busy for longer than the writing takes.
 * @module
 */

/** The span of a text that was written. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

const MIN_SIZE = 4096;
/** Memory for so many times the text is kept. */
const MAX_SLACK = 4;
/** The most bytes that a character of a string takes in UTF-8, per UTF-16 code unit. */
const MAX_BYTES = 3;
/** The most digits of a number of 32 bits. */
const MAX_DIGITS = 10;
const ZERO = 0x30;

/** Returns a number as both text formats write it. */
function numberText(value: number): string {
  if (value === Number.POSITIVE_INFINITY) return '+Inf';
  return value === Number.NEGATIVE_INFINITY ? '-Inf' : String(value);
}

/** Writes texts as UTF-8, one after the other. */
export class TextWriter {
  #bytes = Buffer.alloc(0);
  #length = 0;

  /**
   * Begins a new text, in the memory of the one before: new pages cost more than what is written to
   * them.
   * @param size the bytes that the text may take; it can take more
   */
  begin(size: number): void {
    const wanted = Math.max(size, MIN_SIZE);
    const { length } = this.#bytes;
    if (length < wanted || length > MAX_SLACK * wanted)
      this.#bytes = Buffer.allocUnsafeSlow(wanted);
    this.#length = 0;
  }

  /** Writes a text, and returns its span. */
  write(text: string): Span {
    this.#reserve(text.length * MAX_BYTES);
    const start = this.#length;
    this.#length += this.#bytes.write(text, start);
    return { start, end: this.#length };
  }

  /** Writes what stands at a span once more. */
  repeat({ start, end }: Span): void {
    this.#reserve(end - start);
    this.#bytes.copyWithin(this.#length, start, end);
    this.#length += end - start;
  }

  /** Writes a character of ASCII. */
  writeCode(code: number): void {
    this.#reserve(1);
    this.#bytes[this.#length++] = code;
  }

  /** Writes a number. */
  writeNumber(value: number): void {
    if (value !== value >>> 0) {
      this.write(numberText(value));
      return;
    }
    this.#reserve(MAX_DIGITS);
    let digits = 1;
    for (let rest = value; rest >= 10; rest = Math.floor(rest / 10)) digits++;
    let at = this.#length + digits;
    this.#length = at;
    let rest = value;
    do {
      const tenth = Math.floor(rest / 10);
      this.#bytes[--at] = ZERO + rest - tenth * 10;
      rest = tenth;
    } while (rest > 0);
  }

  /** Returns the text. */
  toString(): string {
    return this.#bytes.toString('utf8', 0, this.#length);
  }

  #reserve(size: number): void {
    const needed = this.#length + size;
    if (needed <= this.#bytes.length) return;
    const bytes = Buffer.allocUnsafeSlow(Math.max(needed, 2 * this.#bytes.length));
    this.#bytes.copy(bytes, 0, 0, this.#length);
    this.#bytes = bytes;
  }
}
