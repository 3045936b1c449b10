/**
 * The response of the addon to an exchange: a record for each request, and lists.
 * @module
 */
import { errnoName } from '../core/errors.js';
import type { NativeResponse, RecordLayout } from './addon.js';
import { type Records, recordsOf } from './records.js';
import type { FailedResult } from './request-error.js';

/** The status of a request without a result: Status::kPending in csrc/netlink/failure.h. */
const PENDING = 0;

type ResultField = 'error' | 'status' | 'text' | 'created';

/**
 * The response to the requests of an exchange, to IPVS or about links. Indexes are places in the
 * exchange.
 */
export class ExchangeResponse<Field extends string, Status extends string> {
  /** The CPU time that the kernel took, in milliseconds; 0 unless it was asked for. */
  readonly elapsed: number;
  protected readonly results: Records;
  /** True if all requests succeeded without a value. */
  readonly isEmpty: boolean;
  readonly #record: RecordLayout<Field | ResultField>;
  readonly #statuses: Readonly<Record<Status | 'done' | 'refused' | 'lost', number>>;
  readonly #texts: readonly string[];

  constructor(
    native: NativeResponse,
    record: RecordLayout<Field | ResultField>,
    statuses: Readonly<Record<Status | 'done' | 'refused' | 'lost', number>>,
  ) {
    this.results = recordsOf(native.results);
    this.isEmpty = native.results === undefined;
    this.#record = record;
    this.#statuses = statuses;
    this.#texts = native.texts ?? [];
    this.elapsed = native.elapsed ?? 0;
  }

  /** Returns the number in a field of a request's result. */
  number(index: number, field: Field | ResultField): number {
    if (this.isEmpty) return 0;
    return this.results.number(index * this.#record.size, this.#record.fields[field]);
  }

  /** Returns true if a request succeeded. */
  succeeded(index: number): boolean {
    return this.isEmpty || this.number(index, 'status') === this.#statuses.done;
  }

  /** Returns the errno with which the kernel refused a request; undefined if it did not. */
  refusedWith(index: number): string | undefined {
    const isRefused = !this.isEmpty && this.number(index, 'status') === this.#statuses.refused;
    return isRefused ? errnoName(this.number(index, 'error')) : undefined;
  }

  /** Returns the result of a request that did not succeed. */
  result(index: number): FailedResult<Status> {
    const text = this.number(index, 'text');
    return {
      status: this.#nameOf(this.number(index, 'status')),
      errno: this.number(index, 'error'),
      text: text === 0 ? '' : (this.#texts[text - 1] ?? ''),
      creating: this.number(index, 'created') !== 0,
    };
  }

  #nameOf(number: number): Status {
    // The fate of a request without a result is unknown, as if its response were lost.
    const known = number === PENDING ? this.#statuses.lost : number;
    // Object.entries() widens the keys to string.
    const entries = Object.entries<number>(this.#statuses) as [Status, number][];
    const found = entries.find(([, each]) => each === known);
    if (found === undefined) throw new Error(`the addon returned the unknown status ${number}`);
    return found[0];
  }
}
