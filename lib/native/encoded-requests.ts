/**
 * Buffers of encoded requests, as the addon takes them.
 * @module
 */
import type { Field, RecordLayout } from './addon.js';
import { Records } from './records.js';

/** The capacity of a new buffer, in requests. */
const FIRST_CAPACITY = 32;
/** A large load fills a buffer of the queue: it has 2,048 requests after growing twice. */
const GROWTH = 8;

/**
 * Encoded requests of one size. Only this class writes its fields; they are no getters, because
 * each request reads them many times. A request is begun, encoded by the modules of its objects,
 * and committed, or discarded since its arguments were refused.
 */
export class EncodedRequests<Operation extends string> {
  readonly #size: number;
  readonly #operation: Field;
  readonly #operations: Readonly<Record<Operation, number>>;
  #capacity: number;
  /** The records of the requests. Growing replaces them. */
  records: Records;
  /** The number of committed requests. */
  count = 0;
  /** The offset of the request that is being encoded. */
  current = 0;

  /**
   * @param record the layout of a request
   * @param operations the numbers of the operations
   */
  constructor(
    record: RecordLayout<'operation'>,
    operations: Readonly<Record<Operation, number>>,
    capacity = FIRST_CAPACITY,
  ) {
    this.#size = record.size;
    this.#operation = record.fields.operation;
    this.#operations = operations;
    this.#capacity = capacity;
    this.records = new Records(new ArrayBuffer(capacity * record.size));
  }

  /** The number of requests that the buffer has room for. */
  get capacity(): number {
    return this.#capacity;
  }

  /** Takes over requests that are encoded already, instead of its own. */
  protected adopt(requests: ArrayBuffer): void {
    this.records = new Records(requests);
    this.#capacity = this.count = requests.byteLength / this.#size;
  }

  /** Replaces all requests by `count` others, which `write` writes. */
  fill(count: number, write: (bytes: Uint8Array) => void): void {
    this.count = count;
    write(this.records.bytes.subarray(0, this.base(count)));
  }

  /** Returns the offset of a request. */
  base(index: number): number {
    return index * this.#size;
  }

  /** Begins a request. All of it is zero but the operation. */
  begin(operation: string): void {
    if (this.count === this.#capacity) this.#grow();
    const { bytes, u32s } = this.records;
    const base = this.count * this.#size;
    this.current = base;
    bytes.fill(0, base, base + this.#size);
    // The queue passes on the names of its client's requests.
    u32s[(base + this.#operation.offset) >> 2] = this.#operations[operation as Operation];
  }

  /** Commits the request that was begun. */
  commit(): void {
    this.count++;
  }

  /**
   * Forgets the request that was begun, and those that were committed after the first `count`: they
   * belong to the same call. The next ones overwrite them.
   */
  discard(count: number): void {
    this.count = count;
  }

  /** Commits the request that was begun, and begins another one of the same call. */
  next(operation: string): void {
    this.commit();
    this.begin(operation);
  }

  /** Returns the bytes of the committed requests, or of some of them. */
  bytes(chunk = { first: 0, count: this.count }): Uint8Array {
    const { first, count } = chunk;
    return this.records.bytes.subarray(this.base(first), this.base(first + count));
  }

  /** Removes all requests, and keeps the memory. */
  clear(): void {
    this.count = 0;
  }

  #grow(): void {
    this.#capacity *= GROWTH;
    this.records = this.records.enlarged(this.#capacity * this.#size);
  }
}
